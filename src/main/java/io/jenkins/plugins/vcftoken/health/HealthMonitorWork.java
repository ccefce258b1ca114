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
 * Checks the credentials of the controller and of folders in the background, so that monitors read warnings from
 * memory. Excludes personal credentials, because administrators have no permission to view them.
 */
@Extension
public final class HealthMonitorWork extends AsyncPeriodicWork {

    private static final long PERIOD_MINUTES = 15;
    private static final long INITIAL_DELAY_MINUTES = 2;
    private static final long REFRESH_SOON_SECONDS = 3;

    private final SecretExpiryCache expiryCache = new SecretExpiryCache();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile List<HealthWarning> warnings = List.of();
    private volatile long alarmsSeen;

    public HealthMonitorWork() {
        super("VCF token watch");
    }

    static HealthMonitorWork get() {
        return ExtensionList.lookupSingleton(HealthMonitorWork.class);
    }

    SecretExpiryCache expiryCache() {
        return expiryCache;
    }

    /** Returns the warnings of the last check. Schedules another check if errors have appeared or ended since. */
    List<HealthWarning> warnings(HealthWarning.Kind kind) {
        if (VcfTokenService.get().failureStateChanges() != alarmsSeen) {
            refreshSoon();
        }
        return warnings.stream().filter(warning -> warning.kind() == kind).toList();
    }

    /** Schedules one check in a few seconds for all calls until then. Does not block. */
    void refreshSoon() {
        if (scheduled.compareAndSet(false, true)) {
            Runnable check = () -> {
                scheduled.set(false);
                run();
            };
            Timer.get().schedule(check, REFRESH_SOON_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Publishes warnings before it requests expiry times, so that servers that hang do not delay them. */
    void refresh() throws InterruptedException {
        VcfTokenService tokens = VcfTokenService.get();
        long failureStateChanges = tokens.failureStateChanges();
        Instant now = tokens.clock().instant();
        List<LocatedCredential> shared = CredentialScanner.shared();
        warnings = check(shared);
        shared.forEach(tokens.locator()::checkWritable);
        alarmsSeen = failureStateChanges;
        expiryCache.refresh(shared, now);
        warnings = check(shared);
    }

    private static List<HealthWarning> check(List<LocatedCredential> shared) {
        List<HealthWarning> found = new ArrayList<>();
        try {
            CredentialHealthEvaluator check = CredentialHealthEvaluator.start();
            shared.forEach(stored -> found.addAll(HealthWarning.findAll(check.assess(stored))));
            check.unreadable()
                    .forEach(record -> found.add(ledgerWarning(
                            record.file(),
                            Messages._HealthWarning_record(record.file()),
                            Messages._HealthWarning_unreadable(record.cause()))));
            if (VcfTokenService.get().hasOnlyThreadLocks()) {
                found.add(ledgerWarning("locks", Messages._HealthWarning_home(), Messages._HealthWarning_locks()));
            }
            DismissedWarnings.get().retain(found);
            return List.copyOf(found);
        } catch (TokenUnavailableException e) {
            return List.of(
                    ledgerWarning("ledger", Messages._TokenListPage_displayName(), new NonLocalizable(e.getMessage())));
        }
    }

    private static HealthWarning ledgerWarning(String id, Localizable subject, Localizable text) {
        return new HealthWarning(HealthWarning.Kind.ERROR, id, subject, text, TokenListPage.CONTROLLER_URL);
    }

    @Override
    protected void execute(TaskListener listener) throws InterruptedException {
        refresh();
    }

    /** A check that is running may have missed a change. */
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
     * Schedules a check when a user saves credentials. Rotated tokens are saved outside of HTTP requests. The
     * authentication cannot distinguish the two cases, because the system store always saves as SYSTEM.
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
