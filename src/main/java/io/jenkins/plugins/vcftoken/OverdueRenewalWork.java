package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.model.PeriodicWork;
import java.util.concurrent.TimeUnit;

/** Looks at the wall clock each minute, since the timers of renewals stand still while a machine is suspended. */
@Extension
public final class OverdueRenewalWork extends PeriodicWork {

    @Override
    public long getRecurrencePeriod() {
        return TimeUnit.MINUTES.toMillis(1);
    }

    /** From memory; renewals run on threads of their own. */
    @Override
    protected void doRun() {
        VcfTokenService.get().renewOverdue();
    }
}
