package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.ServerCapabilities;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;

/** Limits on the memory that form input can use. Needs no running Jenkins. */
class HttpClientFactoryJenkinsTest {

    private static final String URL = "https://host";
    private static final Secret SECRET = Secret.fromString("secret");

    private final HttpClientFactory clients = new HttpClientFactory(
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            InstantSource.system(),
            new ServerCapabilities(
                    Path.of("target", "no such directory", "servers"), InstantSource.system(), text -> text));

    @Test
    void manyCertificates_clientsAreBounded_andUsedOnesAreKept() throws Exception {
        VcfCredentials used = trusting("");
        VcfCredentials unused = trusting(certificate());
        AtMostOnceHttpClient usedClient = clients.get(used);
        AtMostOnceHttpClient unusedClient = clients.get(unused);
        String certificate = certificate();
        for (int i = 0; i < HttpClientFactory.MAX_CLIENTS + 10; i++) {
            clients.get(trusting(certificate + "\n".repeat(i) + "#"));
            assertThat(clients.get(used)).isSameAs(usedClient);
        }
        assertThat(clients.size()).isEqualTo(HttpClientFactory.MAX_CLIENTS);
        assertThat(clients.get(unused)).isNotSameAs(unusedClient);
    }

    @Test
    void tooLongField_isRejected_andCreatesNoClient() {
        String tooLong = "x".repeat(VcfCredentials.MAX_TEXT + 1);
        Secret secret = Secret.fromString(tooLong);
        SddcManagerUser name = new SddcManagerUser(CredentialsScope.GLOBAL, "long", null, URL);
        name.setUsername(tooLong);
        name.setPassword(SECRET);
        SddcManagerUser password = new SddcManagerUser(CredentialsScope.GLOBAL, "long", null, URL);
        password.setUsername("svc");
        password.setPassword(secret);
        SddcManagerUser key = new SddcManagerUser(CredentialsScope.GLOBAL, "long", null, URL);
        key.setApiKey(secret);
        CspOAuthApp organization = new CspOAuthApp(CredentialsScope.GLOBAL, "long", null, URL, "app", SECRET);
        organization.setOrganizationId(tooLong);
        CspOAuthApp scopes = new CspOAuthApp(CredentialsScope.GLOBAL, "long", null, URL, "app", SECRET);
        scopes.setScopes(tooLong);
        VcfaServiceAccount client = new VcfaServiceAccount(CredentialsScope.GLOBAL, "long", null, URL, "acme", SECRET);
        client.setClientId(tooLong);
        for (VcfCredentials credential : List.of(
                name,
                password,
                key,
                organization,
                scopes,
                client,
                new CspOAuthApp(CredentialsScope.GLOBAL, "long", null, URL, tooLong, SECRET),
                new CspOAuthApp(CredentialsScope.GLOBAL, "long", null, URL, "app", secret),
                new CspApiToken(CredentialsScope.GLOBAL, "long", null, URL, secret),
                new CspApiToken(CredentialsScope.GLOBAL, "long", null, URL + "/" + tooLong, SECRET),
                new VcfaServiceAccount(CredentialsScope.GLOBAL, "long", null, URL, tooLong, SECRET),
                new VcfaServiceAccount(CredentialsScope.GLOBAL, "long", null, URL, "acme", secret),
                trusting("x".repeat(VcfCredentials.MAX_CERTIFICATES + 1)))) {
            assertThatThrownBy(() -> clients.get(credential))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContainingAll("Credential ‘long’", "one of its fields is too long", "Nothing was sent")
                    .hasMessageNotContaining("xxx");
        }
        assertThat(clients.size()).isZero();
    }

    @Test
    void fieldOfMaximumLength_isAccepted() throws Exception {
        String longest = "x".repeat(VcfCredentials.MAX_TEXT);
        assertThat(clients.get(new CspApiToken(CredentialsScope.GLOBAL, "long", null, URL, Secret.fromString(longest))))
                .isNotNull();
    }

    private static VcfCredentials trusting(String certificates) {
        CspApiToken credential = new CspApiToken(CredentialsScope.GLOBAL, "long", null, URL, SECRET);
        credential.setCaCertificates(certificates);
        return credential;
    }

    private static String certificate() {
        return new HeldCertificate.Builder().commonName("authority").build().certificatePem();
    }
}
