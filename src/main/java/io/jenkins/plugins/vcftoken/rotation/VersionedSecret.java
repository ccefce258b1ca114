package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The secret of one credential in an external store with compare-and-set, such as a Kubernetes Secret or a vault.
 * Several controllers may use it concurrently, coordinated by {@link SharedTokenCoordinator}. Implementations must be thread-safe.
 * Methods block on the network for at most ten seconds. Exception messages must contain no secrets, since the status
 * page shows them.
 */
public interface VersionedSecret {

    /**
     * Content of the store.
     *
     * @param version changes with each write of any client
     * @param secret the credential's secret, stored by a user or by {@link #replace}
     * @param state of the last {@link #replace}; null before the first one
     */
    record Content(
            String version, String secret, @CheckForNull String state) {
        @Override
        public String toString() {
            return "Content[version " + version + "]";
        }
    }

    /** This controller may read but not write the secret. */
    final class ReadOnlyException extends IOException {
        private static final long serialVersionUID = 1;

        public ReadOnlyException(String message, @CheckForNull Throwable cause) {
            super(message, cause);
        }
    }

    /** For messages, for example "Secret ‘jenkins/vcf-sa’ of Kubernetes". */
    String description();

    /**
     * Reads the store, never a cache, so that the result includes the last {@link #replace} of any controller.
     *
     * @throws IOException when the store does not respond or has no such secret
     */
    Content read() throws IOException;

    /**
     * The content that was last read, written or watched, from memory. Saves the {@link #read} before a
     * {@link #replace}, which fails if the content is outdated.
     *
     * @return null when it is unknown
     */
    @CheckForNull
    default Content lastKnown() {
        return null;
    }

    /**
     * Replaces secret and state atomically, and changes nothing else in the store.
     *
     * @param expected the result of {@link #read} or {@link #lastKnown}
     * @return the new content; empty when the store had another version and nothing was written
     * @throws ReadOnlyException when this controller may not write
     * @throws IOException when nothing was written, or the result is unknown
     */
    Optional<Content> replace(Content expected, String secret, String state) throws IOException;

    /**
     * Checks that {@link #replace} is allowed. Writes nothing.
     *
     * @throws IOException with the reason
     */
    void checkWritable() throws IOException;

    /**
     * Whether the state may contain access tokens, which other controllers then use instead of requesting their own.
     */
    default boolean acceptsAccessTokens() {
        return true;
    }

    /**
     * Waits until the store may have changed.
     *
     * @param limit maximum time to wait
     */
    default void awaitChange(Content seen, Duration limit) throws InterruptedException {
        Thread.sleep(Math.min(limit.toMillis() + 1, 500));
    }
}
