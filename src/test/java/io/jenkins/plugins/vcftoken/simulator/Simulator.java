package io.jenkins.plugins.vcftoken.simulator;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/**
 * Simulated VCF servers on loopback, over HTTPS with a private CA.
 *
 * <p>Stricter than the real servers: a request that violates the protocol is rejected and listed in
 * {@link #violations()}. Rotates refresh tokens, optionally revokes an account when a used refresh token is sent again,
 * and counts requests, so that tests can assert the server's view instead of the client's log.
 */
public final class Simulator implements AutoCloseable {

    static {
        // Enables TCP_NODELAY; without it, each small write of the JDK's server is delayed by about 40 ms. Read once,
        // when the server class is initialized.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final String TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private final HttpsServer server;
    private final VmcServer vmc;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "simulator");
        thread.setDaemon(true);
        return thread;
    });
    /** Shared by all simulators of a JVM, because generating keys is slow. */
    private static final HeldCertificate AUTHORITY = new HeldCertificate.Builder()
            .commonName("Simulator Root")
            .certificateAuthority(0)
            .build();

    private static final HeldCertificate LOCALHOST =
            signed(certificate -> certificate.addSubjectAlternativeName("localhost"));

    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private final List<ServiceAccount> accounts = new ArrayList<>();
    private final Set<String> organizations = new HashSet<>(Set.of("System"));
    private final Map<String, Instant> accessTokens = new LinkedHashMap<>();
    private final Map<String, Integer> received = new HashMap<>();
    private final List<String> issuedRefreshTokens = new ArrayList<>();
    private final Set<String> refused = new HashSet<>();
    private final Set<String> declined = new HashSet<>();
    /** Access tokens in responses that were sent completely. */
    private final Set<String> delivered = new HashSet<>();

    private final List<String> violations = new ArrayList<>();
    private final Queue<Fault> faults = new ArrayDeque<>();
    private final Map<String, String> organizationOf = new HashMap<>();
    private final Map<String, String> userOf = new HashMap<>();
    private final SddcManager sddcManager = new SddcManager(this);
    private final CloudServices cloudServices = new CloudServices(this);
    private final VcfSso vcfSso = new VcfSso(this);
    private final VcfOperations vcfOperations = new VcfOperations(this);
    private final Vcenter vcenter = new Vcenter(this);
    private final ProviderSessions providerSessions = new ProviderSessions(this);
    private final SimulatedOrganizations tenants = new SimulatedOrganizations(this);
    private final ApiTokens apiTokens = new ApiTokens(this);
    private final DeviceAuthorizationApi devices = new DeviceAuthorizationApi(this);
    private final OrganizationObjects organizationObjects = new OrganizationObjects(this);
    private final DefinedInterfaceObjects definedInterfaces = new DefinedInterfaceObjects(this);
    private final List<TokenApi> apis = List.of(
            sddcManager,
            cloudServices,
            vcfSso,
            vcfOperations,
            vcenter,
            providerSessions,
            tenants,
            apiTokens,
            new VcloudApi(this),
            organizationObjects,
            definedInterfaces,
            new IaasApi(this));
    private final KubernetesApi kubernetes = new KubernetesApi(this);
    private final List<RecordedExchange> recorded = new ArrayList<>();
    private String claimedOrganization;
    private String nextRefreshToken;

    private Duration lifetime = Duration.ofHours(1);
    private Duration delay = Duration.ZERO;
    private Duration retryAfter;
    private String contentType = "application/json";
    private volatile Consumer<RefreshPhase> phaseListener = phase -> {};
    private String prefix = "/oauth";
    private boolean revokesOnReuse = true;
    private boolean rejectsAccessTokens;
    private int requests;
    private int grants;
    private int rotations;
    private int reuses;
    private int repeats;
    private int repeatsWhileAlive;
    private int repeatsAfterRefusal;
    private int unauthorized;
    private int served;
    private int notFound;
    private boolean isDown;
    private int requestsWhileDown;
    private final Set<String> rotatedWhileDown = new LinkedHashSet<>();
    private final Map<String, Integer> grantsBy = new HashMap<>();
    private final Map<String, Integer> servedBy = new HashMap<>();
    private final Map<String, Integer> unauthorizedBy = new HashMap<>();

    private Simulator(InstantSource clock, int port, HeldCertificate certificate) throws IOException {
        this.clock = clock;
        HandshakeCertificates handshake = new HandshakeCertificates.Builder()
                .heldCertificate(certificate, AUTHORITY.certificate())
                .build();
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(handshake.sslContext()));
        server.setExecutor(threads);
        server.createContext("/", new SimulatorHandler(this));
        server.start();
        vmc = new VmcServer(this, handshake.sslContext(), threads);
    }

    public static Simulator start() {
        return start(InstantSource.system(), 0);
    }

    /** @param port 0 for any */
    public static Simulator start(InstantSource clock, int port) {
        return start(clock, port, LOCALHOST);
    }

    private static HeldCertificate signed(UnaryOperator<HeldCertificate.Builder> details) {
        return details.apply(new HeldCertificate.Builder().commonName("localhost"))
                .signedBy(AUTHORITY)
                .build();
    }

    /** Starts with a certificate that expired yesterday. */
    public static Simulator startExpired() {
        long now = System.currentTimeMillis();
        return start(
                InstantSource.system(),
                0,
                signed(certificate -> certificate
                        .addSubjectAlternativeName("localhost")
                        .validityInterval(
                                now - Duration.ofDays(30).toMillis(),
                                now - Duration.ofDays(1).toMillis())));
    }

    /** @param host subject alternative name of the certificate, instead of {@code localhost} */
    public static Simulator startAs(String host) {
        return start(InstantSource.system(), 0, signed(certificate -> certificate.addSubjectAlternativeName(host)));
    }

    private static Simulator start(InstantSource clock, int port, HeldCertificate certificate) {
        try {
            return new Simulator(clock, port, certificate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        kubernetes.close();
        vmc.close();
        server.stop(0);
        threads.shutdownNow();
    }

    /** @throws AssertionError if there are violations */
    public void closeAndCheckViolations() {
        close();
        if (!violations().isEmpty()) {
            throw new AssertionError(violations());
        }
    }

    public URI url() {
        return URI.create("https://localhost:" + server.getAddress().getPort());
    }

    /** URL of the simulated VMware Cloud on AWS. */
    public URI vmcUrl() {
        return vmc.url();
    }

    public String authorityPem() {
        return AUTHORITY.certificatePem();
    }

    public HeldCertificate authority() {
        return AUTHORITY;
    }

    public SddcManager sddcManager() {
        return sddcManager;
    }

    public CloudServices cloudServices() {
        return cloudServices;
    }

    public VcfSso vcfSso() {
        return vcfSso;
    }

    public VcfOperations vcfOperations() {
        return vcfOperations;
    }

    public Vcenter vcenter() {
        return vcenter;
    }

    public ProviderSessions providerSessions() {
        return providerSessions;
    }

    public SimulatedOrganizations tenants() {
        return tenants;
    }

    public ApiTokens apiTokens() {
        return apiTokens;
    }

    public DeviceAuthorizationApi devices() {
        return devices;
    }

    public OrganizationObjects organizationObjects() {
        return organizationObjects;
    }

    public DefinedInterfaceObjects definedInterfaces() {
        return definedInterfaces;
    }

    List<TokenApi> apis() {
        return apis;
    }

    public KubernetesApi kubernetes() {
        return kubernetes;
    }

    // Configuration by tests

    /** Sets the {@code org_name} claim of all new access tokens; null for the organization of the account. */
    public synchronized void setClaimedOrganization(String claimedOrganization) {
        this.claimedOrganization = claimedOrganization;
    }

    /** @return refresh token of the new account */
    public synchronized String addAccount(String name, String organization) {
        organizations.add(organization);
        String initialToken = newSecret();
        accounts.add(new ServiceAccount(name, organization, initialToken));
        return initialToken;
    }

    /** Replaces the refresh token of an account, like a refresh request with a lost response. */
    public synchronized void rotate(String account) {
        ServiceAccount found = account(account);
        found.formerTokens.add(found.current);
        found.current = newSecret();
    }

    /** Sets {@code Retry-After} of {@link Fault#STATUS_429} and {@link Fault#STATUS_503_RETRY_AFTER_0}. */
    public synchronized void setRetryAfter(Duration retryAfter) {
        this.retryAfter = retryAfter;
    }

    synchronized String retryAfter(String usual) {
        return retryAfter == null ? usual : String.valueOf(retryAfter.toSeconds());
    }

    public synchronized void setRotation(String account, boolean rotates) {
        account(account).rotates = rotates;
    }

    public synchronized void revoke(String account) {
        account(account).revoked = true;
    }

    /** @return new refresh token of the account, which is no longer revoked */
    public synchronized String reauthorize(String account) {
        ServiceAccount found = account(account);
        // Sending the previous token is not counted as reuse: the client could not know about the reauthorization.
        found.revoked = false;
        found.current = newSecret();
        return found.current;
    }

    /** Sets the next refresh token, as a malicious server could. Not included in {@link #refreshTokens()}. */
    public synchronized void setNextRefreshToken(String nextRefreshToken) {
        this.nextRefreshToken = nextRefreshToken;
    }

    /** Invalidates all access tokens issued so far; refresh tokens stay valid. */
    public synchronized void endSessions() {
        accessTokens.replaceAll((accessToken, expiry) -> Instant.EPOCH);
    }

    /** Makes the protected resources reject all access tokens, including new ones. */
    public synchronized void rejectAccessTokens() {
        rejectsAccessTokens = true;
    }

    public synchronized void setLifetime(Duration lifetime) {
        this.lifetime = lifetime;
    }

    /** @param listener called in each phase of a refresh request, on the thread that handles the request */
    public void setPhaseListener(Consumer<RefreshPhase> listener) {
        phaseListener = listener;
    }

    /** Sets the content type of successful refresh responses; some servers do not send {@code application/json}. */
    public synchronized void setContentType(String contentType) {
        this.contentType = contentType;
    }

    /** Sets the duration of each token request. */
    public synchronized void setDelay(Duration delay) {
        this.delay = delay;
    }

    /** Moves the token endpoint from {@code /oauth} to {@code /tm/oauth}. */
    public synchronized void useTmPathPrefix() {
        prefix = "/tm/oauth";
    }

    public synchronized void setRevokesOnReuse(boolean revokesOnReuse) {
        this.revokesOnReuse = revokesOnReuse;
    }

    /** Queues a fault; each token request consumes one. */
    public synchronized void inject(Fault fault) {
        faults.add(fault);
    }

    /**
     * While down, the server responds with 502 to every request. Every second refresh request still rotates the token,
     * so that the response with the new token is lost.
     */
    public synchronized void setDown(boolean down) {
        isDown = down;
    }

    // Counters and state for assertions

    /** Number of refresh requests that received 502 while the server was down. */
    public synchronized int requestsWhileDown() {
        return requestsWhileDown;
    }

    /** Accounts with a refresh token that was rotated while the server was down. */
    public synchronized Set<String> rotatedWhileDown() {
        return Set.copyOf(rotatedWhileDown);
    }

    /** Number of successful refresh requests of an account. */
    public synchronized int grantsBy(String account) {
        return grantsBy.getOrDefault(account, 0);
    }

    /** Number of requests to protected resources that were accepted with an access token of the account. */
    public synchronized int servedBy(String account) {
        return servedBy.getOrDefault(account, 0);
    }

    /**
     * Number of requests to protected resources that were rejected with 401.
     *
     * @param account owner of the access token; empty for unknown access tokens
     */
    public synchronized int unauthorizedBy(String account) {
        return unauthorizedBy.getOrDefault(account, 0);
    }

    public synchronized String currentToken(String account) {
        return account(account).current;
    }

    public synchronized boolean isRevoked(String account) {
        return account(account).revoked;
    }

    /** Number of token requests, including failed ones. */
    public synchronized int requests() {
        return requests;
    }

    /** Number of successful refresh requests. */
    public synchronized int grants() {
        return grants;
    }

    public synchronized int rotations() {
        return rotations;
    }

    /** Number of refresh requests with a token that was already rotated. */
    public synchronized int reuses() {
        return reuses;
    }

    /** Number of refresh requests with a rotating token that was received before. */
    public synchronized int repeats() {
        return repeats;
    }

    /**
     * Number of {@link #repeats()} while the client had a valid access token of the account. Such a repeat is an error:
     * a rejection may revoke that access token.
     */
    public synchronized int repeatsWhileAlive() {
        return repeatsWhileAlive;
    }

    /** Number of {@link #repeats()} with a refresh token that was rejected before. */
    public synchronized int repeatsAfterRefusal() {
        return repeatsAfterRefusal;
    }

    /** Maximum number of times that any single secret was received. */
    public synchronized int maxRequestsPerSecret() {
        return received.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /** Number of 401 responses of the protected resources. */
    public synchronized int unauthorized() {
        return unauthorized;
    }

    /** Number of 200 responses of the protected resources, except lists of API tokens (read by the health check). */
    public synchronized int served() {
        return served;
    }

    /** Number of requests for an unknown path. */
    public synchronized int notFound() {
        return notFound;
    }

    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** All access tokens issued so far. */
    public synchronized List<String> accessTokens() {
        return List.copyOf(accessTokens.keySet());
    }

    public synchronized boolean isIssuedTo(String account, String accessToken) {
        return account.equals(userOf.get(accessToken));
    }

    /** All refresh tokens and other secrets so far, including expired and rotated ones. */
    public synchronized List<String> refreshTokens() {
        return List.copyOf(issuedRefreshTokens);
    }

    // Request handling

    ExecutorService threads() {
        return threads;
    }

    synchronized boolean isDown() {
        return isDown;
    }

    synchronized void refreshWhileDown(String organization, String refreshToken) {
        requestsWhileDown++;
        if (requestsWhileDown % 2 == 0) {
            String owner = accounts.stream()
                    .filter(account -> account.current.equals(refreshToken))
                    .map(account -> account.name)
                    .findFirst()
                    .orElse("");
            if (refresh(organization, refreshToken, false) != null) {
                rotatedWhileDown.add(owner);
            }
        }
    }

    void enterPhase(RefreshPhase phase) {
        phaseListener.accept(phase);
    }

    synchronized String contentType() {
        return contentType;
    }

    synchronized Duration delay() {
        return delay;
    }

    synchronized Fault nextFault() {
        return faults.poll();
    }

    synchronized String prefix() {
        return prefix;
    }

    /** Compares names case-insensitively, like Cloud Director. */
    synchronized boolean knowsOrganization(String organization) {
        return organizations.stream().anyMatch(known -> known.equalsIgnoreCase(organization));
    }

    synchronized void countRequest(String refreshToken) {
        requests++;
        received.merge(refreshToken, 1, Integer::sum);
    }

    /** Counts a refresh request. Detects repeats of rotating tokens; other secrets may be sent repeatedly. */
    synchronized void countRefresh(String refreshToken) {
        boolean wasDeclined = declined.remove(refreshToken);
        if (!wasDeclined
                && received.containsKey(refreshToken)
                && accounts.stream().noneMatch(account -> account.isNonRotating(refreshToken))) {
            repeats++;
            repeatsWhileAlive += hasUsableAccessToken(refreshToken) ? 1 : 0;
            repeatsAfterRefusal += refused.contains(refreshToken) ? 1 : 0;
        }
        countRequest(refreshToken);
    }

    private boolean hasUsableAccessToken(String refreshToken) {
        // Clients may treat an access token as expired in the last 5 % of its lifetime.
        Instant soon = clock.instant().plus(lifetime.dividedBy(20));
        return accounts.stream()
                .filter(account -> account.has(refreshToken))
                .anyMatch(account -> delivered.stream()
                        .anyMatch(token ->
                                account.name.equals(userOf.get(token)) && soon.isBefore(accessTokens.get(token))));
    }

    /** Records a response that guarantees that the token was not used, so that the client may send it again. */
    synchronized void countDecline(String refreshToken) {
        declined.add(refreshToken);
    }

    synchronized void countRefusal(String refreshToken) {
        refused.add(refreshToken);
    }

    /** Limits the delivered access tokens to those that a killed client had saved. */
    public synchronized void retainDelivered(Set<String> known) {
        delivered.retainAll(known);
    }

    /** Records the access tokens of a response that was sent completely. */
    synchronized void countDelivery(String response) {
        accessTokens.keySet().stream().filter(response::contains).forEach(delivered::add);
    }

    synchronized void countNotFound() {
        notFound++;
    }

    synchronized void violation(String what) {
        violations.add(what);
    }

    /** @return JSON of the token response; null if the refresh token is invalid */
    synchronized String refresh(String organization, String refreshToken, boolean expiredAccessToken) {
        for (ServiceAccount account : accounts) {
            if (account.formerTokens.contains(refreshToken)) {
                reuses++;
                if (revokesOnReuse) {
                    account.revoked = true;
                }
                return null;
            }
            if (account.current.equals(refreshToken)) {
                if (account.revoked || !account.organization.equalsIgnoreCase(organization)) {
                    return null;
                }
                if (account.rotates) {
                    rotations++;
                    account.formerTokens.add(account.current);
                    account.current = newSecret();
                }
                grants++;
                grantsBy.merge(account.name, 1, Integer::sum);
                String accessToken = issue(account.name, account.organization, false);
                return "{\"access_token\":\"" + accessToken + "\",\"token_type\":\"Bearer\",\"expires_in\":"
                        + (expiredAccessToken ? 0 : lifetime.toSeconds()) + ",\"refresh_token\":\"" + account.current
                        + "\"}";
            }
        }
        return null;
    }

    synchronized String issue(String user, String organization, boolean expired) {
        Instant now = clock.instant();
        Instant expiresAt = expired ? now : now.plus(lifetime);
        String claimed = claimedOrganization == null ? organization : claimedOrganization;
        String accessToken = Jwt.of(user, claimed, now, expiresAt, random.nextLong());
        return rememberAccessToken(accessToken, user, organization, expiresAt);
    }

    /** @param expiresAt must not be later than the configured lifetime from now */
    synchronized String issueUntil(String user, String organization, Instant expiresAt) {
        String accessToken = Jwt.of(user, organization, expiresAt.minus(lifetime), expiresAt, random.nextLong());
        return rememberAccessToken(accessToken, user, organization, expiresAt);
    }

    /** Issues an access token in the opaque format of VCF Operations. */
    synchronized String issueOpaque(String user, boolean expired) {
        Instant now = clock.instant();
        String accessToken = UUID.randomUUID() + "::" + UUID.randomUUID();
        return rememberAccessToken(accessToken, user, "", expired ? now : now.plus(lifetime));
    }

    synchronized String rememberAccessToken(String accessToken, String user, String organization, Instant expiresAt) {
        accessTokens.put(accessToken, expiresAt);
        organizationOf.put(accessToken, organization);
        userOf.put(accessToken, user);
        return accessToken;
    }

    /** Revokes an access token. */
    synchronized void end(String accessToken) {
        accessTokens.put(accessToken, Instant.EPOCH);
    }

    /** Whether an access token is valid. Unlike {@link #admits}, does not count. */
    synchronized boolean isAlive(String accessToken) {
        return clock.instant().isBefore(expiryOf(accessToken));
    }

    /** @return expiry of an access token; {@link Instant#EPOCH} if unknown */
    synchronized Instant expiryOf(String accessToken) {
        return accessTokens.getOrDefault(accessToken, Instant.EPOCH);
    }

    synchronized boolean isAccessTokenOf(String organization, String accessToken) {
        return isAlive(accessToken) && organization.equals(organizationOf(accessToken));
    }

    /** @return organization of an access token; empty if unknown */
    synchronized String organizationOf(String accessToken) {
        return organizationOf.getOrDefault(accessToken, "");
    }

    /** @return account of an access token; empty if unknown */
    synchronized String userOf(String accessToken) {
        return userOf.getOrDefault(accessToken, "");
    }

    synchronized Instant now() {
        return clock.instant();
    }

    synchronized Duration lifetime() {
        return lifetime;
    }

    synchronized void addOrganization(String organization) {
        organizations.add(organization);
    }

    /** Adds a secret to {@link #refreshTokens()}, which tests search for in logs and files. */
    synchronized void rememberSecret(String secret) {
        issuedRefreshTokens.add(secret);
    }

    synchronized void record(RecordedExchange exchange) {
        recorded.add(exchange);
    }

    synchronized List<RecordedExchange> recorded() {
        return List.copyOf(recorded);
    }

    /** Whether an access token is valid; counts the result. */
    public synchronized boolean admits(String accessToken) {
        return admits(accessToken, organizationOf(accessToken));
    }

    /** Whether an access token is valid for an organization; counts the result. */
    synchronized boolean admits(String accessToken, String organization) {
        boolean admitted = admitsUncounted(accessToken, organization);
        if (admitted) {
            served++;
            servedBy.merge(userOf(accessToken), 1, Integer::sum);
        }
        return admitted;
    }

    /** Like {@link #admits(String, String)}, but counts rejections only. */
    synchronized boolean admitsUncounted(String accessToken, String organization) {
        boolean admitted = !rejectsAccessTokens && isAccessTokenOf(organization, accessToken);
        if (!admitted) {
            unauthorized++;
            unauthorizedBy.merge(userOf(accessToken), 1, Integer::sum);
        }
        return admitted;
    }

    synchronized String statistics() {
        return "{\"requests\":" + requests + ",\"grants\":" + grants + ",\"rotations\":" + rotations + ",\"reuses\":"
                + reuses + ",\"repeatsWhileAlive\":" + repeatsWhileAlive + ",\"served\":" + served
                + ",\"unauthorized\":" + unauthorized + ",\"violations\":"
                + violations.size() + "}";
    }

    synchronized String newSecret() {
        String chosen = nextRefreshToken;
        if (chosen != null) {
            nextRefreshToken = null;
            return chosen;
        }
        StringBuilder token = new StringBuilder(32);
        for (int i = 0; i < 32; i++) {
            token.append(TOKEN_LETTERS.charAt(random.nextInt(TOKEN_LETTERS.length())));
        }
        issuedRefreshTokens.add(token.toString());
        return token.toString();
    }

    private ServiceAccount account(String name) {
        return accounts.stream()
                .filter(account -> account.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No account " + name));
    }
}
