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

/** In FIPS mode, which a controller learns when it starts, no server gets a secret whose certificate was not verified. */
class FipsJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller =
            new RealJenkinsExtension().javaOptions("-Djenkins.security.FIPS140.COMPLIANCE=true");

    @Test
    void verificationCannotBeTurnedOff() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            controller.startJenkins();
            String message = controller.runRemotely(
                    FipsJenkinsTest::askWithoutVerification,
                    simulator.url().toString(),
                    simulator.addAccount("ci", "acme"));
            assertThat(message).contains("Credential ‘sa’").contains("refused in FIPS mode");
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::askWithShortSecret, simulator.url().toString()))
                    .contains("Credential ‘short’")
                    .contains("fewer than 14 characters")
                    .doesNotContain("short-secret");
            assertThat(controller.runRemotely(FipsJenkinsTest::check)).isEqualTo(FormValidation.Kind.ERROR.name());
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::askWithDefaults,
                            simulator.url().toString().replace("https:", "http:"),
                            ""))
                    .contains("its address begins with http");
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::askWithDefaults, simulator.url().toString(), ""))
                    .contains("not trusted");
            assertThat(simulator.requests()).isZero();
            assertThat(controller.runRemotely(
                            FipsJenkinsTest::askWithDefaults, simulator.url().toString(), simulator.authorityPem()))
                    .as("a server that is verified, and a secret of 14 characters")
                    .contains("the server refuses the stored refresh token");
            assertThat(simulator.requests()).isEqualTo(1);
        }
    }

    private static String askWithoutVerification(JenkinsRule rule, String url, String token) throws Exception {
        VcfaServiceAccount credential =
                new VcfaServiceAccount(CredentialsScope.GLOBAL, "sa", null, url, "acme", Secret.fromString(token));
        credential.setSkipTlsVerification(true);
        return ask(credential);
    }

    private static String askWithShortSecret(JenkinsRule rule, String url) throws Exception {
        return ask(new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "short", null, url, "acme", Secret.fromString("short-secret")));
    }

    private static String askWithDefaults(JenkinsRule rule, String url, String authority) throws Exception {
        VcfaServiceAccount credential = new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "verified", null, url, "acme", Secret.fromString("14 characters."));
        credential.setCaCertificates(authority);
        return ask(credential);
    }

    private static String ask(VcfaServiceAccount credential) throws Exception {
        // One at a time with an ID, as in any store: what is used is what is stored by then.
        SystemCredentialsProvider.getInstance().getCredentials().remove(credential);
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        try {
            VcfTokenService.get().once(credential);
            return "an access token";
        } catch (TokenUnavailableException e) {
            return e.getMessage();
        }
    }

    private static String check(JenkinsRule rule) {
        return rule.jenkins
                .getDescriptorByType(VcfaServiceAccount.DescriptorImpl.class)
                .doCheckSkipTlsVerification(rule.jenkins, true)
                .kind
                .name();
    }
}
