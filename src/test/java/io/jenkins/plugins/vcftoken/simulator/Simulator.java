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
 * A VCF Automation on loopback, over HTTPS with its own authority: the contract that the plugin is held to.
 *
 * <p>Strict where real servers are lenient: a request that a client should not send is refused and listed in
 * {@link #violations()}. It rotates, knows each token it ever spent, can revoke the account when one comes back, and
 * counts what it gets, because tests are to ask the server and not the client's log.
 */
public final class Simulator implements AutoCloseable {

    static {
        // The JDK's server waits for acknowledgments between its small writes, some 40 ms each, unless told otherwise
        // before it is first used. No server in the field does.
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
    /** One for all simulators of a process: making keys takes longer than many tests. */
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
    /** Access tokens whose response has left in full. */
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
    private final Devices devices = new Devices(this);
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
    private final List<Traffic> traffic = new ArrayList<>();
    private String claimedOrganization;
    private String nextRefreshToken;

    private Duration lifetime = Duration.ofHours(1);
    private Duration delay = Duration.ZERO;
    private Duration retryAfter;
    private String contentType = "application/json";
    private volatile Consumer<RefreshPhase> witness = moment -> {};
    private String prefix = "/oauth";
    private boolean revokesOnReuse = true;
    private boolean refusesLogins;
    private int requests;
    private int grants;
    private int rotations;
    private int reuses;
    private int repeats;
    private int repeatsWhileAlive;
    private int repeatsAfterRefusal;
    private int unauthorized;
    private int served;
    private int missed;
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

    /** With a certificate that was good until yesterday. */
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

    /** With a certificate for another host. */
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

    /** For tests in which it has nothing to object to. */
    public void closeWithoutViolations() {
        close();
        if (!violations().isEmpty()) {
            throw new AssertionError(violations());
        }
    }

    public URI url() {
        return URI.create("https://localhost:" + server.getAddress().getPort());
    }

    /** Of VMware Cloud on AWS, which takes the access tokens of Cloud Services. */
    public URI vmcUrl() {
        return vmc.url();
    }

    /** The authority's certificate, as an administrator would paste it. */
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

    public Devices devices() {
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

    // What tests set up

    /** Access tokens of VCF Automation claim to be this organization's, whatever account asks. */
    public synchronized void setClaimedOrganization(String claimedOrganization) {
        this.claimedOrganization = claimedOrganization;
    }

    /** @return the refresh token of the new account */
    public synchronized String addAccount(String name, String organization) {
        organizations.add(organization);
        String initialToken = newRefreshToken();
        accounts.add(new ServiceAccount(name, organization, initialToken));
        return initialToken;
    }

    /** Its token is replaced, as by a request whose answer never left. */
    public synchronized void rotate(String account) {
        ServiceAccount found = account(account);
        found.spent.add(found.current);
        found.current = newRefreshToken();
    }

    /** What the server asks for when it answers 429 or {@link Fault#STATUS_503_RETRY_AFTER_0}. */
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

    /** @return the refresh token that authorizing the account again gives */
    public synchronized String reauthorize(String account) {
        ServiceAccount found = account(account);
        // The old token is withdrawn, not spent: a client that still sends it is late, not careless.
        found.revoked = false;
        found.current = newRefreshToken();
        return found.current;
    }

    /** A hostile server chooses what it hands out. Not counted among the secrets that must not be found later. */
    public synchronized void setNextRefreshToken(String nextRefreshToken) {
        this.nextRefreshToken = nextRefreshToken;
    }

    /** No access token that was issued so far is admitted any more; refresh tokens stay. */
    public synchronized void endSessions() {
        accessTokens.replaceAll((accessToken, expiry) -> Instant.EPOCH);
    }

    /** Each access token is refused by the protected resources from now on, new ones too. */
    public synchronized void refuseLogins() {
        refusesLogins = true;
    }

    public synchronized void setLifetime(Duration lifetime) {
        this.lifetime = lifetime;
    }

    /** Told of each moment of a refresh grant, on the thread that serves it, which goes on when the witness returns. */
    public void setWitness(Consumer<RefreshPhase> witness) {
        this.witness = witness;
    }

    /** What the server calls its answers to refresh grants; some call JSON anything. */
    public synchronized void setContentType(String contentType) {
        this.contentType = contentType;
    }

    /** How long each token request takes. */
    public synchronized void setDelay(Duration delay) {
        this.delay = delay;
    }

    /** Serves the token endpoint under {@code /tm/oauth} alone. */
    public synchronized void moveBehindTm() {
        prefix = "/tm/oauth";
    }

    public synchronized void setRevokesOnReuse(boolean revokesOnReuse) {
        this.revokesOnReuse = revokesOnReuse;
    }

    /** The next token request meets this fault; several queue up. */
    public synchronized void inject(Fault fault) {
        faults.add(fault);
    }

    /**
     * While down, every request is answered with 502. Of the refresh grants, every second one has rotated the token before
     * that, so that the new one is lost with the answer.
     */
    public synchronized void setDown(boolean down) {
        isDown = down;
    }

    // What tests ask

    /** Refresh grants that were answered with 502 while the server was down. */
    public synchronized int requestsWhileDown() {
        return requestsWhileDown;
    }

    /** The accounts of which a new refresh token was lost while the server was down. */
    public synchronized Set<String> rotatedWhileDown() {
        return Set.copyOf(rotatedWhileDown);
    }

    /** Refresh grants of one account. */
    public synchronized int grantsBy(String account) {
        return grantsBy.getOrDefault(account, 0);
    }

    /** 200 answers of the protected resources to one account's access tokens. */
    public synchronized int servedBy(String account) {
        return servedBy.getOrDefault(account, 0);
    }

    /** 401 answers of the protected resources to one account's access tokens; under "" to what never was one. */
    public synchronized int unauthorizedBy(String account) {
        return unauthorizedBy.getOrDefault(account, 0);
    }

    public synchronized String currentToken(String account) {
        return account(account).current;
    }

    public synchronized boolean isRevoked(String account) {
        return account(account).revoked;
    }

    /** Token requests, whatever came of them. */
    public synchronized int requests() {
        return requests;
    }

    public synchronized int grants() {
        return grants;
    }

    public synchronized int rotations() {
        return rotations;
    }

    /** How often a token that had been rotated away came back. */
    public synchronized int reuses() {
        return reuses;
    }

    /** How often a refresh token was received that had been received before. */
    public synchronized int repeats() {
        return repeats;
    }

    /**
     * How often that happened while an access token of the account was alive that the client has: a refusal, and what it
     * entails, would have cost it.
     */
    public synchronized int repeatsWhileAlive() {
        return repeatsWhileAlive;
    }

    /** How often a refresh token was received that had been refused. */
    public synchronized int repeatsAfterRefusal() {
        return repeatsAfterRefusal;
    }

    /** The largest number of times that any one refresh token was received. */
    public synchronized int mostReceived() {
        return received.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /** 401 answers of the protected resources. */
    public synchronized int unauthorized() {
        return unauthorized;
    }

    /** 200 answers of the protected resources, without the lists of API tokens, which the health check asks for. */
    public synchronized int served() {
        return served;
    }

    /** Requests for a path that leads nowhere. */
    public synchronized int missed() {
        return missed;
    }

    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** Every access token ever issued. */
    public synchronized List<String> accessTokens() {
        return List.copyOf(accessTokens.keySet());
    }

    /** Whether an access token is one of an account. */
    public synchronized boolean isIssuedTo(String account, String accessToken) {
        return account.equals(userOf.get(accessToken));
    }

    /** Every refresh token ever issued. */
    public synchronized List<String> refreshTokens() {
        return List.copyOf(issuedRefreshTokens);
    }

    // What the handler needs

    ExecutorService threads() {
        return threads;
    }

    synchronized boolean isDown() {
        return isDown;
    }

    synchronized void exchangeWhileDown(String organization, String refreshToken) {
        requestsWhileDown++;
        if (requestsWhileDown % 2 == 0) {
            String owner = accounts.stream()
                    .filter(account -> account.current.equals(refreshToken))
                    .map(account -> account.name)
                    .findFirst()
                    .orElse("");
            if (exchange(organization, refreshToken, false) != null) {
                rotatedWhileDown.add(owner);
            }
        }
    }

    void witness(RefreshPhase moment) {
        witness.accept(moment);
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

    /** Names are compared without case, as Cloud Director does. */
    synchronized boolean knowsOrganization(String organization) {
        return organizations.stream().anyMatch(known -> known.equalsIgnoreCase(organization));
    }

    synchronized void countRequest(String refreshToken) {
        requests++;
        received.merge(refreshToken, 1, Integer::sum);
    }

    /** Of the refresh grant alone: other secrets may be sent as often as a client likes. */
    synchronized void countRefresh(String refreshToken) {
        boolean isAfterDecline = declined.remove(refreshToken);
        if (!isAfterDecline
                && received.containsKey(refreshToken)
                && accounts.stream().noneMatch(account -> account.isSteady(refreshToken))) {
            repeats++;
            repeatsWhileAlive += hasAccess(refreshToken) ? 1 : 0;
            repeatsAfterRefusal += refused.contains(refreshToken) ? 1 : 0;
        }
        countRequest(refreshToken);
    }

    private boolean hasAccess(String refreshToken) {
        // A twentieth is what clients may leave unused.
        Instant soon = clock.instant().plus(lifetime.dividedBy(20));
        return accounts.stream()
                .filter(account -> account.has(refreshToken))
                .anyMatch(account -> delivered.stream()
                        .anyMatch(token ->
                                account.name.equals(userOf.get(token)) && soon.isBefore(accessTokens.get(token))));
    }

    /** An answer that says for certain that nothing was done with the token. */
    synchronized void countDecline(String refreshToken) {
        declined.add(refreshToken);
    }

    synchronized void countRefusal(String refreshToken) {
        refused.add(refreshToken);
    }

    /** After a kill of the client: it has the access tokens that it has written down, whatever else had left. */
    public synchronized void keepDelivered(Set<String> known) {
        delivered.retainAll(known);
    }

    /** A response has left in full. */
    synchronized void countDelivery(String response) {
        accessTokens.keySet().stream().filter(response::contains).forEach(delivered::add);
    }

    synchronized void countMiss() {
        missed++;
    }

    synchronized void violation(String what) {
        violations.add(what);
    }

    /** @return the JSON of the answer, or null when the grant is invalid */
    synchronized String exchange(String organization, String refreshToken, boolean expiredAccessToken) {
        for (ServiceAccount account : accounts) {
            if (account.spent.contains(refreshToken)) {
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
                    account.spent.add(account.current);
                    account.current = newRefreshToken();
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

    /** @param expiresAt not after the lifetime that is set */
    synchronized String issueUntil(String user, String organization, Instant expiresAt) {
        String accessToken = Jwt.of(user, organization, expiresAt.minus(lifetime), expiresAt, random.nextLong());
        return rememberAccessToken(accessToken, user, organization, expiresAt);
    }

    /** An access token that is no JWT, in the form of VCF Operations. */
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

    /** The access token is not admitted any more. */
    synchronized void end(String accessToken) {
        accessTokens.put(accessToken, Instant.EPOCH);
    }

    /** Whether an access token has been issued and has neither expired nor ended. Counts nothing. */
    synchronized boolean isAlive(String accessToken) {
        return clock.instant().isBefore(expiryOf(accessToken));
    }

    /** Long ago for what never was an access token. */
    synchronized Instant expiryOf(String accessToken) {
        return accessTokens.getOrDefault(accessToken, Instant.EPOCH);
    }

    synchronized boolean isAccessTokenOf(String organization, String accessToken) {
        Instant expiry = accessTokens.get(accessToken);
        return expiry != null
                && clock.instant().isBefore(expiry)
                && organization.equals(organizationOf.get(accessToken));
    }

    /** The organization an access token is for; empty for none. */
    synchronized String organizationOf(String accessToken) {
        return organizationOf.getOrDefault(accessToken, "");
    }

    /** The account of an access token; empty for none. */
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

    /** What must not be found anywhere later. */
    synchronized void rememberSecret(String secret) {
        issuedRefreshTokens.add(secret);
    }

    synchronized void note(Traffic one) {
        traffic.add(one);
    }

    synchronized List<Traffic> traffic() {
        return List.copyOf(traffic);
    }

    synchronized String newSecret() {
        return newRefreshToken();
    }

    public synchronized boolean admits(String accessToken) {
        return admits(accessToken, organizationOf(accessToken));
    }

    /** @param organization whose access tokens are admitted */
    synchronized boolean admits(String accessToken, String organization) {
        boolean admitted = admitsUncounted(accessToken, organization);
        if (admitted) {
            served++;
            servedBy.merge(userOf(accessToken), 1, Integer::sum);
        }
        return admitted;
    }

    /** Counts a refusal as {@link #admits} does, and no success. */
    synchronized boolean admitsUncounted(String accessToken, String organization) {
        Instant expiry = accessTokens.get(accessToken);
        boolean admitted = !refusesLogins
                && expiry != null
                && clock.instant().isBefore(expiry)
                && organization.equals(organizationOf(accessToken));
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

    private String newRefreshToken() {
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
