package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/** Limits how many tasks of one key run at a time. Tasks that have to wait are queued in order and occupy no thread. */
final class ConcurrencyLimit {

    private final int limit;
    private final Map<String, Slots> slots = new HashMap<>();

    private static final class Slots {
        int used;
        final Queue<BooleanSupplier> waiting = new ArrayDeque<>();
    }

    ConcurrencyLimit(int limit) {
        this.limit = limit;
    }

    /**
     * @param start called at once, or on the thread that frees a slot; must not block. Returns whether a task has
     *     begun, which calls {@link #release} at its end.
     */
    void acquire(String key, BooleanSupplier start) {
        synchronized (slots) {
            Slots ofKey = slots.computeIfAbsent(key, same -> new Slots());
            if (ofKey.used == limit) {
                ofKey.waiting.add(start);
                return;
            }
            ofKey.used++;
        }
        if (!start.getAsBoolean()) {
            release(key);
        }
    }

    /** Gives the slot to the next task that begins. */
    void release(String key) {
        BooleanSupplier next;
        do {
            next = next(key);
        } while (next != null && !next.getAsBoolean());
    }

    @CheckForNull
    private BooleanSupplier next(String key) {
        synchronized (slots) {
            Slots ofKey = slots.get(key);
            BooleanSupplier next = ofKey.waiting.poll();
            if (next == null && --ofKey.used == 0) {
                slots.remove(key);
            }
            return next;
        }
    }
}
