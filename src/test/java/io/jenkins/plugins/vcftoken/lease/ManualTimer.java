package io.jenkins.plugins.vcftoken.lease;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Timer with tasks that run when the test fires them. */
final class ManualTimer extends ScheduledThreadPoolExecutor {
    final List<Duration> pauses = new CopyOnWriteArrayList<>();
    private final List<ScheduledTask> scheduled = new CopyOnWriteArrayList<>();
    private volatile ScheduledTask last;

    private record ScheduledTask(Runnable task, ScheduledFuture<?> future) {}

    ManualTimer() {
        super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        ScheduledFuture<?> future = super.schedule(() -> {}, 1, TimeUnit.DAYS);
        last = new ScheduledTask(command, future);
        scheduled.add(last);
        pauses.add(Duration.of(delay, unit.toChronoUnit()));
        return future;
    }

    long pendingCount() {
        return getQueue().stream()
                .filter(task -> !((ScheduledFuture<?>) task).isCancelled())
                .count();
    }

    boolean isPending() {
        return !last.future.isCancelled();
    }

    /** Runs the last scheduled task unless it was canceled. */
    void fire() {
        if (isPending()) {
            fireEvenIfCanceled();
        }
    }

    /** Number of tasks that {@link #fireAll} would run. */
    long fireableCount() {
        return scheduled.stream().filter(task -> !task.future.isCancelled()).count();
    }

    /** Runs each task that is scheduled now, once. */
    void fireAll() {
        List<ScheduledTask> tasks = List.copyOf(scheduled);
        scheduled.removeAll(tasks);
        tasks.stream().filter(task -> !task.future.isCancelled()).forEach(task -> task.task.run());
    }

    /** Simulates a timer thread that took the last task just before it was canceled. */
    void fireEvenIfCanceled() {
        last.task.run();
    }
}
