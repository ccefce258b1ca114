package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers which stores refused a rotated token. A refusal may be temporary (a permission, a vault's policy), so the store
 * is tried again after {@link #RETRY_AFTER}. The class stands for the store, since some providers make a new store object
 * for each caller; several stores of one owner are told apart by it. Thread-safe.
 */
final class RefusingStoreCache {

    /** Rare enough not to burden each block, and soon after an administrator has made the store writable. */
    static final Duration RETRY_AFTER = Duration.ofMinutes(10);

    private final InstantSource clock;
    private final Map<Entry, Instant> refused = new ConcurrentHashMap<>();

    private record Entry(Class<? extends CredentialsStore> kind, CredentialLocation location) {}

    RefusingStoreCache(InstantSource clock) {
        this.clock = clock;
    }

    /** @return false when the store was already known to refuse */
    boolean refused(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        return refused.put(new Entry(kind, location), clock.instant()) == null;
    }

    /** Forgets a refusal, because the store took a change. */
    void changed(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        refused.remove(new Entry(kind, location));
    }

    /** Whether the last try was refused, however long ago. */
    boolean isReadOnly(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        return refused.containsKey(new Entry(kind, location));
    }

    /** Whether a change is worth a try: none was refused within {@link #RETRY_AFTER}. */
    boolean isTried(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        Instant last = refused.get(new Entry(kind, location));
        if (last == null) {
            return true;
        }
        Duration since = Duration.between(last, clock.instant());
        return since.isNegative() || since.compareTo(RETRY_AFTER) >= 0;
    }

    /** The same secret, whose refusals are remembered here, so that pages show them and it is not tried at each use. */
    VersionedSecret tracked(
            VersionedSecret secret, Class<? extends CredentialsStore> kind, CredentialLocation location) {
        return new Tracked(secret, kind, location);
    }

    private final class Tracked implements VersionedSecret {

        private final VersionedSecret secret;
        private final Class<? extends CredentialsStore> kind;
        private final CredentialLocation location;

        Tracked(VersionedSecret secret, Class<? extends CredentialsStore> kind, CredentialLocation location) {
            this.secret = secret;
            this.kind = kind;
            this.location = location;
        }

        @Override
        public String description() {
            return secret.description();
        }

        @Override
        public Content read() throws IOException {
            return secret.read();
        }

        @Override
        public Optional<Content> replace(Content expected, String text, String state) throws IOException {
            if (!isTried(kind, location)) {
                throw new ReadOnlyException("it refused a change within the last ten minutes", null);
            }
            try {
                Optional<Content> written = secret.replace(expected, text, state);
                changed(kind, location);
                return written;
            } catch (ReadOnlyException e) {
                refused(kind, location);
                throw e;
            }
        }

        @Override
        public void checkWritable() throws IOException {
            try {
                secret.checkWritable();
                changed(kind, location);
            } catch (ReadOnlyException e) {
                refused(kind, location);
                throw e;
            }
        }

        @Override
        public boolean acceptsAccessTokens() {
            return secret.acceptsAccessTokens();
        }

        @Override
        public void awaitChange(Content seen, Duration limit) throws InterruptedException {
            secret.awaitChange(seen, limit);
        }
    }
}
