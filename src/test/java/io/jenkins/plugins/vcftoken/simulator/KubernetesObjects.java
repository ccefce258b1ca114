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

/** The objects behind one simulated Kubernetes API, and each change of them, for watches. Thread-safe. */
final class KubernetesObjects {

    /** A change. Its object carries the version of the change as {@code resourceVersion}. */
    record Event(long version, String type, Key key, ObjectNode object) {}

    /** Ordered as lists are. */
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

    /** The objects of a resource type as events that add them. */
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
     * Writes an object; identity and version are the server's.
     *
     * @return what is stored
     * @throws KubernetesError when the object names another version than the stored one
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

    /** @return what was stored, or null */
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

    /** Waits until there are changes after a version, or for the time given. */
    synchronized List<Event> awaitChanges(long after, Duration atMost) throws InterruptedException {
        if (version <= after && atMost.toMillis() > 0) {
            wait(atMost.toMillis());
        }
        return events.stream().filter(event -> event.version() > after).toList();
    }
}
