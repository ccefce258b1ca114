package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/** Objects of a simulated Kubernetes API, and their change events for watches. Thread-safe. */
final class KubernetesObjects {

    /** @param object with the version of the change as {@code resourceVersion} */
    record Event(long version, String type, Key key, ObjectNode object) {}

    /** Natural order is the order of objects in lists. */
    record Key(String resource, String namespace, String name) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            return (resource + '/' + namespace + '/' + name)
                    .compareTo(other.resource + '/' + other.namespace + '/' + other.name);
        }
    }

    private final InstantSource clock;
    private final TreeMap<Key, ObjectNode> objects = new TreeMap<>();
    private final List<Event> events = new ArrayList<>();
    private long version = 1;

    KubernetesObjects(InstantSource clock) {
        this.clock = clock;
    }

    synchronized long version() {
        return version;
    }

    @CheckForNull
    synchronized ObjectNode get(Key key) {
        ObjectNode object = objects.get(key);
        return object == null ? null : object.deepCopy();
    }

    /** @return {@code ADDED} events of all objects of a resource type */
    synchronized List<Event> all(String resource) {
        List<Event> all = new ArrayList<>();
        objects.forEach((key, object) -> {
            if (key.resource().equals(resource)) {
                all.add(new Event(version, "ADDED", key, object.deepCopy()));
            }
        });
        return all;
    }

    /**
     * Stores an object; sets its UID, creation time and {@code resourceVersion}.
     *
     * @return the stored object
     * @throws KubernetesError 409 if the {@code resourceVersion} differs from the stored one
     */
    synchronized ObjectNode put(Key key, ObjectNode object) throws KubernetesError {
        ObjectNode before = objects.get(key);
        ObjectNode metadata = object.withObject("/metadata");
        String expected = metadata.path("resourceVersion").asText();
        if (before != null
                && !expected.isEmpty()
                && !expected.equals(
                        before.path("metadata").path("resourceVersion").asText())) {
            throw new KubernetesError(
                    409,
                    "Conflict",
                    key.name() + ": the object has been modified; please apply your changes to the latest version");
        }
        metadata.put("name", key.name()).put("namespace", key.namespace());
        if (before == null) {
            metadata.put("uid", UUID.randomUUID().toString());
            metadata.put(
                    "creationTimestamp",
                    clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        } else {
            metadata.set("uid", before.path("metadata").get("uid"));
            metadata.set("creationTimestamp", before.path("metadata").get("creationTimestamp"));
        }
        objects.put(key, object);
        record(before == null ? "ADDED" : "MODIFIED", key, object);
        return object.deepCopy();
    }

    /** @return the removed object; null if absent */
    @CheckForNull
    synchronized ObjectNode remove(Key key) {
        ObjectNode removed = objects.remove(key);
        if (removed != null) {
            record("DELETED", key, removed);
        }
        return removed;
    }

    private void record(String type, Key key, ObjectNode object) {
        version++;
        object.withObject("/metadata").put("resourceVersion", String.valueOf(version));
        events.add(new Event(version, type, key, object.deepCopy()));
        notifyAll();
    }

    /** Waits for changes after a version, at most for the given time. */
    synchronized List<Event> awaitChanges(long after, Duration timeout) throws InterruptedException {
        if (version <= after && timeout.toMillis() > 0) {
            wait(timeout.toMillis());
        }
        return events.stream().filter(event -> event.version() > after).toList();
    }
}
