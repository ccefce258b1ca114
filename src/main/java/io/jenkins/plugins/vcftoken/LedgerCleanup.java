package io.jenkins.plugins.vcftoken;

import hudson.Extension;
import hudson.model.AsyncPeriodicWork;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Hourly retry of failed ledger writes, and removal of the records of credentials that were deleted long ago. */
@Extension
public final class LedgerCleanup extends AsyncPeriodicWork {

    public LedgerCleanup() {
        super("VCF token ledger upkeep");
    }

    /** The default is a random delay of up to a day, which a controller with nightly restarts may never reach. */
    @Override
    public long getInitialDelay() {
        return TimeUnit.MINUTES.toMillis(10);
    }

    @Override
    public long getRecurrencePeriod() {
        return TimeUnit.HOURS.toMillis(1);
    }

    @Override
    protected void execute(TaskListener listener) throws IOException, InterruptedException {
        VcfTokenService tokens = VcfTokenService.get();
        if (!tokens.hasLedger()) {
            return;
        }
        try {
            tokens.administration().saveUnsaved();
            tokens.administration().removeOrphans(tokens.locator()::findSecret);
        } catch (TokenUnavailableException e) {
            listener.error(e.getMessage());
        }
    }
}
