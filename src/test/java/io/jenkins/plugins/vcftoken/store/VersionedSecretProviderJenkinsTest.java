package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.rotation.InMemoryVersionedSecret;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** {@link VersionedSecretProvider} of another plugin. */
@WithJenkins
class VersionedSecretProviderJenkinsTest {

    @TestExtension
    public static final class Vault implements VersionedSecretProvider {

        private static final Map<String, VersionedSecret> SECRETS = new ConcurrentHashMap<>();

        @Override
        public VersionedSecret find(VcfCredentials credential) {
            return SECRETS.get(credential.getId());
        }
    }

    @Test
    void rotatedToken_ofACredentialInAStoreOfAnotherPlugin_isWrittenThereAndNotIntoTheCredential(JenkinsRule jenkins)
            throws Exception {
        try (Simulator simulator = Simulator.start()) {
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            String initial = simulator.addAccount("ci", "acme");
            InMemoryVersionedSecret secret = new InMemoryVersionedSecret(initial);
            Vault.SECRETS.put("vcfa", secret);
            JenkinsAccount.add(simulator.url().toString(), simulator.authorityPem(), "vcfa", initial);
            fixture.build(fixture.job(jenkins.jenkins, "first", "vcfa"));
            assertThat(secret.content().secret())
                    .isEqualTo(simulator.currentToken("ci"))
                    .isNotEqualTo(initial);
            assertThat(CredentialScanner.shared())
                    .singleElement()
                    .satisfies(stored -> assertThat(
                                    stored.credential().storedSecret().getPlainText())
                            .isEqualTo(initial));
            fixture.build(fixture.job(jenkins.jenkins, "second", "vcfa"));
            assertThat(simulator.requests()).isEqualTo(1);
            fixture.assertNoTokenLostOrReused();
        } finally {
            Vault.SECRETS.clear();
        }
    }
}
