package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.init.Terminator;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.HostFacts;
import io.jenkins.plugins.vcftoken.exchange.Retries;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyAdministration;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.Survey;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.Leases;
import io.jenkins.plugins.vcftoken.lease.OpenLease;
import io.jenkins.plugins.vcftoken.lease.Renewal;
import io.jenkins.plugins.vcftoken.lease.Tenant;
import io.jenkins.plugins.vcftoken.store.ControllerKeys;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.LedgerFiles;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.SystemProperties;
import jenkins.util.Timer;
import org.springframework.security.core.Authentication;

/** The one way to a bearer: the core, with what only this controller knows of directories, keys, proxy and threads. */
@Extension
public final class VcfTokens {

    /** What a block gets at least, unless the server's bearers are too short-lived for it. */
    public static final Duration DEFAULT_MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private static final Logger LOGGER = Logger.getLogger(VcfTokens.class.getName());

    private static final Duration CONNECT_TIMEOUT = seconds("connectTimeoutSeconds", 10);
    private static final Duration CALL_TIMEOUT = seconds("callTimeoutSeconds", 30);

    /** Of one exchange: a call to another path of the server, or with another secret, may follow the first one. */
    private static final Duration TWO_CALLS = CALL_TIMEOUT.multipliedBy(2);

    /** Of one exchange with all its repetitions, the last of which begins when no more are allowed. */
    private static final Duration LONGEST_EXCHANGE = TWO_CALLS.plus(Retries.LIMIT);

    private static volatile InstantSource time = InstantSource.system();

    /** As many as there is work: {@link Families} limits what each server gets. */
    private final ExecutorService exchanges = pool("exchange", 0, Integer.MAX_VALUE, new SynchronousQueue<>());

    private final ExecutorService writeBacks = pool("write-back", 1, 1, new LinkedBlockingQueue<>());
    private final InstantSource clock = () -> time.instant();
    private final CredentialHomes homes = new CredentialHomes(new LedgerKinship(this), clock);
    private final Observers observers = new Observers();
    private final HostFacts hosts = new HostFacts(directory().resolve("servers"), clock, ControllerKeys.HASH::hash);
    private final Holders holders =
            new Holders(homes, new TokenClients(CONNECT_TIMEOUT, CALL_TIMEOUT, clock, hosts), clock);
    private final Trials trials = new Trials(this);
    private LedgerFiles ledger;
    private Families families;
    private Leases leases;

    public static VcfTokens get() {
        return ExtensionList.lookupSingleton(VcfTokens.class);
    }

    /**
     * Waits for a bearer and keeps it fresh until the lease is closed. Blocks: not for the Pipeline's own thread.
     *
     * @param organization whose bearer is wanted, where the credential is the provider's; empty for the credential's own
     * @param near the job that asks, so that the credential's store is found quickly; may be null
     * @throws FamilyException when there is none to be had; its message is fit for a build's log
     */
    public Lease open(
            VcfCredentials credential,
            String organization,
            @CheckForNull Item near,
            Duration minimumValidity,
            Tenant tenant)
            throws FamilyException, InterruptedException {
        return leases().open(holders.of(credential, near, organization), minimumValidity, tenant);
    }

    /**
     * A bearer for once. Blocks, on a warm bearer for no time worth mentioning.
     *
     * @throws FamilyException when there is none to be had
     */
    public Bearer once(VcfCredentials credential) throws FamilyException, InterruptedException {
        return leases().once(holders.of(credential, null), DEFAULT_MINIMUM_VALIDITY, whoAsks());
    }

    /** On whose behalf this thread works, for people: "system" or "user alice". */
    public static String whoAsks() {
        Authentication authentication = Jenkins.getAuthentication2();
        return ACL.SYSTEM2.equals(authentication) ? "system" : "user " + authentication.getName();
    }

    /**
     * When the stored secret itself ends. Asks the server, with a bearer if one is at hand, and spends nothing; blocks as
     * long as some exchanges may.
     *
     * @throws FamilyException when the server was not reached, or refuses the secret
     */
    public SecretExpiry secretExpiry(VcfCredentials credential) throws FamilyException {
        Holder holder = holders.of(credential, null);
        try {
            return SecretExpiry.of(holder, () -> atHand(holder));
        } catch (ExchangeException e) {
            throw new FamilyException(
                    holder.description() + ": it cannot be told when its secret ends: " + e.getMessage() + ". "
                            + e.problem().nextStep(),
                    e);
        }
    }

    @CheckForNull
    private synchronized Bearer atHand(Holder holder) {
        return families == null ? null : families.atHand(holder);
    }

    /**
     * Exchanges the credential's secret now, and lets open blocks have the bearer. Blocks.
     *
     * @throws FamilyException when the exchange brought no bearer
     */
    public Bearer renew(VcfCredentials credential) throws FamilyException, InterruptedException {
        return leases().renew(holders.of(credential, null));
    }

    /**
     * The families' records, for people and housekeeping.
     *
     * @throws FamilyException when their directory cannot be used
     */
    public FamilyAdministration administration() throws FamilyException {
        return families().administration();
    }

    /**
     * All families as they are now. Reads the ledger's directory; makes none.
     *
     * @throws FamilyException when the directory cannot be read
     */
    public Survey survey() throws FamilyException {
        if (!hasLedger()) {
            return Survey.EMPTY;
        }
        try {
            return families().survey();
        } catch (IOException e) {
            throw new FamilyException(
                    "The directory " + directory() + " for tokens cannot be read (" + e.getMessage()
                            + "). Check the disk of the Jenkins home directory.",
                    e);
        }
    }

    /** The leases that blocks hold now, from memory. */
    public List<OpenLease> openLeases() {
        Leases open = openedLeases();
        return open == null ? List.of() : open.list();
    }

    /** See {@link Leases#renewOverdue}. */
    void renewOverdue() {
        Leases open = openedLeases();
        if (open != null) {
            open.renewOverdue();
        }
    }

    /** See {@link Leases#renewChanged}. */
    void renewChanged(Predicate<Place> saved) {
        Leases open = openedLeases();
        if (open != null) {
            open.renewChanged(saved);
        }
    }

    /** Null while there has been none. */
    @CheckForNull
    private synchronized Leases openedLeases() {
        return leases;
    }

    /** See {@link FamilyAdministration#alarms}; from memory, and 0 while there is nothing in it. */
    public synchronized long alarms() {
        return families == null ? 0 : families.administration().alarms();
    }

    /** Whether there is anything to administer: a controller that never asked for a bearer has no ledger. */
    public boolean hasLedger() {
        return Files.isDirectory(directory());
    }

    /**
     * Whether a refresh token whose answer was lost is sent once more when nothing can be lost by it any more, or a
     * person decides. A system property, which counts at once when it is set while Jenkins runs.
     */
    public static boolean retriesUnknown() {
        return SystemProperties.getBoolean(VcfTokens.class.getName() + ".retryUnknown", true);
    }

    /**
     * Whether a second process on this Jenkins home directory is known not to be kept out, because its file system has no
     * locks. From memory.
     */
    public synchronized boolean isLockedForThreadsAlone() {
        return ledger != null && ledger.isLockedForThreadsAlone();
    }

    public CredentialHomes homes() {
        return homes;
    }

    private static Path directory() {
        return Jenkins.get().getRootDir().toPath().resolve("vcf-token");
    }

    /** For the button "Test connection". */
    public Trials trials() {
        return trials;
    }

    Holders holders() {
        return holders;
    }

    TokenListener observers() {
        return observers;
    }

    /** For work that blocks on the network. */
    ExecutorService exchanges() {
        return exchanges;
    }

    public InstantSource clock() {
        return clock;
    }

    /** For tests: what is the wall clock of this controller from now on. */
    static void setClock(InstantSource other) {
        time = other;
    }

    synchronized Leases leases() throws FamilyException {
        if (leases == null) {
            Renewal renewal = new Renewal(() -> ThreadLocalRandom.current().nextDouble());
            leases = new Leases(families(), Timer.get(), clock, renewal);
        }
        return leases;
    }

    /** Made when first needed, so that the start of a controller does not wait for it. */
    private synchronized Families families() throws FamilyException {
        if (families == null) {
            try {
                ledger = new LedgerFiles(directory(), ControllerKeys.CIPHER);
                families = new Families(
                        ledger,
                        ControllerKeys.HASH,
                        exchanges,
                        writeBacks,
                        clock,
                        TWO_CALLS,
                        VcfTokens::retriesUnknown,
                        observers);
            } catch (IOException e) {
                throw new FamilyException(
                        "The directory " + directory() + " for tokens cannot be made (" + e.getMessage()
                                + "). Nothing was sent. Check the disk of the Jenkins home directory.",
                        e);
            }
        }
        return families;
    }

    /** An answer that is on its way when Jenkins goes down is waited for, and then written. */
    @Terminator
    public static void finishExchanges() throws InterruptedException {
        for (VcfTokens tokens : ExtensionList.lookup(VcfTokens.class)) {
            tokens.goDown();
            tokens.exchanges.shutdown();
            if (!tokens.exchanges.awaitTermination(LONGEST_EXCHANGE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.log(Level.WARNING, "Jenkins goes down while an exchange is still in flight");
            }
            tokens.saveHeld();
            Authorizations.get().close();
            tokens.writeBacks.shutdown();
            tokens.writeBacks.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private synchronized void goDown() {
        if (families != null) {
            families.goDown();
        }
    }

    /** The last chance: memory is all that has it. */
    private void saveHeld() throws InterruptedException {
        if (hasLedger()) {
            try {
                administration().saveHeld();
            } catch (FamilyException e) {
                LOGGER.log(Level.WARNING, e.getMessage(), e);
            }
        }
    }

    private static ExecutorService pool(String what, int least, int most, BlockingQueue<Runnable> queue) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                least,
                most,
                30,
                TimeUnit.SECONDS,
                queue,
                new NamingThreadFactory(new DaemonThreadFactory(), "vcf-token " + what));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static Duration seconds(String property, int standard) {
        return Duration.ofSeconds(
                Math.max(1, SystemProperties.getInteger(VcfTokens.class.getName() + '.' + property, standard)));
    }
}
