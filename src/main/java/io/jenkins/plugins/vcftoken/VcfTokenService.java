package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.init.Terminator;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseInfo;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilySnapshot;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
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

/** The one way to an access token: the core, with what only this controller knows of directories, keys, proxy and threads. */
@Extension
public final class VcfTokenService {

    /** What a block gets at least, unless the server's access tokens are too short-lived for it. */
    public static final Duration DEFAULT_MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private static final Logger LOGGER = Logger.getLogger(VcfTokenService.class.getName());

    private static final Duration CONNECT_TIMEOUT = seconds("connectTimeoutSeconds", 10);
    private static final Duration CALL_TIMEOUT = seconds("callTimeoutSeconds", 30);

    /** Of one exchange: a call to another path of the server, or with another secret, may follow the first one. */
    private static final Duration TWO_CALLS = CALL_TIMEOUT.multipliedBy(2);

    /** Of one exchange with all its repetitions, the last of which begins when no more are allowed. */
    private static final Duration LONGEST_EXCHANGE = TWO_CALLS.plus(RetryPolicy.LIMIT);

    private static volatile InstantSource time = InstantSource.system();

    /** As many as there is work: {@link TokenManager} limits what each server gets. */
    private final ExecutorService exchanges = pool("exchange", 0, Integer.MAX_VALUE, new SynchronousQueue<>());

    private final ExecutorService writeBacks = pool("write-back", 1, 1, new LinkedBlockingQueue<>());
    private final InstantSource clock = () -> time.instant();
    private final CredentialLocator locator = new CredentialLocator(new LedgerFamilyLookup(this), clock);
    private final TokenEventDispatcher observers = new TokenEventDispatcher();
    private final ServerCapabilities hosts =
            new ServerCapabilities(directory().resolve("servers"), clock, LedgerKeys.HASH::hash);
    private final CredentialHandleFactory handles = new CredentialHandleFactory(
            locator, new HttpClientFactory(CONNECT_TIMEOUT, CALL_TIMEOUT, clock, hosts), clock);
    private FileTokenLedger ledger;
    private TokenManager families;
    private LeaseManager leases;

    public static VcfTokenService get() {
        return ExtensionList.lookupSingleton(VcfTokenService.class);
    }

    /**
     * Waits for an access token and keeps it fresh until the lease is closed. Blocks: not for the Pipeline's own thread.
     *
     * @param organization whose access token is wanted, where the credential is the provider's; empty for the credential's own
     * @param near the job that asks, so that the credential's store is found quickly; may be null
     * @throws TokenUnavailableException when there is none to be had; its message is fit for a build's log
     */
    public Lease open(
            VcfCredentials credential,
            String organization,
            @CheckForNull Item near,
            Duration minimumValidity,
            LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        return leases().open(handles.of(credential, near, organization), minimumValidity, owner);
    }

    /**
     * An access token for once. Blocks, on a warm access token for no time worth mentioning.
     *
     * @throws TokenUnavailableException when there is none to be had
     */
    public AccessToken once(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        return leases().once(handles.of(credential, null), DEFAULT_MINIMUM_VALIDITY, currentUser());
    }

    /** On whose behalf this thread works, for people: "system" or "user alice". */
    public static String currentUser() {
        Authentication authentication = Jenkins.getAuthentication2();
        return ACL.SYSTEM2.equals(authentication) ? "system" : "user " + authentication.getName();
    }

    /**
     * When the stored secret itself ends. Asks the server, with an access token if one is at hand, and spends nothing; blocks as
     * long as some exchanges may.
     *
     * @throws TokenUnavailableException when the server was not reached, or refuses the secret
     */
    public SecretExpiryResult secretExpiry(VcfCredentials credential) throws TokenUnavailableException {
        CredentialHandle handle = handles.of(credential, null);
        try {
            return SecretExpiryResult.of(handle, () -> cached(handle));
        } catch (TokenRequestException e) {
            throw new TokenUnavailableException(
                    handle.description() + ": it cannot be told when its secret ends: " + e.getMessage() + ". "
                            + e.tokenError().nextStep(),
                    e);
        }
    }

    @CheckForNull
    private synchronized AccessToken cached(CredentialHandle handle) {
        return families == null ? null : families.cached(handle);
    }

    /**
     * Exchanges the credential's secret now, and lets open blocks have the access token. Blocks.
     *
     * @throws TokenUnavailableException when the exchange brought no access token
     */
    public AccessToken renew(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        return leases().renew(handles.of(credential, null));
    }

    /**
     * The families' records, for people and housekeeping.
     *
     * @throws TokenUnavailableException when their directory cannot be used
     */
    public TokenFamilyAdmin administration() throws TokenUnavailableException {
        return families().administration();
    }

    /**
     * All families as they are now. Reads the ledger's directory; makes none.
     *
     * @throws TokenUnavailableException when the directory cannot be read
     */
    public TokenFamilySnapshot survey() throws TokenUnavailableException {
        if (!hasLedger()) {
            return TokenFamilySnapshot.EMPTY;
        }
        try {
            return families().survey();
        } catch (IOException e) {
            throw new TokenUnavailableException(
                    "The directory " + directory() + " for tokens cannot be read (" + e.getMessage()
                            + "). Check the disk of the Jenkins home directory.",
                    e);
        }
    }

    /** The leases that blocks hold now, from memory. */
    public List<LeaseInfo> openLeases() {
        LeaseManager open = openedLeases();
        return open == null ? List.of() : open.list();
    }

    /** See {@link LeaseManager#renewOverdue}. */
    void renewOverdue() {
        LeaseManager open = openedLeases();
        if (open != null) {
            open.renewOverdue();
        }
    }

    /** See {@link LeaseManager#renewChanged}. */
    void renewChanged(Predicate<CredentialLocation> saved) {
        LeaseManager open = openedLeases();
        if (open != null) {
            open.renewChanged(saved);
        }
    }

    /** Null while there has been none. */
    @CheckForNull
    private synchronized LeaseManager openedLeases() {
        return leases;
    }

    /** See {@link TokenFamilyAdmin#alarms}; from memory, and 0 while there is nothing in it. */
    public synchronized long alarms() {
        return families == null ? 0 : families.administration().alarms();
    }

    /** Whether there is anything to administer: a controller that never asked for an access token has no ledger. */
    public boolean hasLedger() {
        return Files.isDirectory(directory());
    }

    /**
     * Whether a refresh token whose answer was lost is sent once more when nothing can be lost by it any more, or a
     * person decides. A system property, which counts at once when it is set while Jenkins runs.
     */
    public static boolean retriesUnknown() {
        return SystemProperties.getBoolean(VcfTokenService.class.getName() + ".retryUnknown", true);
    }

    /**
     * Whether a second process on this Jenkins home directory is known not to be kept out, because its file system has no
     * locks. From memory.
     */
    public synchronized boolean isLockedForThreadsAlone() {
        return ledger != null && ledger.isLockedForThreadsAlone();
    }

    public CredentialLocator locator() {
        return locator;
    }

    private static Path directory() {
        return Jenkins.get().getRootDir().toPath().resolve("vcf-token");
    }

    /**
     * The handle of a stored credential.
     *
     * @throws TokenUnavailableException when its secret cannot be sent, or a rotated one could not be stored
     */
    public CredentialHandle handle(VcfCredentials stored) throws TokenUnavailableException {
        return handles.of(stored, null);
    }

    /**
     * The client of a credential's server, with the credential's TLS settings. The credential need not be stored.
     *
     * @throws TokenUnavailableException when its address or its certificates are invalid
     */
    public TokenEndpointClient client(VcfCredentials credential) throws TokenUnavailableException {
        return handles.service(credential);
    }

    /** As {@link #client}, for what was typed into a form: errors contain no text of the server. */
    public TokenEndpointClient clientWithoutServerText(VcfCredentials typed) throws TokenUnavailableException {
        return handles.serviceOfTyped(typed);
    }

    /**
     * Requests an access token for "Test connection". Blocks.
     *
     * @param stored whether the handle is that of a stored credential
     * @throws TokenUnavailableException when there is no access token
     */
    public TokenResult testConnection(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        return leases().connectionTest(handle, stored);
    }

    CredentialHandleFactory handles() {
        return handles;
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

    synchronized LeaseManager leases() throws TokenUnavailableException {
        if (leases == null) {
            RenewalPolicy renewal =
                    new RenewalPolicy(() -> ThreadLocalRandom.current().nextDouble());
            leases = new LeaseManager(families(), Timer.get(), clock, renewal);
        }
        return leases;
    }

    /** Made when first needed, so that the start of a controller does not wait for it. */
    private synchronized TokenManager families() throws TokenUnavailableException {
        if (families == null) {
            try {
                ledger = new FileTokenLedger(directory(), LedgerKeys.CIPHER);
                families = new TokenManager(
                        ledger,
                        LedgerKeys.HASH,
                        exchanges,
                        writeBacks,
                        clock,
                        TWO_CALLS,
                        VcfTokenService::retriesUnknown,
                        observers);
            } catch (IOException e) {
                throw new TokenUnavailableException(
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
        for (VcfTokenService tokens : ExtensionList.lookup(VcfTokenService.class)) {
            tokens.shutdown();
            tokens.exchanges.shutdown();
            if (!tokens.exchanges.awaitTermination(LONGEST_EXCHANGE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.log(Level.WARNING, "Jenkins goes down while an exchange is still in flight");
            }
            tokens.saveHeld();
            DeviceFlowRegistry.get().close();
            tokens.writeBacks.shutdown();
            tokens.writeBacks.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private synchronized void shutdown() {
        if (families != null) {
            families.shutdown();
        }
    }

    /** The last chance: memory is all that has it. */
    private void saveHeld() throws InterruptedException {
        if (hasLedger()) {
            try {
                administration().saveHeld();
            } catch (TokenUnavailableException e) {
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
                Math.max(1, SystemProperties.getInteger(VcfTokenService.class.getName() + '.' + property, standard)));
    }
}
