package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.okhttp.api.JenkinsOkHttpClient;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.oauth.TlsConfig;
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
 * Makes HTTP clients with the proxy of this controller and the TLS settings of a credential. All requests go through such a
 * client, so this is where a secret is checked before it is sent. Thread-safe.
 */
final class HttpClientFactory {

    /** Each client keeps its connections and its certificates; one that was not used for long is made again. */
    static final int MAX_CLIENTS = 64;

    /** The minimum that Jenkins requires of passwords in FIPS mode, in characters. */
    private static final int FIPS_SECRET_LENGTH = 14;

    private final Duration connectTimeout;
    private final Duration callTimeout;
    private final InstantSource clock;
    private final ServerCapabilities capabilities;

    /** In the order of their last use. */
    private final Map<TlsSettings, OneShotHttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    /** @param capabilities of servers, shared by the clients of all TLS settings */
    HttpClientFactory(
            Duration connectTimeout, Duration callTimeout, InstantSource clock, ServerCapabilities capabilities) {
        this.connectTimeout = connectTimeout;
        this.callTimeout = callTimeout;
        this.clock = clock;
        this.capabilities = capabilities;
    }

    private record TlsSettings(boolean skipVerification, String certificates) {}

    /**
     * @throws TokenUnavailableException when the credential's secret must not be sent, or its certificates cannot be read
     * @throws IllegalArgumentException when the credential's address is invalid
     */
    OneShotHttpClient of(VcfCredentials credential) throws TokenUnavailableException {
        mustBeAllowed(credential);
        boolean skip = credential.isSkipTlsVerification();
        TlsSettings settings = new TlsSettings(skip, skip ? "" : credential.getCaCertificates());
        synchronized (clients) {
            OneShotHttpClient client = clients.get(settings);
            if (client == null) {
                client = make(credential, settings);
                clients.put(settings, client);
                if (clients.size() > MAX_CLIENTS) {
                    clients.remove(clients.keySet().iterator().next());
                }
            }
            return client;
        }
    }

    private OneShotHttpClient make(VcfCredentials credential, TlsSettings settings) throws TokenUnavailableException {
        OkHttpClient http =
                JenkinsOkHttpClient.newClientBuilder(new OkHttpClient()).build();
        try {
            if (settings.skipVerification()) {
                http = TlsConfig.withoutVerification(http);
            } else if (!settings.certificates().isBlank()) {
                http = TlsConfig.trusting(http, settings.certificates());
            }
        } catch (CertificateException e) {
            throw CredentialHandleFactory.unavailable(
                    credential,
                    "its CA certificates cannot be read (" + e.getMessage() + "). Correct them in the credential.",
                    e);
        }
        return new OneShotHttpClient(http, connectTimeout, callTimeout, clock, capabilities);
    }

    int size() {
        synchronized (clients) {
            return clients.size();
        }
    }

    /** Checked at use and not in a constructor: a credential that was stored before a rule must load, to be corrected. */
    private static void mustBeAllowed(VcfCredentials credential) throws TokenUnavailableException {
        mustBeShort(credential);
        if ("http".equalsIgnoreCase(credential.account().url().getScheme())) {
            throw refused(
                    credential,
                    "its address begins with http, so that its secret could be read on the network",
                    "Use the https address of the server.");
        }
        if (!FIPS140.useCompliantAlgorithms()) {
            return;
        }
        if (credential.isSkipTlsVerification()) {
            throw refused(
                    credential,
                    "TLS verification is off in it, which is refused in FIPS mode",
                    "Store the certificate of the server's authority in the credential instead.");
        }
        int length = credential.storedSecret().getPlainText().length();
        if (length > 0 && length < FIPS_SECRET_LENGTH) {
            throw refused(
                    credential,
                    "its secret has fewer than " + FIPS_SECRET_LENGTH + " characters, which is refused in FIPS mode",
                    "Give the account a longer one.");
        }
    }

    /** The message contains no value of a field, which may be the one that is too long. */
    private static void mustBeShort(VcfCredentials credential) throws TokenUnavailableException {
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

    private static TokenUnavailableException refused(VcfCredentials credential, String cause, String advice) {
        return CredentialHandleFactory.unavailable(credential, cause + ". Nothing was sent. " + advice, null);
    }
}
