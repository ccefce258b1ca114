package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.okhttp.api.JenkinsOkHttpClient;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.HostFacts;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.Trust;
import io.jenkins.plugins.vcftoken.family.FamilyException;
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
final class TokenClients {

    /** Each has its connections and its text of certificates; one that was not used for long is made again. */
    static final int MAX_CLIENTS = 64;

    /** What Jenkins wants of passwords in FIPS mode, too. */
    private static final int FIPS_SECRET_LENGTH = 14;

    private final Duration connectTimeout;
    private final Duration callTimeout;
    private final InstantSource clock;
    private final HostFacts hosts;

    /** In the order of their last use. */
    private final Map<Trusted, TokenClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    /** @param hosts what is known of servers, whatever trust they are asked with */
    TokenClients(Duration connectTimeout, Duration callTimeout, InstantSource clock, HostFacts hosts) {
        this.connectTimeout = connectTimeout;
        this.callTimeout = callTimeout;
        this.clock = clock;
        this.hosts = hosts;
    }

    /** Which servers a client talks to. */
    private record Trusted(boolean anybody, String certificates) {}

    /**
     * @throws FamilyException when the credential's secret must not be sent, or its certificates cannot be read
     * @throws IllegalArgumentException when the credential's address is none
     */
    TokenClient of(VcfCredentials credential) throws FamilyException {
        mustBeAllowed(credential);
        boolean anybody = credential.isSkipTlsVerification();
        String certificates = anybody ? "" : credential.getCaCertificates();
        Trusted trusted = new Trusted(anybody, certificates);
        TokenClient known = known(trusted);
        if (known != null) {
            return known;
        }
        OkHttpClient http =
                JenkinsOkHttpClient.newClientBuilder(new OkHttpClient()).build();
        try {
            if (anybody) {
                http = Trust.trustingAnybody(http);
            } else if (!certificates.isBlank()) {
                http = Trust.trusting(http, certificates);
            }
        } catch (CertificateException e) {
            throw new FamilyException(
                    "Credential '" + credential.getId() + "' ("
                            + credential.endpoint().description() + "): its CA certificates cannot be read ("
                            + e.getMessage() + "). Correct them in the credential.",
                    e);
        }
        return remembered(trusted, new TokenClient(http, connectTimeout, callTimeout, clock, hosts));
    }

    @CheckForNull
    private TokenClient known(Trusted trusted) {
        synchronized (clients) {
            return clients.get(trusted);
        }
    }

    /** @return the one that another thread was faster to make, if any */
    private TokenClient remembered(Trusted trusted, TokenClient made) {
        synchronized (clients) {
            TokenClient other = clients.putIfAbsent(trusted, made);
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
    private static void mustBeAllowed(VcfCredentials credential) throws FamilyException {
        mustBeShort(credential);
        if ("http".equalsIgnoreCase(credential.endpoint().url().getScheme())) {
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
    private static void mustBeShort(VcfCredentials credential) throws FamilyException {
        Endpoint endpoint = credential.endpoint();
        boolean isTextTooLong = Stream.of(
                        credential.getUrl(),
                        endpoint.organization(),
                        endpoint.account(),
                        credential.clientId(),
                        credential.storedSecret().getPlainText())
                .anyMatch(text -> text.length() > VcfCredentials.MAX_TEXT);
        if (isTextTooLong || credential.getCaCertificates().length() > VcfCredentials.MAX_CERTIFICATES) {
            throw new FamilyException(
                    "Credential '" + credential.getId() + "': one of its fields is too long, with more than "
                            + (isTextTooLong ? VcfCredentials.MAX_TEXT : VcfCredentials.MAX_CERTIFICATES)
                            + " characters. Nothing was sent. Correct it in the credential.",
                    null);
        }
    }

    private static FamilyException refused(VcfCredentials credential, String why, String next) {
        return new FamilyException(
                "Credential '" + credential.getId() + "' ("
                        + credential.endpoint().description() + "): " + why + ". Nothing was sent. " + next,
                null);
    }
}
