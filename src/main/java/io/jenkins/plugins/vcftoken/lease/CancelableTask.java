package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What waits in the timer. A timer may keep what was canceled until its time comes, with all that hangs on it. */
final class CancelableTask implements Runnable {

    @CheckForNull
    private volatile Runnable work;

    private final Future<?> timing;

    /** @throws RejectedExecutionException when the timer takes nothing any more */
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
