package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The secret of one credential in a store outside of the Jenkins home that replaces a value only where its version is
 * the expected one (compare-and-set): a Kubernetes Secret, a vault. Several controllers may use it at the same time;
 * {@link TokenClaims} makes them send each token once. Methods block on the network, for ten seconds at most, and are
 * called on several threads. Messages of their exceptions contain no secret: the status page and the ledger show them.
 */
public interface VersionedSecret {

    /**
     * What the store has now.
     *
     * @param version changes with each write of any client
     * @param secret the credential's secret, as a person or {@link #replace} stored it
     * @param state as the last {@link #replace} stored it; null before the first one
     */
    record Content(
            String version, String secret, @CheckForNull String state) {
        @Override
        public String toString() {
            return "Content[version " + version + "]";
        }
    }

    /** The store's refusal to let this controller write. The secret can be read. */
    final class ReadOnlyException extends IOException {
        private static final long serialVersionUID = 1;

        public ReadOnlyException(String message, @CheckForNull Throwable cause) {
            super(message, cause);
        }
    }

    /** For messages, for example "Secret ‘jenkins/vcf-sa’ of Kubernetes". */
    String description();

    /**
     * Reads from the store itself and never from a cache, so that it returns what the last {@link #replace} of any
     * controller wrote.
     *
     * @throws IOException when the store did not respond, or has no such secret
     */
    Content read() throws IOException;

    /**
     * What the store had when it was last read, written or watched, from memory. Saves the {@link #read} before a
     * {@link #replace}, which fails when it is outdated.
     *
     * @return null when it is unknown
     */
    @CheckForNull
    default Content lastKnown() {
        return null;
    }

    /**
     * Replaces secret and state together, and leaves all else in the store as it is.
     *
     * @param expected what {@link #read} or {@link #lastKnown} returned
     * @return what the store has now; empty when it had another version, and nothing was written
     * @throws ReadOnlyException when this controller may not write
     * @throws IOException when nothing was written, or it is unknown whether something was
     */
    Optional<Content> replace(Content expected, String secret, String state) throws IOException;

    /**
     * Checks that {@link #replace} is allowed. Writes nothing.
     *
     * @throws IOException with the reason when it is not
     */
    void checkWritable() throws IOException;

    /** Whether the state may contain access tokens, so that other controllers use them instead of requesting theirs. */
    default boolean acceptsAccessTokens() {
        return true;
    }

    /**
     * Waits until the store may have another content.
     *
     * @param limit when the caller reads it again at the latest
     */
    default void awaitChange(Content seen, Duration limit) throws InterruptedException {
        Thread.sleep(Math.min(limit.toMillis() + 1, 500));
    }
}
