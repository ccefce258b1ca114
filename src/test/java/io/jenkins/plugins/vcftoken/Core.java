package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.exchange.CspApiTokens;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Retries;
import io.jenkins.plugins.vcftoken.exchange.SddcManagerTokens;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenHash;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.LedgerFiles;
import io.jenkins.plugins.vcftoken.store.SecretCipher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import okhttp3.OkHttpClient;
import okhttp3.tls.HandshakeCertificates;

/** The plugin's core on a directory and a simulator, without Jenkins: what a controller has of it in one process. */
public final class Core implements AutoCloseable {

    /** Not encryption, but enough to see that what is stored went through it. */
    public static final SecretCipher CIPHER = new SecretCipher() {
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

    public static final TokenHash HASH = text -> {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    };

    /**
     * Longer than anything takes on a machine that is busy with something else; reached only where a test fails, which
     * mutation testing does not want to wait for.
     */
    public static final Duration PLENTY = Duration.ofSeconds(Integer.getInteger("test.patience", 120));

    public final LedgerFiles ledger;
    public final Families families;
    private final Simulator simulator;
    private final TokenClient client;
    private final ExecutorService exchanges = Executors.newCachedThreadPool();
    private final ExecutorService writeBacks = Executors.newSingleThreadExecutor();

    public Core(Path directory, Simulator simulator, InstantSource clock) throws IOException {
        this(directory, simulator, clock, TokenListener.NOBODY);
    }

    public Core(Path directory, Simulator simulator, InstantSource clock, TokenListener listener) throws IOException {
        this(directory, simulator, clock, listener, client(simulator, clock));
    }

    /** @param client in place of one that waits as long as a test ever needs */
    public Core(Path directory, Simulator simulator, InstantSource clock, TokenListener listener, TokenClient client)
            throws IOException {
        this.simulator = simulator;
        this.client = client;
        this.ledger = new LedgerFiles(directory, CIPHER);
        this.families = new Families(ledger, HASH, exchanges, writeBacks, clock, PLENTY, listener);
    }

    public static TokenClient client(Simulator simulator, InstantSource clock) {
        return client(simulator, clock, PLENTY);
    }

    /** @param limit for a whole call */
    public static TokenClient client(Simulator simulator, InstantSource clock, Duration limit) {
        return new TokenClient(trusting(simulator), limit, limit, clock);
    }

    public static OkHttpClient trusting(Simulator simulator) {
        HandshakeCertificates trust = new HandshakeCertificates.Builder()
                .addTrustedCertificate(simulator.authority().certificate())
                .build();
        return new OkHttpClient.Builder()
                .sslSocketFactory(trust.sslSocketFactory(), trust.trustManager())
                .build();
    }

    public TokenService service(String organization) {
        return new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), organization));
    }

    public TokenClient client() {
        return client;
    }

    /** What the controller makes of a service; waits for nobody. */
    public TokenService patient(TokenService service) {
        return new Retries(InstantSource.system(), pause -> {}, () -> 0).of(service);
    }

    public TokenService sddcManager(String user) {
        return patient(
                new SddcManagerTokens(client, new Endpoint(SddcManagerTokens.SYSTEM, simulator.url(), "", user)));
    }

    public TokenService cspApiToken() {
        return patient(new CspApiTokens(client, new Endpoint(CspApiTokens.SYSTEM, simulator.url(), "")));
    }

    public Holder holder(String name, TokenService service, String token) {
        return new Holder(name, new Place("system", name), token, service, (family, current, again) -> {});
    }

    public Holder holder(String name, String organization, String token, TokenKeeper keeper) {
        return new Holder(name, new Place("system", name), token, service(organization), keeper);
    }

    /** What was handed to the store's executor so far is done when this returns. */
    public void awaitWriteBacks() throws Exception {
        writeBacks.submit(() -> {}).get();
    }

    @Override
    public void close() {
        exchanges.shutdownNow();
        writeBacks.shutdownNow();
    }
}
