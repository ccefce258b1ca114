package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.AsyncPeriodicWork;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.rotation.UnreadableRecord;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import jenkins.util.NonLocalizable;
import jenkins.util.Timer;

/**
 * Looks at all shared credentials now and then, so that pages can tell from memory what is wrong. Personal ones are left
 * out: an administrator has no business with them.
 */
@Extension
public final class HealthMonitorWork extends AsyncPeriodicWork {

    /** Enough to see the holder of a personal account who is on leave. */
    static final Duration WARNED_BEFORE_EXPIRY = Duration.ofDays(14);

    private static final long PERIOD_MINUTES = 15;
    private static final long FIRST_MINUTES = 2;
    private static final long SOON_SECONDS = 3;

    /** What servers tell later is found by the next look. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final SecretExpiryCache expiries = new SecretExpiryCache();
    private final AtomicBoolean due = new AtomicBoolean();
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

    /** From memory; has another look made soon when it may have become out of date. */
    List<HealthWarning> warnings(HealthWarning.Kind kind) {
        if (VcfTokenService.get().alarms() != alarmsSeen) {
            lookSoon();
        }
        return warnings.stream().filter(warning -> warning.kind() == kind).toList();
    }

    /** Does not block, and makes one look of many that are asked for. */
    void lookSoon() {
        if (due.compareAndSet(false, true)) {
            Timer.get()
                    .schedule(
                            () -> {
                                due.set(false);
                                run();
                            },
                            SOON_SECONDS,
                            TimeUnit.SECONDS);
        }
    }

    /** Reads the ledger, tells what it found, and then asks servers: those that do not answer must not delay an alarm. */
    void look() throws InterruptedException {
        VcfTokenService tokens = VcfTokenService.get();
        long alarms = tokens.alarms();
        Instant now = tokens.clock().instant();
        List<LocatedCredential> all = CredentialScanner.shared();
        warnings = warnings(all, now);
        alarmsSeen = alarms;
        expiries.ask(all, now, PATIENCE);
        warnings = warnings(all, now);
    }

    private static List<HealthWarning> warnings(List<LocatedCredential> all, Instant now) {
        try {
            List<HealthWarning> found = warnings(all, now, HealthCheck.make());
            DismissedWarnings.get().keep(found);
            return found;
        } catch (TokenUnavailableException e) {
            return List.of(new HealthWarning(
                    HealthWarning.Kind.TROUBLE,
                    "ledger",
                    Messages._TokenListPage_displayName(),
                    new NonLocalizable(e.getMessage()),
                    TokenListPage.controller()));
        }
    }

    private static List<HealthWarning> warnings(List<LocatedCredential> all, Instant now, HealthCheck checkup) {
        List<HealthWarning> found = new ArrayList<>();
        for (LocatedCredential stored : all) {
            new HealthAssessment(checkup.of(stored), now).addTo(found);
        }
        for (UnreadableRecord record : checkup.unreadable()) {
            found.add(new HealthWarning(
                    HealthWarning.Kind.TROUBLE,
                    record.where(),
                    Messages._HealthWarning_record(record.where()),
                    Messages._HealthWarning_unreadable(record.why()),
                    TokenListPage.controller()));
        }
        if (VcfTokenService.get().isLockedForThreadsAlone()) {
            found.add(locks());
        }
        return List.copyOf(found);
    }

    static HealthWarning locks() {
        return new HealthWarning(
                HealthWarning.Kind.TROUBLE,
                "locks",
                Messages._HealthWarning_home(),
                Messages._HealthWarning_locks(),
                TokenListPage.controller());
    }

    @Override
    protected void execute(TaskListener listener) throws InterruptedException {
        look();
    }

    /** What happened during a look may have come too late for it. */
    @Override
    protected boolean queueIfAlreadyRunning() {
        return true;
    }

    @Override
    public long getRecurrencePeriod() {
        return TimeUnit.MINUTES.toMillis(PERIOD_MINUTES);
    }

    /** Not while everything else wants to start. */
    @Override
    public long getInitialDelay() {
        return TimeUnit.MINUTES.toMillis(FIRST_MINUTES);
    }

    @Override
    protected Level getNormalLoggingLevel() {
        return Level.FINE;
    }
}
