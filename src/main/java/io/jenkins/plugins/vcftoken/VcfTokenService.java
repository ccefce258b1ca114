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
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespaceClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.LedgerSnapshot;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
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
 * Entry point for access tokens. Connects {@code oauth}, {@code rotation} and {@code lease} with the directory, keys,
 * proxy, clock and threads of the controller. Opens the ledger at first use, so that it does not delay the start of
 * Jenkins. Thread-safe.
 */
@Extension
public final class VcfTokenService {

    /** Minimum remaining validity of the access token of a block; less if the server issues shorter-lived ones. */
    public static final Duration DEFAULT_MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private static final Logger LOGGER = Logger.getLogger(VcfTokenService.class.getName());

    private static final Duration CONNECT_TIMEOUT = seconds("connectTimeoutSeconds", 10);
    private static final Duration CALL_TIMEOUT = seconds("callTimeoutSeconds", 30);

    /** Of one token request, which may need a second call, to another path or with another secret. */
    private static final Duration REQUEST_TIMEOUT = CALL_TIMEOUT.multipliedBy(2);

    /** Of one token request with all retries; the last one may start at the limit. */
    private static final Duration MAX_REQUEST_DURATION = REQUEST_TIMEOUT.plus(RetryPolicy.MAX_ELAPSED);

    private static volatile InstantSource time = InstantSource.system();

    /** Unbounded: {@link TokenManager} limits the requests to each server. */
    private final ExecutorService requestThreads = pool("request", 0, Integer.MAX_VALUE, new SynchronousQueue<>());

    private final ExecutorService writeBackThread = pool("write-back", 1, 1, new LinkedBlockingQueue<>());
    private final InstantSource clock = () -> time.instant();
    private final TokenEventListener listener = new TokenEventDispatcher();
    private final TokenHasher hashes = LedgerCrypto.hash();
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
    private TokenManager tokenManager;
    private LeaseManager leases;

    public static VcfTokenService get() {
        return ExtensionList.lookupSingleton(VcfTokenService.class);
    }

    /**
     * Obtains an access token and renews it until the lease is closed. Blocks; must not be called on the CPS VM thread.
     *
     * @param organization one of the provider's organizations; empty for the credential's own access token
     * @param near a job that can see the credential, where the search for its store starts; may be null
     * @throws TokenUnavailableException with a message for the build log
     */
    public Lease open(
            VcfCredentials credential,
            String organization,
            @CheckForNull Item near,
            Duration minimumValidity,
            LeaseOwnerCallback owner)
            throws TokenUnavailableException, InterruptedException {
        return leases().open(handles.create(credential, near, organization), minimumValidity, owner);
    }

    /** Like {@link #open}, for a token that is requested with that access token. */
    public Lease openDerived(
            VcfCredentials credential,
            String organization,
            DerivedTokenClientFactory token,
            @CheckForNull Item near,
            Duration minimumValidity,
            LeaseOwnerCallback owner)
            throws TokenUnavailableException, InterruptedException {
        return leases().open(handles.createDerived(credential, near, organization, token), minimumValidity, owner);
    }

    /**
     * Returns an access token that is not renewed. Blocks unless one is cached.
     *
     * @throws TokenUnavailableException if none can be obtained
     */
    public AccessToken issueWithoutLease(VcfCredentials credential)
            throws TokenUnavailableException, InterruptedException {
        return leases().issueWithoutLease(handles.create(credential, null), DEFAULT_MINIMUM_VALIDITY, currentUser());
    }

    /**
     * Requests a new access token, also for open blocks. Blocks.
     *
     * @throws TokenUnavailableException if the request failed
     */
    public AccessToken renew(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        return leases().renew(handles.create(credential, null));
    }

    /** The authentication of the current thread, for messages: "system" or "user alice". */
    public static String currentUser() {
        Authentication authentication = Jenkins.getAuthentication2();
        return ACL.SYSTEM2.equals(authentication) ? "system" : "user " + authentication.getName();
    }

    /**
     * Requests the expiry of the stored secret itself, with an access token if one is cached. Blocks for up to several
     * calls; never sends a rotating token.
     *
     * @throws TokenUnavailableException if the server was not reached, or rejects the secret
     */
    public SecretExpiryResult secretExpiry(VcfCredentials credential) throws TokenUnavailableException {
        CredentialHandle handle = handles.create(credential, null);
        try {
            return SecretExpiryResult.of(handle, () -> cached(handle));
        } catch (TokenRequestException e) {
            throw new TokenUnavailableException(
                    handle.description() + ": the time when its secret expires is unknown: " + e.getMessage() + ". "
                            + e.errorType().nextStep(),
                    e);
        }
    }

    /**
     * Replaces the stored secret by a new one from the server, if the credential enables it and its expiry is near.
     * Blocks for up to two requests. On return, the ledger contains the new secret; it is written back in the
     * background.
     *
     * @return whether it was replaced
     * @throws TokenUnavailableException if the replacement was due and failed
     */
    public boolean regenerateIfDue(VcfCredentials credential) throws TokenUnavailableException, InterruptedException {
        Duration beforeExpiry = credential.regeneratedBeforeExpiry();
        return beforeExpiry != null
                && tokenManager()
                        .regenerateIfDue(
                                handles.create(credential, null),
                                secretExpiry(credential).expiresAt(),
                                beforeExpiry);
    }

    /**
     * Lists the ready Supervisor namespaces of an organization. Blocks for up to several requests.
     *
     * @param accessToken of the organization
     * @throws TokenUnavailableException if the server was not reached, or rejects the access token; its message is for
     *     the build log
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
                            + e.errorType().nextStep(),
                    e);
        }
    }

    @CheckForNull
    private synchronized AccessToken cached(CredentialHandle handle) {
        return tokenManager == null ? null : tokenManager.cached(handle);
    }

    /**
     * Administration of token families, for pages and cleanup.
     *
     * @throws TokenUnavailableException if the directory of the ledger cannot be created
     */
    public TokenFamilyAdmin administration() throws TokenUnavailableException {
        return tokenManager().administration();
    }

    /** Empty if there is no ledger yet, or its directory cannot be used. */
    private Optional<TokenFamilyAdmin> findAdministration() {
        try {
            return hasLedger() ? Optional.of(administration()) : Optional.empty();
        } catch (TokenUnavailableException e) {
            LOGGER.log(Level.WARNING, e.getMessage(), e);
            return Optional.empty();
        }
    }

    /**
     * The current token families. Reads the directory of the ledger but does not create it.
     *
     * @throws TokenUnavailableException if the directory cannot be read
     */
    public LedgerSnapshot snapshot() throws TokenUnavailableException {
        if (!hasLedger()) {
            return LedgerSnapshot.EMPTY;
        }
        try {
            return tokenManager().snapshot();
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

    /** Renews open leases if the stored secret of a credential in a saved context has changed. Does not block. */
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

    /** See {@link TokenFamilyAdmin#failureStateChanges}. From memory; 0 before the first use of the ledger. */
    public synchronized long failureStateChanges() {
        return tokenManager == null ? 0 : tokenManager.administration().failureStateChanges();
    }

    /** Whether the directory of the ledger exists; the first token request creates it. */
    public boolean hasLedger() {
        return Files.isDirectory(directory());
    }

    /**
     * Whether a refresh token is sent once more after an unknown outcome if this is safe; otherwise an administrator
     * decides. Reads a system property at each call.
     */
    public static boolean retriesUnknown() {
        return SystemProperties.getBoolean(VcfTokenService.class.getName() + ".retryUnknown", true);
    }

    /** Whether the file system is known to lack locks, so that other processes are not excluded. From memory. */
    public synchronized boolean hasOnlyThreadLocks() {
        return ledger != null && ledger.hasOnlyThreadLocks();
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
     * @throws TokenUnavailableException if its secret must not be sent, or a rotated one could not be stored
     */
    public CredentialHandle handle(VcfCredentials stored) throws TokenUnavailableException {
        return handles.create(stored, null);
    }

    /**
     * The client of a credential's token endpoint, with its TLS settings. The credential need not be stored.
     *
     * @throws TokenUnavailableException if its address or certificates are invalid
     */
    public TokenClient client(VcfCredentials credential) throws TokenUnavailableException {
        return handles.tokenClient(credential);
    }

    /** Like {@link #client}, for a submitted form: errors omit server text. */
    public TokenClient clientWithoutServerText(VcfCredentials submitted) throws TokenUnavailableException {
        return handles.tokenClientWithoutServerText(submitted);
    }

    /**
     * Requests an access token for "Test connection". Blocks.
     *
     * @param stored whether the handle belongs to a stored credential
     * @throws TokenUnavailableException if no access token was issued
     */
    public TokenResult testConnection(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        return leases().connectionTest(handle, stored);
    }

    CredentialHandleFactory handles() {
        return handles;
    }

    TokenEventListener listener() {
        return listener;
    }

    /** For tasks that block on the network. */
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
            leases = new LeaseManager(tokenManager(), Timer.get(), clock, renewal);
            // Timers do not advance while a machine is suspended, so the wall clock is checked each minute.
            SafeTimerTask renewOverdue = SafeTimerTask.of(leases::renewOverdue);
            Timer.get().scheduleWithFixedDelay(renewOverdue, 1, 1, TimeUnit.MINUTES);
        }
        return leases;
    }

    private synchronized TokenManager tokenManager() throws TokenUnavailableException {
        if (tokenManager == null) {
            try {
                ledger = new FileTokenLedger(directory(), LedgerCrypto.CIPHER);
                tokenManager = new TokenManager(
                        ledger,
                        hashes,
                        requestThreads,
                        writeBackThread,
                        clock,
                        REQUEST_TIMEOUT,
                        VcfTokenService::retriesUnknown,
                        listener);
            } catch (IOException e) {
                throw new TokenUnavailableException(
                        "The directory " + directory() + " for tokens cannot be made (" + e.getMessage()
                                + "). Nothing was sent. Check the disk of the Jenkins home directory.",
                        e);
            }
        }
        return tokenManager;
    }

    /** Waits at shutdown for the responses of running requests and saves them. */
    @Terminator
    public static void finishRequests() throws InterruptedException {
        for (VcfTokenService tokens : ExtensionList.lookup(VcfTokenService.class)) {
            tokens.shutdown();
            tokens.requestThreads.shutdown();
            if (!tokens.requestThreads.awaitTermination(MAX_REQUEST_DURATION.toMillis(), TimeUnit.MILLISECONDS)) {
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
        if (tokenManager != null) {
            tokenManager.shutdown();
        }
    }

    private static ExecutorService pool(String name, int minThreads, int maxThreads, BlockingQueue<Runnable> queue) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                minThreads,
                maxThreads,
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
