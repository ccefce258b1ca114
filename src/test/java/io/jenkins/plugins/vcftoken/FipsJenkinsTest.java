package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** In FIPS mode, which is set at startup, secrets are only sent to servers with a verified certificate. */
class FipsJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller =
            new RealJenkinsExtension().javaOptions("-Djenkins.security.FIPS140.COMPLIANCE=true");

    @Test
    void fipsMode_requiresTlsVerificationAndLongSecrets() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            controller.startJenkins();
            String message = controller.runRemotely(
                    FipsJenkinsTest::requestWithoutVerification,
                    simulator.url().toString(),
                    simulator.addAccount("ci", "acme"));
            assertThat(message).contains("Credential ‘sa’").contains("refused in FIPS mode");
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::requestWithShortSecret,
                            simulator.url().toString()))
                    .contains("Credential ‘short’")
                    .contains("fewer than 14 characters")
                    .doesNotContain("short-secret");
            assertThat(controller.runRemotely(FipsJenkinsTest::checkSkipTlsVerification))
                    .isEqualTo(FormValidation.Kind.ERROR.name());
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::requestWithDefaults,
                            simulator.url().toString().replace("https:", "http:"),
                            ""))
                    .contains("its address begins with http");
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::requestWithDefaults,
                            simulator.url().toString(),
                            ""))
                    .contains("not trusted");
            assertThat(simulator.requests()).isZero();
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::requestWithDefaults,
                            simulator.url().toString(),
                            simulator.authorityPem()))
                    .as("verified server, secret of 14 characters")
                    .contains("the server rejects the stored refresh token");
            assertThat(simulator.requests()).isEqualTo(1);
        }
    }

    private static String requestWithoutVerification(JenkinsRule rule, String url, String token) throws Exception {
        VcfaServiceAccount credential =
                new VcfaServiceAccount(CredentialsScope.GLOBAL, "sa", null, url, "acme", Secret.fromString(token));
        credential.setSkipTlsVerification(true);
        return request(credential);
    }

    private static String requestWithShortSecret(JenkinsRule rule, String url) throws Exception {
        return request(new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "short", null, url, "acme", Secret.fromString("short-secret")));
    }

    private static String requestWithDefaults(JenkinsRule rule, String url, String authority) throws Exception {
        return request(JenkinsAccount.of(url, authority, "verified", "14 characters."));
    }

    private static String request(VcfaServiceAccount credential) throws Exception {
        // Replaces the stored credential, since the service reads it from the store.
        SystemCredentialsProvider.getInstance().getCredentials().remove(credential);
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        try {
            VcfTokenService.get().issueWithoutLease(credential);
            return "an access token";
        } catch (TokenUnavailableException e) {
            return e.getMessage();
        }
    }

    private static String checkSkipTlsVerification(JenkinsRule rule) {
        return rule.jenkins
                .getDescriptorByType(VcfaServiceAccount.DescriptorImpl.class)
                .doCheckSkipTlsVerification(rule.jenkins, true)
                .kind
                .name();
    }
}
