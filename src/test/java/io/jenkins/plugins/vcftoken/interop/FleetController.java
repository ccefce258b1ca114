package io.jenkins.plugins.vcftoken.interop;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecrets;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TlsConfigurer;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;

/**
 * A controller without Jenkins that shares Secrets with others. As a process, {@code FleetController HOME URL
 * AUTHORITY KUBECONFIG ACCOUNTS}, it requests an access token of each account in a loop and prints the results, until
 * it is killed.
 */
final class FleetController implements AutoCloseable {

    /** Long enough that the access token of a late response has expired before the request is repeated. */
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ExecutorService writeBacks = Executors.newSingleThreadExecutor();
    private final TokenManager manager;
    private final VcfaTokenClient client;

    public static void main(String[] args) throws Exception {
        FleetController controller =
                new FleetController(Path.of(args[0]), URI.create(args[1]), Files.readString(Path.of(args[2])));
        KubernetesSecrets secrets = new KubernetesSecrets(Path.of(args[3]));
        for (int i = 0; i < Integer.parseInt(args[4]); i++) {
            String id = "a" + i;
            new Thread(() -> controller.requestForever(id, secrets.secret(id))).start();
        }
    }

    /** @param url of the simulator */
    FleetController(Path home, URI url, String authorityPem) throws Exception {
        AtMostOnceHttpClient http = TestTokenService.client(
                TlsConfigurer.trusting(new OkHttpClient(), authorityPem), InstantSource.system(), CALL_TIMEOUT);
        client = new VcfaTokenClient(http, new Account(VcfaTokenClient.SYSTEM, url, "acme"));
        manager = new TokenManager(
                new FileTokenLedger(home.resolve("ledger"), TestTokenService.CIPHER),
                tokenHash(home),
                threads,
                writeBacks,
                InstantSource.system(),
                CALL_TIMEOUT.multipliedBy(2),
                () -> true,
                new TokenEventListener() {
                    @Override
                    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                        boolean wasUnknown = before.state() == TokenFamily.Status.UNKNOWN;
                        System.out.println((wasUnknown ? "HEALED " : "GRANTED ") + handle.name());
                    }
                });
    }

    /** Deletes the content of a home, except of directories that are needed for a start. */
    static void wipe(Path home, String... kept) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(home)
                        && !List.of(kept)
                                .contains(home.relativize(file).getName(0).toString())) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Hash with a key in the home directory. */
    private static TokenHasher tokenHash(Path home) throws IOException {
        Path key = home.resolve("key");
        if (!Files.exists(key)) {
            Files.writeString(key, UUID.randomUUID().toString());
        }
        String secret = Files.readString(key);
        return text -> TestTokenService.HASH.hash(secret + text);
    }

    /**
     * @param storedToken token of the credential in a build, possibly a former one
     * @param acceptable whether a cached access token is used instead of a request
     */
    TokenResult request(String id, String storedToken, VersionedSecret secret, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {
                throw new UnsupportedOperationException("the token is written to the Secret");
            }

            @Override
            public VersionedSecret versionedSecret() {
                return secret;
            }
        };
        CredentialHandle handle =
                new CredentialHandle(id, new CredentialLocation("kubernetes", id), storedToken, client, writer);
        return manager.await(handle, acceptable);
    }

    private void requestForever(String id, VersionedSecret secret) {
        String stored = "";
        while (true) {
            try {
                stored = stored.isEmpty() ? secret.read().secret() : stored;
                request(id, stored, secret, accessToken -> true);
                Thread.sleep(10);
            } catch (TokenUnavailableException e) {
                boolean needsAuthorization = e.getMessage().contains("re-authorize the account");
                System.out.println((needsAuthorization ? "STUCK " : "FAILED ") + id + ' ' + e.getMessage());
                stored = "";
                pause();
            } catch (IOException e) {
                System.out.println("UNREADABLE " + id + ' ' + e);
                pause();
            } catch (Exception e) {
                System.out.println("ERROR " + id + ' ' + e);
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        writeBacks.shutdownNow();
    }
}
