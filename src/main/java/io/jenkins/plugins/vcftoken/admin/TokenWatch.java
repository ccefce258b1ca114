package io.jenkins.plugins.vcftoken.admin;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.AsyncPeriodicWork;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Unreadable;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import io.jenkins.plugins.vcftoken.store.StoredCredentials;
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
public final class TokenWatch extends AsyncPeriodicWork {

    /** Enough to see the holder of a personal account who is on leave. */
    static final Duration WARNED_BEFORE_EXPIRY = Duration.ofDays(14);

    private static final long PERIOD_MINUTES = 15;
    private static final long FIRST_MINUTES = 2;
    private static final long SOON_SECONDS = 3;

    /** What servers tell later is found by the next look. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final SecretExpiries expiries = new SecretExpiries();
    private final AtomicBoolean due = new AtomicBoolean();
    private volatile List<Finding> findings = List.of();
    private volatile long alarmsSeen;

    public TokenWatch() {
        super("VCF token watch");
    }

    static TokenWatch get() {
        return ExtensionList.lookupSingleton(TokenWatch.class);
    }

    SecretExpiries expiries() {
        return expiries;
    }

    /** From memory; has another look made soon when it may have become out of date. */
    List<Finding> findings(Finding.Kind kind) {
        if (VcfTokens.get().alarms() != alarmsSeen) {
            lookSoon();
        }
        return findings.stream().filter(finding -> finding.kind() == kind).toList();
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
        VcfTokens tokens = VcfTokens.get();
        long alarms = tokens.alarms();
        Instant now = tokens.clock().instant();
        List<StoredCredential> all = StoredCredentials.shared();
        findings = findings(all, now);
        alarmsSeen = alarms;
        expiries.ask(all, now, PATIENCE);
        findings = findings(all, now);
    }

    private static List<Finding> findings(List<StoredCredential> all, Instant now) {
        try {
            List<Finding> found = findings(all, now, Checkup.make());
            DismissedFindings.get().keep(found);
            return found;
        } catch (FamilyException e) {
            return List.of(new Finding(
                    Finding.Kind.TROUBLE,
                    "ledger",
                    Messages._TokensPage_displayName(),
                    new NonLocalizable(e.getMessage()),
                    TokensPage.controller()));
        }
    }

    private static List<Finding> findings(List<StoredCredential> all, Instant now, Checkup checkup) {
        List<Finding> found = new ArrayList<>();
        for (StoredCredential stored : all) {
            new Symptoms(checkup.of(stored), now).addTo(found);
        }
        for (Unreadable record : checkup.unreadable()) {
            found.add(new Finding(
                    Finding.Kind.TROUBLE,
                    record.where(),
                    Messages._Finding_record(record.where()),
                    Messages._Finding_unreadable(record.why()),
                    TokensPage.controller()));
        }
        if (VcfTokens.get().isLockedForThreadsAlone()) {
            found.add(locks());
        }
        return List.copyOf(found);
    }

    static Finding locks() {
        return new Finding(
                Finding.Kind.TROUBLE,
                "locks",
                Messages._Finding_home(),
                Messages._Finding_locks(),
                TokensPage.controller());
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
