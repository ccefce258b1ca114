package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stores that refused a rotated token. A refusal may be temporary (a permission, a vault's policy), so it is remembered
 * for {@link #REMEMBERED}, and then the store is tried again. Of several stores with one owner, one may take what another
 * does not. Some providers make a new store object for each caller, so the class stands for the store.
 */
final class RefusingStoreCache {

    /** Not tried again with each block, but soon after an administrator has made the store writable. */
    static final Duration REMEMBERED = Duration.ofMinutes(10);

    private final InstantSource clock;
    private final Map<Entry, Instant> refused = new ConcurrentHashMap<>();

    private record Entry(Class<? extends CredentialsStore> kind, CredentialLocation location) {}

    RefusingStoreCache(InstantSource clock) {
        this.clock = clock;
    }

    /** @return false when it was known */
    boolean refused(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        return refused.put(new Entry(kind, location), clock.instant()) == null;
    }

    /** The store took a change, so whatever it refused before says nothing any more. */
    void changed(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        refused.remove(new Entry(kind, location));
    }

    /** Whether the last try was refused, however long ago. */
    boolean isReadOnly(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        return refused.containsKey(new Entry(kind, location));
    }

    /** Whether a change is worth a try: none was refused within {@link #REMEMBERED}. */
    boolean isTried(Class<? extends CredentialsStore> kind, CredentialLocation location) {
        Instant last = refused.get(new Entry(kind, location));
        if (last == null) {
            return true;
        }
        Duration since = Duration.between(last, clock.instant());
        return since.isNegative() || since.compareTo(REMEMBERED) >= 0;
    }
}
