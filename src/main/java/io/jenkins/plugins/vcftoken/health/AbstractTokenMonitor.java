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
 * Tells administrators what {@link HealthMonitorWork} has found of one kind. What was told can be dismissed, and what is found
 * later is told all the same; Jenkins' own configuration turns a monitor off for good.
 */
public abstract class AbstractTokenMonitor extends AdministrativeMonitor {

    /** More make nobody wiser, and the page has them all. */
    private static final int SHOWN = 10;

    private final HealthWarning.Kind kind;

    AbstractTokenMonitor(HealthWarning.Kind kind) {
        this.kind = kind;
    }

    /** From memory, since it is asked for each page. */
    @Override
    public final boolean isActivated() {
        return !found().isEmpty();
    }

    public final List<HealthWarning> getFindings() {
        List<HealthWarning> all = found();
        return all.subList(0, Math.min(SHOWN, all.size()));
    }

    public final int getMore() {
        return Math.max(0, found().size() - SHOWN);
    }

    /** The keys of all that the message tells, be it in a number. */
    public final List<String> getKeys() {
        return found().stream().map(HealthWarning::key).toList();
    }

    /**
     * Is silent about what was told from now on. The message's form names it, so that what was found since it was shown is
     * not dismissed with it.
     */
    @POST
    public final HttpResponse doDismiss(StaplerRequest2 request) throws IOException {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        String[] told = request.getParameterValues("finding");
        if (told != null) {
            Set<String> keys = Set.copyOf(List.of(told));
            DismissedWarnings.get()
                    .add(found().stream()
                            .filter(warning -> keys.contains(warning.key()))
                            .toList());
        }
        return HttpResponses.redirectViaContextPath("manage");
    }

    /** From the root of this Jenkins. */
    public final String getPage() {
        return TokenListPage.controller();
    }

    private List<HealthWarning> found() {
        DismissedWarnings dismissed = DismissedWarnings.get();
        return HealthMonitorWork.get().warnings(kind).stream()
                .filter(warning -> !dismissed.has(warning))
                .toList();
    }
}
