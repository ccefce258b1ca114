package io.jenkins.plugins.vcftoken.health;

import hudson.model.AdministrativeMonitor;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/**
 * Shows the warnings of one kind that {@link HealthMonitorWork} has found and that were not dismissed. Reads memory
 * only, because Jenkins queries monitors for each page that an administrator opens.
 */
public abstract class AbstractTokenMonitor extends AdministrativeMonitor {

    private static final int MAX_SHOWN = 10;

    private final HealthWarning.Kind kind;

    AbstractTokenMonitor(HealthWarning.Kind kind) {
        this.kind = kind;
    }

    @Override
    public final boolean isActivated() {
        return !warnings().isEmpty();
    }

    public final List<HealthWarning> getWarnings() {
        return warnings().stream().limit(MAX_SHOWN).toList();
    }

    /** Number of warnings that are not listed. */
    public final int getMore() {
        return Math.max(0, warnings().size() - MAX_SHOWN);
    }

    public final List<String> getKeys() {
        return warnings().stream().map(HealthWarning::key).toList();
    }

    /** Dismisses the warnings in the form, but no warnings that were found after the page was rendered. */
    @POST
    public final HttpResponse doDismiss(StaplerRequest2 request) throws IOException {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        String[] submittedKeys = request.getParameterValues("finding");
        if (submittedKeys != null) {
            Set<String> keys = Set.copyOf(List.of(submittedKeys));
            DismissedWarnings.get()
                    .add(warnings().stream()
                            .filter(warning -> keys.contains(warning.key()))
                            .toList());
        }
        return HttpResponses.redirectViaContextPath("manage");
    }

    /** CSS class of the message. */
    public String getAlert() {
        return kind == HealthWarning.Kind.ERROR ? "jenkins-alert-danger" : "jenkins-alert-warning";
    }

    /** URL of the token list, relative to the Jenkins root. */
    public final String getPage() {
        return TokenListPage.CONTROLLER_URL;
    }

    private List<HealthWarning> warnings() {
        DismissedWarnings dismissed = DismissedWarnings.get();
        return HealthMonitorWork.get().warnings(kind).stream()
                .filter(warning -> !dismissed.contains(warning))
                .toList();
    }
}
