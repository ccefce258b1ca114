package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A scheduled task. A timer may keep a canceled task until its time comes; this one lets go of its work at once. */
final class CancelableTask implements Runnable {

    @CheckForNull
    private volatile Runnable work;

    private final Future<?> timing;

    /** @throws RejectedExecutionException when the timer is shut down */
    CancelableTask(ScheduledExecutorService timer, Duration pause, Runnable work) {
        this.work = work;
        this.timing = timer.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void run() {
        Runnable found = work;
        if (found != null) {
            found.run();
        }
    }

    void cancel() {
        work = null;
        timing.cancel(false);
    }
}
