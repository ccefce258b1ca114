package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Run;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.springframework.security.access.AccessDeniedException;

/** Build with an open lease, for users with permission to view the build. */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class BuildWithLease {

    private static final String BUILD_PREFIX = "build ";

    private final Run<?, ?> run;

    private BuildWithLease(Run<?, ?> run) {
        this.run = run;
    }

    /** @return null if the owner is not a build or the current user has no permission to view the build */
    @CheckForNull
    static BuildWithLease find(String owner) {
        if (!owner.startsWith(BUILD_PREFIX)) {
            return null;
        }
        try {
            Run<?, ?> run = Run.fromExternalizableId(owner.substring(BUILD_PREFIX.length()));
            return run == null ? null : new BuildWithLease(run);
        } catch (AccessDeniedException e) {
            return null;
        }
    }

    @Exported
    public String getBuild() {
        return run.getExternalizableId();
    }

    /** Relative to the Jenkins root. */
    @Exported
    public String getUrl() {
        return run.getUrl();
    }

    public String getName() {
        return run.getFullDisplayName();
    }
}
