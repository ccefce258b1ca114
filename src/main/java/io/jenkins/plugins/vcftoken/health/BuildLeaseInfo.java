package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Run;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.springframework.security.access.AccessDeniedException;

/** A build with an open lease, for users who may see the build. */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class BuildLeaseInfo {

    private static final String BUILD = "build ";

    private final Run<?, ?> run;

    private BuildLeaseInfo(Run<?, ?> run) {
        this.run = run;
    }

    /** @return null when the owner is not a build, or a build that the current user may not see */
    @CheckForNull
    static BuildLeaseInfo find(String owner) {
        if (!owner.startsWith(BUILD)) {
            return null;
        }
        try {
            Run<?, ?> run = Run.fromExternalizableId(owner.substring(BUILD.length()));
            return run == null ? null : new BuildLeaseInfo(run);
        } catch (AccessDeniedException e) {
            return null;
        }
    }

    @Exported
    public String getBuild() {
        return run.getExternalizableId();
    }

    /** Relative to the root of Jenkins. */
    @Exported
    public String getUrl() {
        return run.getUrl();
    }

    public String getName() {
        return run.getFullDisplayName();
    }
}
