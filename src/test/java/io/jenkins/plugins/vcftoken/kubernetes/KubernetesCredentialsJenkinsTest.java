package io.jenkins.plugins.vcftoken.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.security.ACL;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Credentials of the plugin kubernetes-credentials-provider, with a mock API server. */
@WithJenkins
class KubernetesCredentialsJenkinsTest {

    private static final KubernetesSecretServer SERVER = new KubernetesSecretServer();

    /** Client settings of the provider and of the plugin, which are read at the start of Jenkins. */
    private static final Map<String, String> CLIENT_PROPERTIES = Map.of(
            "kubernetes.master",
            SERVER.url(),
            "kubernetes.namespace",
            KubernetesSecretServer.NAMESPACE,
            "kubernetes.auth.tryKubeConfig",
            "false");

    @BeforeAll
    static void configureClients() {
        CLIENT_PROPERTIES.forEach(System::setProperty);
    }

    @AfterAll
    static void close() {
        CLIENT_PROPERTIES.keySet().forEach(System::clearProperty);
        SERVER.close();
    }

    @Test
    void build_withACredentialFromASecret_writesTheRotatedTokenBackIntoIt(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            String initial = simulator.addAccount("ci", "acme");
            SERVER.create(
                    "vcf-sa",
                    "vcfaServiceAccount",
                    Map.of(
                            "url",
                            simulator.url().toString(),
                            "organization",
                            "acme",
                            "refreshToken",
                            initial,
                            "caCertificates",
                            simulator.authorityPem()));
            JenkinsAndSimulator.await("the provider lists the credential", () -> find("vcf-sa") != null);
            fixture.build(fixture.job(jenkins.jenkins, "first", "vcf-sa"));
            assertThat(SERVER.text("vcf-sa", "refreshToken"))
                    .isEqualTo(simulator.currentToken("ci"))
                    .isNotEqualTo(initial);
            assertThat(SERVER.text("vcf-sa", KubernetesVersionedSecret.STATE_KEY))
                    .contains("READY");
            JenkinsAndSimulator.await(
                    "the provider has the next token",
                    () -> find("vcf-sa").storedSecret().getPlainText().equals(simulator.currentToken("ci")));
            fixture.build(fixture.job(jenkins.createProject(Folder.class, "team"), "second", "vcf-sa"));
            assertThat(simulator.grants()).isEqualTo(1);
            int requests = SERVER.requests();
            VcfTokenService.get().renew(find("vcf-sa"));
            assertThat(SERVER.requests() - requests).as("claim and publication").isEqualTo(2);
            assertThat(VcfTokenService.get().administration().list())
                    .singleElement()
                    .satisfies(family -> assertThat(family.locations())
                            .singleElement()
                            .hasToString("CredentialLocation[context=system, credentialsId=vcf-sa]"));
            fixture.assertNoTokenLostOrReused();
        }
    }

    @Test
    void convert_createsEachKind(JenkinsRule jenkins) throws Exception {
        String url = "https://host.example.com";
        SERVER.create(
                "vcfa",
                "vcfaServiceAccount",
                Map.of(
                        "url",
                        url,
                        "organization",
                        "acme",
                        "refreshToken",
                        "r",
                        "clientId",
                        "c",
                        "skipTlsVerification",
                        "true"));
        SERVER.create(
                "sddc",
                "sddcManagerUser",
                Map.of("url", url, "username", "u", "password", "p", "caCertificates", "pem"));
        SERVER.create("key", "sddcManagerUser", Map.of("url", url, "apiKey", "k"));
        SERVER.create("token", "cspApiToken", Map.of("url", url, "apiToken", "t"));
        SERVER.create(
                "app",
                "cspOAuthApp",
                Map.of(
                        "url",
                        url,
                        "appId",
                        "i",
                        "appSecret",
                        "s",
                        "organizationId",
                        "o",
                        "scopes",
                        "x",
                        "accessTokenValiditySeconds",
                        "600"));
        SERVER.create(
                "operations",
                "vcfOperationsUser",
                Map.of("url", url, "username", "u", "password", "p", "authSource", "ldap"));
        SERVER.create(
                "sso",
                "vcfSsoApiToken",
                Map.of(
                        "url",
                        url,
                        "apiToken",
                        "t",
                        "tenant",
                        "CUSTOMER",
                        "expiresOn",
                        "2099-01-30",
                        "regenerateDaysBefore",
                        "7"));
        for (String id : List.of("vcfa", "sddc", "key", "token", "app", "operations", "sso")) {
            JenkinsAndSimulator.await(id, () -> find(id) != null);
            assertThat(find(id).getUrl()).isEqualTo(url);
        }
        VcfaServiceAccount vcfa = (VcfaServiceAccount) find("vcfa");
        assertThat(List.of(vcfa.getOrganization(), vcfa.storedSecret().getPlainText(), vcfa.clientId()))
                .containsExactly("acme", "r", "c");
        assertThat(vcfa.isSkipTlsVerification()).isTrue();
        SddcManagerUser sddc = (SddcManagerUser) find("sddc");
        assertThat(List.of(sddc.getUsername(), sddc.getPassword().getPlainText(), sddc.getCaCertificates()))
                .containsExactly("u", "p", "pem");
        assertThat(((SddcManagerUser) find("key")).getApiKey().getPlainText()).isEqualTo("k");
        CspOAuthApp app = (CspOAuthApp) find("app");
        assertThat(List.of(app.getAppId(), app.getAppSecret().getPlainText(), app.getOrganizationId(), app.getScopes()))
                .containsExactly("i", "s", "o", "x");
        assertThat(app.getAccessTokenValiditySeconds()).isEqualTo(600);
        assertThat(((VcfOperationsUser) find("operations")).getAuthSource()).isEqualTo("ldap");
        VcfSsoApiToken sso = (VcfSsoApiToken) find("sso");
        assertThat(List.of(sso.getTenant(), sso.getExpiresOn(), sso.getRegenerateDaysBefore()))
                .containsExactly("CUSTOMER", "2099-01-30", 7);
    }

    @Test
    void checkWritable_detectsAReadOnlySecret_thatIsListedOnce(JenkinsRule jenkins) throws Exception {
        SERVER.create("listed", "cspApiToken", Map.of("url", "https://host.example.com", "apiToken", "t"));
        JenkinsAndSimulator.await("listed", () -> find("listed") != null);
        jenkins.createProject(Folder.class, "team");
        List<LocatedCredential> found = CredentialScanner.shared().stream()
                .filter(credential -> credential.location().credentialsId().equals("listed"))
                .toList();
        assertThat(found).hasSize(1);
        CredentialLocator locator = VcfTokenService.get().locator();
        SERVER.fail("PUT", 403, 0);
        locator.checkWritable(found.get(0));
        assertThat(locator.isReadOnly(found.get(0))).isTrue();
        SERVER.recover();
        locator.checkWritable(found.get(0));
        assertThat(locator.isReadOnly(found.get(0))).isFalse();
    }

    @Test
    void convert_ofCiphertextOfThisController_isRefused(JenkinsRule jenkins) throws Exception {
        String ciphertext =
                Secret.fromString("another secret of this controller").getEncryptedValue();
        SERVER.create("sealed", "cspApiToken", Map.of("url", "https://host.example.com", "apiToken", ciphertext));
        SERVER.create("after", "cspApiToken", Map.of("url", "https://host.example.com", "apiToken", "t"));
        JenkinsAndSimulator.await("the next Secret", () -> find("after") != null);
        assertThat(find("sealed")).isNull();
    }

    private static VcfCredentials find(String id) {
        return CredentialsProvider.lookupCredentialsInItemGroup(
                        VcfCredentials.class, jenkins.model.Jenkins.get(), ACL.SYSTEM2)
                .stream()
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElse(null);
    }
}
