package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.family.Place;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where it was found, and said, that rotated tokens cannot be stored. Of several stores with one owner one may take what
 * another one does not. Some providers make a new store object for each who asks, so the class stands for the store.
 */
final class ReadOnlyStores {

    private final Set<Entry> found = ConcurrentHashMap.newKeySet();

    private record Entry(Class<? extends CredentialsStore> kind, Place place) {}

    /** @return false when it was known */
    boolean add(Class<? extends CredentialsStore> kind, Place place) {
        return found.add(new Entry(kind, place));
    }

    boolean contains(Class<? extends CredentialsStore> kind, Place place) {
        return found.contains(new Entry(kind, place));
    }
}
