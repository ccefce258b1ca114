package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.init.Terminator;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.triggers.SafeTimerTask;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespaceClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilySnapshot;
import io.jenkins.plugins.vcftoken.rotation.TokenHash;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.SystemProperties;
import jenkins.util.Timer;
import org.springframework.security.core.Authentication;

/**
 * The entry point for access tokens: puts {@code oauth}, {@code rotation} and {@code lease} together with the directory,
 * keys, proxy, clock and threads of this controller. The ledger is opened at first use, so that it does not delay the start
 * of Jenkins. Thread-safe.
 */
@Extension
public final class VcfTokenService {

    /** The minimum remaining lifetime of a block's access token, unless those of the server are shorter. */
    public static final Duration DEFAULT_MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private static final Logger LOGGER = Logger.getLogger(VcfTokenService.class.getName());

    private static final Duration CONNECT_TIMEOUT = seconds("connectTimeoutSeconds", 10);
    private static final Duration CALL_TIMEOUT = seconds("callTimeoutSeconds", 30);

    /** Of one token request, which may take a second call, to another path of the server or with another secret. */
    private static final Duration TWO_CALLS = CALL_TIMEOUT.multipliedBy(2);

    /** Of one token request with all its retries, the last of which begins at the limit. */
    private static final Duration LONGEST_REQUEST = TWO_CALLS.plus(RetryPolicy.LIMIT);

    private static volatile InstantSource time = InstantSource.system();

    /** Unbounded: {@link TokenManager} limits the requests to each server. */
    private final ExecutorService requestThreads = pool("request", 0, Integer.MAX_VALUE, new SynchronousQueue<>());

    private final ExecutorService writeBackThread = pool("write-back", 1, 1, new LinkedBlockingQueue<>());
    private final InstantSource clock = () -> time.instant();
    private final TokenListener listener = new TokenEventDispatcher();
    private final TokenHash hashes = LedgerKeys.hash();
    private final CredentialLocator locator = new CredentialLocator(this::findAdministration, clock);
    private final CredentialHandleFactory handles = new CredentialHandleFactory(
            locator,
            new HttpClientFactory(
                    CONNECT_TIMEOUT,
                    CALL_TIMEOUT,
                    clock,
                    new ServerCapabilities(directory().resolve("servers"), clock, hashes::hash)),
            clock);
    private FileTokenLedger ledger;
    private TokenManager families;
    private LeaseManager leases;

    public static VcfTokenService get() {
        return ExtensionList.lookupSingleton(VcfTokenService.class);
    }

    /**
     * Waits for an access token and keeps it fresh until the lease is closed. Blocks; not for the Pipeline's own thread.
     *
     * @param organization one of the organizations of a provider's credential; empty for the credential's own access token
     * @param near a job that can see the credential, so that its store is found quickly; may be null
     * @throws TokenUnavailableException with a message for the build's log
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
     * As {@link #open}, for a token that is derived from the access token of that lease.
     *
     * @throws TokenUnavailableException with a message for the build's log
     */
    public Lease openDerived(
            VcfCredentials credential,
            String organization,
            DerivedToken token,
            @CheckForNull Item near,
            Duration minimumValidity,
            LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        return leases().open(handles.derived(credential, near, organization, token), minimumValidity, owner);
    }

    /**
     * An access token without a lease. Returns at once when one is cached; else blocks.
     *
     * @throws TokenUnavailableException when none can be obtained
     */
    public AccessToken once(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        return leases().issueWithoutLease(handles.of(credential, null), DEFAULT_MINIMUM_VALIDITY, currentUser());
    }

    /**
     * Requests an access token now, and gives it to open blocks. Blocks.
     *
     * @throws TokenUnavailableException when the request brought none
     */
    public AccessToken renew(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        return leases().renew(handles.of(credential, null));
    }

    /** The user that the current thread acts for, for messages: "system" or "user alice". */
    public static String currentUser() {
        Authentication authentication = Jenkins.getAuthentication2();
        return ACL.SYSTEM2.equals(authentication) ? "system" : "user " + authentication.getName();
    }

    /**
     * Asks the server when the stored secret itself expires, with an access token if one is cached. Blocks, for several calls
     * at most; never sends a rotating token.
     *
     * @throws TokenUnavailableException when the server was not reached, or refuses the secret
     */
    public SecretExpiryResult secretExpiry(VcfCredentials credential) throws TokenUnavailableException {
        CredentialHandle handle = handles.of(credential, null);
        try {
            return SecretExpiryResult.of(handle, () -> cached(handle));
        } catch (TokenRequestException e) {
            throw new TokenUnavailableException(
                    handle.description() + ": the time when its secret expires is unknown: " + e.getMessage() + ". "
                            + e.tokenError().nextStep(),
                    e);
        }
    }

    /**
     * Has the server issue another secret in place of the stored one, where the credential wants that and it is due. Blocks,
     * for two requests at most. The new one is in the ledger when this returns, and is written back in the background.
     *
     * @return whether it was replaced
     * @throws TokenUnavailableException when it is due and was not replaced
     */
    public boolean regenerateIfDue(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        Duration beforeExpiry = credential.regeneratedBeforeExpiry();
        return beforeExpiry != null
                && families()
                        .regenerateIfDue(
                                handles.of(credential, null),
                                secretExpiry(credential).ends(),
                                beforeExpiry);
    }

    /**
     * Lists the Supervisor namespaces of an organization that are ready. Blocks, for several requests at most.
     *
     * @param accessToken of the organization
     * @throws TokenUnavailableException when the server was not reached, or refuses the access token; its message is
     *     meant for the build's log
     */
    public List<SupervisorNamespace> supervisorNamespaces(VcfCredentials credential, AccessToken accessToken)
            throws TokenUnavailableException {
        try {
            return new SupervisorNamespaceClient(handles.httpClient(credential), credential.account())
                    .list(accessToken);
        } catch (TokenRequestException e) {
            throw CredentialHandleFactory.unavailable(
                    credential,
                    "the Supervisor namespaces cannot be listed: " + e.getMessage() + ". "
                            + e.tokenError().nextStep(),
                    e);
        }
    }

    @CheckForNull
    private synchronized AccessToken cached(CredentialHandle handle) {
        return families == null ? null : families.cached(handle);
    }

    /**
     * The administration of token families, for pages and housekeeping.
     *
     * @throws TokenUnavailableException when the ledger's directory cannot be used
     */
    public TokenFamilyAdmin administration() throws TokenUnavailableException {
        return families().administration();
    }

    /** Empty while there is no ledger, or its directory cannot be used. */
    private Optional<TokenFamilyAdmin> findAdministration() {
        try {
            return hasLedger() ? Optional.of(administration()) : Optional.empty();
        } catch (TokenUnavailableException e) {
            LOGGER.log(Level.WARNING, e.getMessage(), e);
            return Optional.empty();
        }
    }

    /**
     * All token families as they are now. Reads the ledger's directory, and does not create it.
     *
     * @throws TokenUnavailableException when the directory cannot be read
     */
    public TokenFamilySnapshot snapshot() throws TokenUnavailableException {
        if (!hasLedger()) {
            return TokenFamilySnapshot.EMPTY;
        }
        try {
            return families().snapshot();
        } catch (IOException e) {
            throw new TokenUnavailableException(
                    "The directory " + directory() + " for tokens cannot be read (" + e.getMessage()
                            + "). Check the disk of the Jenkins home directory.",
                    e);
        }
    }

    /** The leases of open blocks, from memory. */
    public List<Lease> openLeases() {
        LeaseManager existing = existingLeases();
        return existing == null ? List.of() : existing.list();
    }

    /** Renews the leases of credentials in a context where another secret is stored by now. Does not block. */
    void renewChanged(StoreContext saved) {
        LeaseManager existing = existingLeases();
        if (existing != null) {
            String context = saved.name();
            existing.renewChanged(location -> location.context().equals(context));
        }
    }

    @CheckForNull
    private synchronized LeaseManager existingLeases() {
        return leases;
    }

    /** See {@link TokenFamilyAdmin#alarms}. From memory; 0 before the first use of the ledger. */
    public synchronized long alarms() {
        return families == null ? 0 : families.administration().alarms();
    }

    /** Whether the ledger's directory exists; it does not before the first token request of this controller. */
    public boolean hasLedger() {
        return Files.isDirectory(directory());
    }

    /**
     * Whether a refresh token is sent once more after an unknown outcome, when nothing can be lost by it; otherwise an
     * administrator decides. Read from a system property at each use.
     */
    public static boolean retriesUnknown() {
        return SystemProperties.getBoolean(VcfTokenService.class.getName() + ".retryUnknown", true);
    }

    /** Whether other processes are known not to be locked out, because the file system has no locks. From memory. */
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
        return handles.tokenClient(credential);
    }

    /** As {@link #client}, for what was typed into a form: errors contain no text of the server. */
    public TokenEndpointClient clientWithoutServerText(VcfCredentials typed) throws TokenUnavailableException {
        return handles.tokenClientOfTyped(typed);
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

    /** Forwards to all listeners. */
    TokenListener listener() {
        return listener;
    }

    /** For work that blocks on the network. */
    ExecutorService requestThreads() {
        return requestThreads;
    }

    public InstantSource clock() {
        return clock;
    }

    /** Replaces the wall clock of this controller in tests. */
    static void setClock(InstantSource other) {
        time = other;
    }

    synchronized LeaseManager leases() throws TokenUnavailableException {
        if (leases == null) {
            RenewalPolicy renewal =
                    new RenewalPolicy(() -> ThreadLocalRandom.current().nextDouble());
            leases = new LeaseManager(families(), Timer.get(), clock, renewal);
            // Timers stand still while a machine is suspended, so the wall clock is checked each minute.
            SafeTimerTask renewOverdue = SafeTimerTask.of(leases::renewOverdue);
            Timer.get().scheduleWithFixedDelay(renewOverdue, 1, 1, TimeUnit.MINUTES);
        }
        return leases;
    }

    private synchronized TokenManager families() throws TokenUnavailableException {
        if (families == null) {
            try {
                ledger = new FileTokenLedger(directory(), LedgerKeys.CIPHER);
                families = new TokenManager(
                        ledger,
                        hashes,
                        requestThreads,
                        writeBackThread,
                        clock,
                        TWO_CALLS,
                        VcfTokenService::retriesUnknown,
                        listener);
            } catch (IOException e) {
                throw new TokenUnavailableException(
                        "The directory " + directory() + " for tokens cannot be made (" + e.getMessage()
                                + "). Nothing was sent. Check the disk of the Jenkins home directory.",
                        e);
            }
        }
        return families;
    }

    /** Waits at shutdown for the responses to running requests, and saves them. */
    @Terminator
    public static void finishRequests() throws InterruptedException {
        for (VcfTokenService tokens : ExtensionList.lookup(VcfTokenService.class)) {
            tokens.shutdown();
            tokens.requestThreads.shutdown();
            if (!tokens.requestThreads.awaitTermination(LONGEST_REQUEST.toMillis(), TimeUnit.MILLISECONDS)) {
                LOGGER.log(Level.WARNING, "Shutting down while a token request is in progress");
            }
            Optional<TokenFamilyAdmin> administration = tokens.findAdministration();
            if (administration.isPresent()) {
                administration.get().saveUnsaved();
            }
            DeviceFlowRegistry.get().close();
            tokens.writeBackThread.shutdown();
            tokens.writeBackThread.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private synchronized void shutdown() {
        if (families != null) {
            families.shutdown();
        }
    }

    private static ExecutorService pool(String name, int least, int most, BlockingQueue<Runnable> queue) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                least,
                most,
                30,
                TimeUnit.SECONDS,
                queue,
                new NamingThreadFactory(new DaemonThreadFactory(), "vcf-token " + name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static Duration seconds(String property, int defaultValue) {
        return Duration.ofSeconds(Math.max(
                1, SystemProperties.getInteger(VcfTokenService.class.getName() + '.' + property, defaultValue)));
    }
}
