package io.jenkins.plugins.vcftoken.lease;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Keeps what it is told to do until the test fires it. */
final class ManualTimer extends ScheduledThreadPoolExecutor {
    final List<Duration> pauses = new CopyOnWriteArrayList<>();
    private volatile ScheduledFuture<?> last;
    private volatile Runnable task;
    private final List<Waiting> all = new CopyOnWriteArrayList<>();

    private record Waiting(Runnable task, ScheduledFuture<?> timing) {}

    ManualTimer() {
        super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        task = command;
        last = super.schedule(() -> {}, 1, TimeUnit.DAYS);
        all.add(new Waiting(command, last));
        pauses.add(Duration.of(delay, unit.toChronoUnit()));
        return last;
    }

    long pending() {
        return getQueue().stream()
                .filter(task -> !((ScheduledFuture<?>) task).isCancelled())
                .count();
    }

    boolean isPending() {
        return !last.isCancelled();
    }

    void fire() {
        if (isPending()) {
            fireWhateverCame();
        }
    }

    /** How many would be fired. */
    long due() {
        return all.stream().filter(waiting -> !waiting.timing.isCancelled()).count();
    }

    /** Whatever waits now, each once. */
    void fireAll() {
        List<Waiting> due = List.copyOf(all);
        all.removeAll(due);
        due.stream().filter(waiting -> !waiting.timing.isCancelled()).forEach(waiting -> waiting.task.run());
    }

    /** As a timer does that had begun when it was told not to. */
    void fireWhateverCame() {
        task.run();
    }
}
