package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
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

/** Clients with this controller's proxy, and with the trust that a credential wants. Whatever is sent passes here. */
final class HttpClientFactory {

    /** Each has its connections and its text of certificates; one that was not used for long is made again. */
    static final int MAX_CLIENTS = 64;

    /** What Jenkins wants of passwords in FIPS mode, too. */
    private static final int FIPS_SECRET_LENGTH = 14;

    private final Duration connectTimeout;
    private final Duration callTimeout;
    private final InstantSource clock;
    private final ServerCapabilities hosts;

    /** In the order of their last use. */
    private final Map<Trusted, OneShotHttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    /** @param hosts what is known of servers, whatever trust they are asked with */
    HttpClientFactory(Duration connectTimeout, Duration callTimeout, InstantSource clock, ServerCapabilities hosts) {
        this.connectTimeout = connectTimeout;
        this.callTimeout = callTimeout;
        this.clock = clock;
        this.hosts = hosts;
    }

    /** Which servers a client talks to. */
    private record Trusted(boolean anybody, String certificates) {}

    /**
     * @throws TokenUnavailableException when the credential's secret must not be sent, or its certificates cannot be read
     * @throws IllegalArgumentException when the credential's address is none
     */
    OneShotHttpClient of(VcfCredentials credential) throws TokenUnavailableException {
        mustBeAllowed(credential);
        boolean anybody = credential.isSkipTlsVerification();
        String certificates = anybody ? "" : credential.getCaCertificates();
        Trusted trusted = new Trusted(anybody, certificates);
        OneShotHttpClient known = known(trusted);
        if (known != null) {
            return known;
        }
        OkHttpClient http =
                JenkinsOkHttpClient.newClientBuilder(new OkHttpClient()).build();
        try {
            if (anybody) {
                http = TlsConfig.withoutVerification(http);
            } else if (!certificates.isBlank()) {
                http = TlsConfig.trusting(http, certificates);
            }
        } catch (CertificateException e) {
            throw new TokenUnavailableException(
                    "Credential '" + credential.getId() + "' ("
                            + credential.account().description() + "): its CA certificates cannot be read ("
                            + e.getMessage() + "). Correct them in the credential.",
                    e);
        }
        return remembered(trusted, new OneShotHttpClient(http, connectTimeout, callTimeout, clock, hosts));
    }

    @CheckForNull
    private OneShotHttpClient known(Trusted trusted) {
        synchronized (clients) {
            return clients.get(trusted);
        }
    }

    /** @return the one that another thread was faster to make, if any */
    private OneShotHttpClient remembered(Trusted trusted, OneShotHttpClient made) {
        synchronized (clients) {
            OneShotHttpClient other = clients.putIfAbsent(trusted, made);
            if (clients.size() > MAX_CLIENTS) {
                clients.remove(clients.keySet().iterator().next());
            }
            return other == null ? made : other;
        }
    }

    int size() {
        synchronized (clients) {
            return clients.size();
        }
    }

    /** Here and not where a credential is made: one that was stored before the rule must still load, to be corrected. */
    private static void mustBeAllowed(VcfCredentials credential) throws TokenUnavailableException {
        mustBeShort(credential);
        if ("http".equalsIgnoreCase(credential.account().url().getScheme())) {
            throw refused(
                    credential,
                    "its address begins with http, so that everybody on the way could read its secret",
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

    /** The message names no field's content, which may be what is too long. */
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
                    "Credential '" + credential.getId() + "': one of its fields is too long, with more than "
                            + (isTextTooLong ? VcfCredentials.MAX_TEXT : VcfCredentials.MAX_CERTIFICATES)
                            + " characters. Nothing was sent. Correct it in the credential.",
                    null);
        }
    }

    private static TokenUnavailableException refused(VcfCredentials credential, String why, String next) {
        return new TokenUnavailableException(
                "Credential '" + credential.getId() + "' ("
                        + credential.account().description() + "): " + why + ". Nothing was sent. " + next,
                null);
    }
}
