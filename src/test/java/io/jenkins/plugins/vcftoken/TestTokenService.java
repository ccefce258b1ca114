package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
import io.jenkins.plugins.vcftoken.rotation.TokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import okhttp3.tls.HandshakeCertificates;

/** The core of the plugin with a ledger directory and a simulator, as in one controller process, without Jenkins. */
public final class TestTokenService implements AutoCloseable {

    /** Encodes instead of encrypting, which is sufficient to detect secrets that are stored in clear text. */
    public static final FileTokenLedger.Cipher CIPHER = new FileTokenLedger.Cipher() {
        @Override
        public String seal(String secret) {
            return "sealed:" + Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String open(String sealed) throws IOException {
            if (!sealed.startsWith("sealed:")) {
                throw new IOException("sealed by another controller");
            }
            return new String(Base64.getDecoder().decode(sealed.substring(7)), StandardCharsets.UTF_8);
        }
    };

    public static final TokenHasher HASH = text -> {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    };

    /** Only reached when a test fails; mutation tests set a shorter time. */
    public static final Duration MAX_WAIT = Duration.ofSeconds(Integer.getInteger("test.patience", 120));

    public final FileTokenLedger ledger;
    public final TokenManager families;
    private final Simulator simulator;
    private final AtMostOnceHttpClient client;
    private final ExecutorService requestThreads = Executors.newCachedThreadPool();
    private final ExecutorService writeBacks = Executors.newSingleThreadExecutor();

    public TestTokenService(Path directory, Simulator simulator, InstantSource clock) throws IOException {
        this(directory, simulator, clock, TokenEventListener.NONE);
    }

    public TestTokenService(Path directory, Simulator simulator, InstantSource clock, TokenEventListener listener)
            throws IOException {
        this(directory, simulator, clock, listener, client(simulator, clock));
    }

    /** @param client instead of the default with a timeout of {@link #MAX_WAIT} */
    public TestTokenService(
            Path directory,
            Simulator simulator,
            InstantSource clock,
            TokenEventListener listener,
            AtMostOnceHttpClient client)
            throws IOException {
        this(directory, simulator, clock, listener, client, MAX_WAIT);
    }

    /** @param timeout of {@link TokenManager} */
    public TestTokenService(
            Path directory,
            Simulator simulator,
            InstantSource clock,
            TokenEventListener listener,
            AtMostOnceHttpClient client,
            Duration timeout)
            throws IOException {
        this.simulator = simulator;
        this.client = client;
        this.ledger = new FileTokenLedger(directory, CIPHER);
        this.families =
                new TokenManager(ledger, HASH, requestThreads, writeBacks, clock, timeout, () -> true, listener);
    }

    /** A manager that does all work on the thread of the caller. */
    public static TokenManager manager(TokenLedger ledger, InstantSource clock) {
        return manager(ledger, clock, TokenEventListener.NONE);
    }

    public static TokenManager manager(TokenLedger ledger, InstantSource clock, TokenEventListener listener) {
        return new TokenManager(ledger, HASH, Runnable::run, Runnable::run, clock, MAX_WAIT, () -> true, listener);
    }

    public static AtMostOnceHttpClient client(Simulator simulator, InstantSource clock) {
        return client(simulator, clock, MAX_WAIT);
    }

    /** @param limit for a whole call */
    public static AtMostOnceHttpClient client(Simulator simulator, InstantSource clock, Duration limit) {
        return client(trusting(simulator), clock, limit);
    }

    /** Keeps server capabilities in memory only, since the directory of their file does not exist. */
    public static AtMostOnceHttpClient client(OkHttpClient http, InstantSource clock, Duration limit) {
        return new AtMostOnceHttpClient(
                http,
                limit,
                limit,
                clock,
                new ServerCapabilities(Path.of("no-directory", "servers"), clock, HASH::hash));
    }

    public static OkHttpClient trusting(Simulator simulator) {
        HandshakeCertificates trust = new HandshakeCertificates.Builder()
                .addTrustedCertificate(simulator.authority().certificate())
                .build();
        return new OkHttpClient.Builder()
                .sslSocketFactory(trust.sslSocketFactory(), trust.trustManager())
                .build();
    }

    public TokenClient service(String organization) {
        return new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization));
    }

    public AtMostOnceHttpClient client() {
        return client;
    }

    /** Adds the retries of a controller, without pauses. */
    public static TokenClient withRetries(TokenClient service) {
        return new RetryPolicy(InstantSource.system(), pause -> {}, () -> 0).decorate(service);
    }

    public TokenClient sddcManager(String user) {
        return withRetries(new SddcManagerTokenClient(
                client, new Account(SddcManagerTokenClient.SYSTEM, simulator.url(), "", user)));
    }

    public TokenClient cspApiToken() {
        return withRetries(new CspApiTokenClient(client, new Account(CspApiTokenClient.SYSTEM, simulator.url(), "")));
    }

    public TokenClient vcfSso() {
        return withRetries(new VcfSsoApiTokenClient(
                client,
                new Account(VcfSsoApiTokenClient.SYSTEM, simulator.url(), VcfSsoApiTokenClient.DEFAULT_TENANT),
                null,
                true));
    }

    public CredentialHandle handle(String name, TokenClient service, String token) {
        return new CredentialHandle(
                name, new CredentialLocation("system", name), token, service, (family, current, again) -> {});
    }

    /** Adds an account to the simulator. */
    public CredentialHandle newAccount(String name, String organization) {
        return handle(name, organization, simulator.addAccount(name, organization));
    }

    /** A credential whose store ignores rotated tokens. */
    public CredentialHandle handle(String name, String organization, String token) {
        return handle(name, service(organization), token);
    }

    public CredentialHandle handle(String name, String organization, String token, CredentialWriter writer) {
        return new CredentialHandle(name, new CredentialLocation("system", name), token, service(organization), writer);
    }

    /** Waits for the write-backs that have been submitted. */
    public void awaitWriteBacks() throws Exception {
        writeBacks.submit(() -> {}).get();
    }

    /** Waits for running requests, like the shutdown of a controller, and rejects further ones. */
    public void finishRequests() throws InterruptedException {
        requestThreads.shutdown();
        if (!requestThreads.awaitTermination(MAX_WAIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("A request is still on its way");
        }
    }

    /** Waits until no thread writes to the directory, since JUnit deletes it next. */
    @Override
    public void close() {
        for (ExecutorService threads : List.of(requestThreads, writeBacks)) {
            threads.shutdownNow();
        }
        for (ExecutorService threads : List.of(requestThreads, writeBacks)) {
            try {
                if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("A thread of the test still runs");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
