package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Fingerprint;
import hudson.model.Job;
import hudson.model.Run;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import org.springframework.security.access.AccessDeniedException;

/** Last build of a job that used a credential, from the usage data of the credentials plugin. */
public final class LastBuildWithCredential {

    private static final Logger LOGGER = Logger.getLogger(LastBuildWithCredential.class.getName());

    private static final int MAX_JOBS = 10;

    private final Run<?, ?> run;

    private LastBuildWithCredential(Run<?, ?> run) {
        this.run = run;
    }

    /** Returns the last build of each job that used the credential, most recent first. Reads from disk. */
    static List<LastBuildWithCredential> find(VcfCredentials credential) {
        try {
            Fingerprint usage = CredentialsProvider.getFingerprintOf(credential);
            Map<String, Fingerprint.RangeSet> uses = usage == null ? null : usage.getUsages();
            return uses == null
                    ? List.of()
                    : uses.entrySet().stream()
                            .filter(used -> !used.getValue().isEmpty())
                            .map(LastBuildWithCredential::findLastBuild)
                            .filter(Objects::nonNull)
                            .map(LastBuildWithCredential::new)
                            .sorted(Comparator.comparing(LastBuildWithCredential::started)
                                    .reversed())
                            .limit(MAX_JOBS)
                            .toList();
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> "The usage of " + credential.getId() + " cannot be read");
            return List.of();
        }
    }

    /** @return null if it was deleted or the current user has no permission to view it */
    @CheckForNull
    private static Run<?, ?> findLastBuild(Map.Entry<String, Fingerprint.RangeSet> usage) {
        try {
            Job<?, ?> job = Jenkins.get().getItemByFullName(usage.getKey(), Job.class);
            // max() is exclusive.
            return job == null ? null : job.getBuildByNumber(usage.getValue().max() - 1);
        } catch (AccessDeniedException e) {
            return null;
        }
    }

    private Instant started() {
        return Instant.ofEpochMilli(run.getStartTimeInMillis());
    }

    public String getName() {
        return run.getFullDisplayName();
    }

    /** Relative to the Jenkins root. */
    public String getUrl() {
        return run.getUrl();
    }

    public DisplayTime getTime() {
        return new DisplayTime(started());
    }
}
