package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.XmlFile;
import hudson.model.AsyncPeriodicWork;
import hudson.model.ItemGroup;
import hudson.model.Saveable;
import hudson.model.TaskListener;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import jenkins.util.NonLocalizable;
import jenkins.util.Timer;
import org.jvnet.localizer.Localizable;
import org.kohsuke.stapler.Stapler;

/**
 * Checks the credentials of the controller and of folders in the background, so that monitors can show the warnings
 * from memory. Personal credentials are left out, because administrators may not see them.
 */
@Extension
public final class HealthMonitorWork extends AsyncPeriodicWork {

    private static final long PERIOD_MINUTES = 15;
    private static final long INITIAL_DELAY_MINUTES = 2;
    private static final long REFRESH_SOON_SECONDS = 3;

    private final SecretExpiryCache expiries = new SecretExpiryCache();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile List<HealthWarning> warnings = List.of();
    private volatile long alarmsSeen;

    public HealthMonitorWork() {
        super("VCF token watch");
    }

    static HealthMonitorWork get() {
        return ExtensionList.lookupSingleton(HealthMonitorWork.class);
    }

    SecretExpiryCache expiries() {
        return expiries;
    }

    /** The warnings of the last check, from memory. Schedules another check if an error has come or gone since. */
    List<HealthWarning> warnings(HealthWarning.Kind kind) {
        if (VcfTokenService.get().alarms() != alarmsSeen) {
            refreshSoon();
        }
        return warnings.stream().filter(warning -> warning.kind() == kind).toList();
    }

    /** Schedules a check in a few seconds, which serves all calls until then. Does not block. */
    void refreshSoon() {
        if (scheduled.compareAndSet(false, true)) {
            Runnable check = () -> {
                scheduled.set(false);
                run();
            };
            Timer.get().schedule(check, REFRESH_SOON_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Publishes warnings before it asks servers when secrets expire, so that hung servers do not delay an alarm. */
    void refresh() throws InterruptedException {
        VcfTokenService tokens = VcfTokenService.get();
        long alarms = tokens.alarms();
        Instant now = tokens.clock().instant();
        List<LocatedCredential> shared = CredentialScanner.shared();
        warnings = check(shared);
        shared.forEach(tokens.locator()::checkWritable);
        alarmsSeen = alarms;
        expiries.refresh(shared, now);
        warnings = check(shared);
    }

    private static List<HealthWarning> check(List<LocatedCredential> shared) {
        List<HealthWarning> found = new ArrayList<>();
        try {
            HealthCheck check = HealthCheck.start();
            shared.forEach(stored -> found.addAll(HealthWarning.findIn(check.assess(stored))));
            check.unreadable()
                    .forEach(record -> found.add(ledgerWarning(
                            record.file(),
                            Messages._HealthWarning_record(record.file()),
                            Messages._HealthWarning_unreadable(record.cause()))));
            if (VcfTokenService.get().isLockedForThreadsAlone()) {
                found.add(ledgerWarning("locks", Messages._HealthWarning_home(), Messages._HealthWarning_locks()));
            }
            DismissedWarnings.get().retain(found);
            return List.copyOf(found);
        } catch (TokenUnavailableException e) {
            return List.of(
                    ledgerWarning("ledger", Messages._TokenListPage_displayName(), new NonLocalizable(e.getMessage())));
        }
    }

    private static HealthWarning ledgerWarning(String about, Localizable subject, Localizable text) {
        return new HealthWarning(HealthWarning.Kind.ERROR, about, subject, text, TokenListPage.CONTROLLER_URL);
    }

    @Override
    protected void execute(TaskListener listener) throws InterruptedException {
        refresh();
    }

    /** A change during a check may have come too late for that check. */
    @Override
    protected boolean queueIfAlreadyRunning() {
        return true;
    }

    @Override
    public long getRecurrencePeriod() {
        return TimeUnit.MINUTES.toMillis(PERIOD_MINUTES);
    }

    @Override
    public long getInitialDelay() {
        return TimeUnit.MINUTES.toMillis(INITIAL_DELAY_MINUTES);
    }

    @Override
    protected Level getNormalLoggingLevel() {
        return Level.FINE;
    }

    /**
     * Schedules a check when a user saves credentials. Rotated tokens are saved outside of requests. The authentication
     * does not distinguish the two, since the system store always saves as the system.
     */
    @Extension
    public static final class RefreshOnSave extends SaveableListener {

        @Override
        public void onChange(Saveable saved, XmlFile file) {
            if ((saved instanceof SystemCredentialsProvider || saved instanceof ItemGroup<?>)
                    && Stapler.getCurrentRequest2() != null) {
                get().refreshSoon();
            }
        }
    }
}
