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
 * Records which stores rejected a rotated token. A rejection may be temporary (permissions, policy of a vault), so
 * writing is retried after {@link #RETRY_AFTER}. A store is identified by its class and owner, since some providers
 * create a new store object for each caller. Thread-safe.
 */
final class ReadOnlyStoreTracker {

    /** Long enough that blocks are not delayed, short enough after an administrator has made the store writable. */
    static final Duration RETRY_AFTER = Duration.ofMinutes(10);

    private final InstantSource clock;
    private final Map<Key, Instant> rejections = new ConcurrentHashMap<>();

    private record Key(Class<? extends CredentialsStore> storeClass, CredentialLocation location) {}

    ReadOnlyStoreTracker(InstantSource clock) {
        this.clock = clock;
    }

    /** @return false if the store was already known as read-only */
    boolean markReadOnly(Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
        return rejections.put(new Key(storeClass, location), clock.instant()) == null;
    }

    /** Called after a successful write. */
    void markWritable(Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
        rejections.remove(new Key(storeClass, location));
    }

    /** Whether the last attempt was rejected, at any time. */
    boolean isReadOnly(Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
        return rejections.containsKey(new Key(storeClass, location));
    }

    /** Whether no attempt was rejected within {@link #RETRY_AFTER}. */
    boolean canTryWrite(Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
        Instant last = rejections.get(new Key(storeClass, location));
        if (last == null) {
            return true;
        }
        Duration elapsed = Duration.between(last, clock.instant());
        return elapsed.isNegative() || elapsed.compareTo(RETRY_AFTER) >= 0;
    }

    /** Decorator that records rejected writes here, so that pages show them and not every use retries. */
    VersionedSecret track(
            VersionedSecret secret, Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
        return new TrackedSecret(secret, storeClass, location);
    }

    private final class TrackedSecret implements VersionedSecret {

        private final VersionedSecret delegate;
        private final Class<? extends CredentialsStore> storeClass;
        private final CredentialLocation location;

        TrackedSecret(
                VersionedSecret delegate, Class<? extends CredentialsStore> storeClass, CredentialLocation location) {
            this.delegate = delegate;
            this.storeClass = storeClass;
            this.location = location;
        }

        @Override
        public String description() {
            return delegate.description();
        }

        @Override
        public Content read() throws IOException {
            return delegate.read();
        }

        @Override
        public Content lastKnown() {
            return delegate.lastKnown();
        }

        @Override
        public Optional<Content> replace(Content expected, String text, String state) throws IOException {
            if (!canTryWrite(storeClass, location)) {
                throw new ReadOnlyException("it refused a change within the last ten minutes", null);
            }
            try {
                Optional<Content> written = delegate.replace(expected, text, state);
                markWritable(storeClass, location);
                return written;
            } catch (ReadOnlyException e) {
                markReadOnly(storeClass, location);
                throw e;
            }
        }

        @Override
        public void checkWritable() throws IOException {
            try {
                delegate.checkWritable();
                markWritable(storeClass, location);
            } catch (ReadOnlyException e) {
                markReadOnly(storeClass, location);
                throw e;
            }
        }

        @Override
        public boolean acceptsAccessTokens() {
            return delegate.acceptsAccessTokens();
        }

        @Override
        public void awaitChange(Content seen, Duration limit) throws InterruptedException {
            delegate.awaitChange(seen, limit);
        }
    }
}
