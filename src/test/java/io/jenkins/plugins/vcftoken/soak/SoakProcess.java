package io.jenkins.plugins.vcftoken.soak;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TlsConfigurer;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import okhttp3.OkHttpClient;

/**
 * Rotates tokens until it is killed, as a controller on a shared home: {@code SoakProcess HOME URL THREADS ACCOUNTS}.
 */
final class SoakProcess {

    /** Twice this timeout is longer than an access token is valid, so that none is left when a token is sent again. */
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(3);

    private SoakProcess() {}

    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        InstantSource clock = InstantSource.system();
        OkHttpClient http = TlsConfigurer.trusting(new OkHttpClient(), Files.readString(home.resolve("ca.pem")));
        AtMostOnceHttpClient client = TestTokenService.client(http, clock, CALL_TIMEOUT);
        VcfaTokenClient service =
                new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, URI.create(args[1]), "acme"));
        TokenManager manager = new TokenManager(
                new FileTokenLedger(home.resolve("ledger"), TestTokenService.CIPHER),
                TestTokenService.HASH,
                Executors.newCachedThreadPool(),
                Executors.newSingleThreadExecutor(),
                clock,
                CALL_TIMEOUT.multipliedBy(2),
                () -> true,
                new TokenEventListener() {
                    @Override
                    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                        if (before.state() == TokenFamily.Status.UNKNOWN) {
                            System.out.println("HEALED " + handle.name());
                        }
                    }
                });
        int accounts = Integer.parseInt(args[3]);
        for (int i = 0; i < Integer.parseInt(args[2]); i++) {
            String id = "a" + i % accounts;
            new Thread(() -> rotate(manager, service, id, new TokenFile(home.resolve(id)))).start();
        }
    }

    private static void rotate(TokenManager manager, VcfaTokenClient service, String id, TokenFile store) {
        while (true) {
            try {
                String token = store.read();
                CredentialHandle handle =
                        new CredentialHandle(id, new CredentialLocation("system", id), token, service, store);
                TokenUnavailableException error = requestToken(manager, handle);
                if (error != null && error.getMessage().contains("re-authorize the account")) {
                    System.out.println("STUCK " + id + ' ' + token);
                }
                if (error != null) {
                    Thread.sleep(20);
                }
            } catch (Exception e) {
                System.out.println("ERROR " + e);
            }
        }
    }

    /** @return null after a successful request */
    private static TokenUnavailableException requestToken(TokenManager manager, CredentialHandle handle)
            throws InterruptedException {
        try {
            return manager.await(handle, accessToken -> false).error();
        } catch (TokenUnavailableException e) {
            return e;
        }
    }
}
