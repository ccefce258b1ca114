package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.okhttp.api.JenkinsOkHttpClient;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.TlsConfigurer;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import jenkins.security.FIPS140;
import okhttp3.OkHttpClient;

/**
 * Creates and caches HTTP clients with the proxy of the controller and the TLS settings of a credential. All requests
 * use such a client, so the rules for sending a secret are checked here. Thread-safe.
 */
final class HttpClientFactory {

    /** Limits the memory for connections and certificates; the least recently used client is dropped. */
    static final int MAX_CLIENTS = 64;

    /** Minimum password length that Jenkins requires in FIPS mode, in characters. */
    private static final int FIPS_SECRET_LENGTH = 14;

    private final Duration connectTimeout;
    private final Duration callTimeout;
    private final InstantSource clock;
    private final ServerCapabilities capabilities;

    /** In access order. */
    private final Map<TlsSettings, AtMostOnceHttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    /** @param capabilities shared by the clients of all TLS settings */
    HttpClientFactory(
            Duration connectTimeout, Duration callTimeout, InstantSource clock, ServerCapabilities capabilities) {
        this.connectTimeout = connectTimeout;
        this.callTimeout = callTimeout;
        this.clock = clock;
        this.capabilities = capabilities;
    }

    private record TlsSettings(boolean skipVerification, String certificates) {}

    /**
     * @throws TokenUnavailableException if the credential's secret must not be sent, or its certificates cannot be
     *     parsed
     * @throws IllegalArgumentException if the credential's address is invalid
     */
    AtMostOnceHttpClient get(VcfCredentials credential) throws TokenUnavailableException {
        checkSendingAllowed(credential);
        boolean skip = credential.isSkipTlsVerification();
        TlsSettings settings = new TlsSettings(skip, skip ? "" : credential.getCaCertificates());
        synchronized (clients) {
            AtMostOnceHttpClient client = clients.get(settings);
            if (client == null) {
                client = create(credential, settings);
                clients.put(settings, client);
                if (clients.size() > MAX_CLIENTS) {
                    clients.remove(clients.keySet().iterator().next());
                }
            }
            return client;
        }
    }

    private AtMostOnceHttpClient create(VcfCredentials credential, TlsSettings settings)
            throws TokenUnavailableException {
        OkHttpClient http =
                JenkinsOkHttpClient.newClientBuilder(new OkHttpClient()).build();
        try {
            if (settings.skipVerification()) {
                http = TlsConfigurer.withoutVerification(http);
            } else if (!settings.certificates().isBlank()) {
                http = TlsConfigurer.trusting(http, settings.certificates());
            }
        } catch (CertificateException e) {
            throw CredentialHandleFactory.unavailable(
                    credential,
                    "its CA certificates cannot be read (" + e.getMessage() + "). Correct them in the credential.",
                    e);
        }
        return new AtMostOnceHttpClient(http, connectTimeout, callTimeout, clock, capabilities);
    }

    int size() {
        synchronized (clients) {
            return clients.size();
        }
    }

    /** Not checked in a constructor: a credential stored before a rule was introduced must load to be edited. */
    private static void checkSendingAllowed(VcfCredentials credential) throws TokenUnavailableException {
        checkFieldLengths(credential);
        if ("http".equalsIgnoreCase(credential.account().url().getScheme())) {
            throw notSent(
                    credential,
                    "its address begins with http, so that its secret could be read on the network",
                    "Use the https address of the server.");
        }
        if (!FIPS140.useCompliantAlgorithms()) {
            return;
        }
        if (credential.isSkipTlsVerification()) {
            throw notSent(
                    credential,
                    "TLS verification is off in it, which is refused in FIPS mode",
                    "Store the certificate of the server's authority in the credential instead.");
        }
        int length = credential.storedSecret().getPlainText().length();
        if (length > 0 && length < FIPS_SECRET_LENGTH) {
            throw notSent(
                    credential,
                    "its secret has fewer than " + FIPS_SECRET_LENGTH + " characters, which is refused in FIPS mode",
                    "Give the account a longer one.");
        }
    }

    /** The message contains no field values, since any of them may be too long. */
    private static void checkFieldLengths(VcfCredentials credential) throws TokenUnavailableException {
        Account account = credential.account();
        boolean isTextTooLong = Stream.of(
                        credential.getUrl(),
                        account.organization(),
                        account.name(),
                        credential.clientId(),
                        credential.storedSecret().getPlainText())
                .anyMatch(text -> text.length() > VcfCredentials.MAX_TEXT);
        if (isTextTooLong || credential.getCaCertificates().length() > VcfCredentials.MAX_CERTIFICATES) {
            throw new TokenUnavailableException(
                    "Credential ‘" + credential.getId() + "’: one of its fields is too long, with more than "
                            + (isTextTooLong ? VcfCredentials.MAX_TEXT : VcfCredentials.MAX_CERTIFICATES)
                            + " characters. Nothing was sent. Correct it in the credential.",
                    null);
        }
    }

    private static TokenUnavailableException notSent(VcfCredentials credential, String cause, String advice) {
        return CredentialHandleFactory.unavailable(credential, cause + ". Nothing was sent. " + advice, null);
    }
}
