package io.jenkins.plugins.vcftoken.upgrade;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsSampleCredentials.find;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsSampleCredentials.location;
import static io.jenkins.plugins.vcftoken.upgrade.WriteHomeJenkinsTest.FILES;
import static io.jenkins.plugins.vcftoken.upgrade.WriteHomeJenkinsTest.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.model.listeners.ItemListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.binding.HeaderFileBinding;
import io.jenkins.plugins.vcftoken.binding.TokenFileBinding;
import io.jenkins.plugins.vcftoken.binding.VcfTokenBuildWrapper;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.support.steps.input.InputAction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.CaptureEnvironmentBuilder;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.jvnet.hudson.test.junit.jupiter.WithLocalData;

/**
 * Upgrades from a JENKINS_HOME of each earlier format, with an open block and a pending token request. {@link
 * WriteHomeJenkinsTest} of the respective version has written the files, which must not be changed.
 */
@WithJenkins
class UpgradeJenkinsTest {

    private static JenkinsProxiedSimulator proxied;
    private static Simulator simulator;

    @BeforeAll
    static void startSimulator() throws Exception {
        proxied = new JenkinsProxiedSimulator();
        simulator = proxied.simulator;
        // The tokens match the ledger in the sample home.
        addAccount("system-vcfa", "system-vcfa-3", "acme");
        addAccount("folder-vcfa", "folder-vcfa-2", "acme");
        addAccount("user-vcfa", "user-vcfa-2", "acme");
        addAccount("system-steady", "system-steady", "acme");
        simulator.setRotation("system-steady", false);
        addAccount("system-rescued", "system-rescued-2", "acme");
        addAccount("system-authorized", "system-authorized-2", "acme");
        addAccount("system-provider", "system-provider", "System");
        simulator.tenants().add("acme");
        Instant later = Instant.parse("2099-01-01T00:00:00Z");
        for (String where : List.of("system", "folder", "user")) {
            simulator.sddcManager().addApiKey(SECRET + where + "-sddc-key");
            String token = SECRET + where + "-csp-token" + (where.equals("system") ? "-2" : "");
            simulator.cloudServices().addApiToken(token, later);
            simulator.cloudServices().addApp("app-" + where, SECRET + where + "-csp-app", ORGANIZATION_ID);
        }
        // The open block may request a token before the assertions run.
        simulator.setNextRefreshToken(SECRET + "system-vcfa-4");
        Files.createDirectories(Path.of(FILES));
        Files.writeString(Path.of(FILES, "token"), "an access token");
    }

    private static final String ORGANIZATION_ID = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";

    private static void addAccount(String name, String token, String organization) {
        simulator.setNextRefreshToken(SECRET + token);
        simulator.addAccount(name, organization);
    }

    @AfterAll
    static void stopSimulator() throws IOException {
        proxied.close();
    }

    /**
     * Configures the proxy before Jenkins resumes the open block, which would otherwise wait for its second attempt.
     */
    @TestExtension
    public static final class Proxy extends ItemListener {
        @Override
        public void onLoaded() {
            try {
                proxied.configureProxy();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    @WithLocalData("format1")
    void format1(JenkinsRule jenkins) throws Exception {
        proxied.configureProxy();
        Path home = jenkins.jenkins.getRootDir().toPath();
        assertCredentials();
        assertTokenFamilies();
        FreeStyleProject freestyle = jenkins.jenkins.getItemByFullName("freestyle", FreeStyleProject.class);
        assertBuildWrapper(freestyle);
        // Files of a killed build on the built-in node are deleted.
        await("the token files are deleted", () -> !Files.exists(Path.of(FILES)));
        try (var fileRecords = Files.list(home.resolve("vcf-token/files"))) {
            assertThat(fileRecords).isEmpty();
        }
        resumeOpenBlock(jenkins);
        requestAccessTokens();
        runNewBuilds(jenkins, freestyle);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        assertNoPlainTextSecrets(home);
    }

    private static void assertCredentials() {
        for (String where : List.of("system", "folder", "user")) {
            CredentialsScope scope = where.equals("user") ? CredentialsScope.USER : CredentialsScope.GLOBAL;
            String newest = where.equals("system") ? "-[34]" : where.equals("folder") ? "" : "-2";
            assertThat(find(where + "-vcfa")).isInstanceOfSatisfying(VcfaServiceAccount.class, account -> {
                assertThat(account.getUrl()).isEqualTo("https://vcfa.example.com");
                assertThat(account.getOrganization()).isEqualTo("acme");
                assertThat(account.storedSecret().getPlainText()).matches(SECRET + where + "-vcfa" + newest);
                assertThat(account.getClientId()).isEqualTo("3f0b7a52-6a0c-4d5e-9b1e-2f7c8d9e0a11");
            });
            assertThat(find(where + "-sddc")).isInstanceOfSatisfying(SddcManagerUser.class, user -> {
                assertThat(user.getUrl()).isEqualTo("https://sddc-manager.example.com");
                assertThat(user.getUsername()).isEqualTo("svc@vsphere.local");
                assertThat(user.getPassword().getPlainText()).isEqualTo(SECRET + where + "-sddc-password");
                assertThat(user.getApiKey().getPlainText()).isEqualTo(SECRET + where + "-sddc-key");
            });
            assertThat(find(where + "-csp-token")).isInstanceOfSatisfying(CspApiToken.class, token -> {
                assertThat(token.getUrl()).isEqualTo("https://console.example.com");
                assertThat(token.getApiToken().getPlainText())
                        .isEqualTo(SECRET + where + "-csp-token" + (where.equals("system") ? "-2" : ""));
            });
            assertThat(find(where + "-csp-app")).isInstanceOfSatisfying(CspOAuthApp.class, app -> {
                assertThat(app.getUrl()).isEqualTo("https://console.example.com");
                assertThat(app.getAppId()).isEqualTo("app-" + where);
                assertThat(app.getAppSecret().getPlainText()).isEqualTo(SECRET + where + "-csp-app");
                assertThat(app.getOrganizationId()).isEqualTo(ORGANIZATION_ID);
                assertThat(app.getScopes()).isEqualTo("csp:org_member");
                assertThat(app.getAccessTokenValiditySeconds()).isEqualTo(1200);
            });
            for (String kind : List.of("-vcfa", "-sddc", "-csp-token", "-csp-app")) {
                assertThat(find(where + kind).getDescription()).isEqualTo("a sample");
                assertThat(find(where + kind).getScope()).isEqualTo(scope);
                assertThat(find(where + kind).getCaCertificates()).startsWith("-----BEGIN CERTIFICATE-----");
                assertThat(find(where + kind).isSkipTlsVerification()).isTrue();
            }
        }
        assertThat(find("system-minimal")).isInstanceOfSatisfying(VcfaServiceAccount.class, minimal -> {
            assertThat(minimal.getRefreshToken()).isNull();
            assertThat(minimal.getClientId()).isEmpty();
            assertThat(minimal.getCaCertificates()).isEmpty();
            assertThat(minimal.isSkipTlsVerification()).isFalse();
        });
    }

    /** Checks decryption with the keys of the controller; {@code TokenFamilyJsonTest} compares all fields. */
    private static void assertTokenFamilies() throws Exception {
        Map<String, TokenFamily> records = VcfTokenService.get().administration().list().stream()
                .collect(Collectors.toMap(
                        record -> record.locations().iterator().next().credentialsId(), record -> record));
        assertThat(VcfTokenService.get().snapshot().unreadable()).isEmpty();
        assertThat(records).hasSize(11);
        records.forEach((id, record) -> {
            assertThat(record.locations()).containsExactly(location(id));
            assertThat(record.tokens().current()).startsWith(SECRET + id);
        });
        assertThat(records.get("system-vcfa").tokens().current())
                .isIn(SECRET + "system-vcfa-3", SECRET + "system-vcfa-4");
        assertThat(records.get("system-vcfa").accessToken().value()).startsWith("eyJ");
        assertThat(records.get("system-flying").state())
                .isIn(TokenFamily.Status.REQUESTING, TokenFamily.Status.UNKNOWN);
    }

    private static void assertBuildWrapper(FreeStyleProject project) {
        VcfTokenBuildWrapper wrapper = project.getBuildWrappersList().get(VcfTokenBuildWrapper.class);
        assertThat(wrapper.getCredentialsId()).isEqualTo("system-provider");
        assertThat(wrapper.getTokenVariable()).isEqualTo("T");
        assertThat(wrapper.getUrlVariable()).isEqualTo("U");
        assertThat(wrapper.getBindings())
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(List.of(new TokenFileBinding("F"), new HeaderFileBinding("H")));
        assertThat(wrapper.getMinimumValidity()).isEqualTo(7);
        assertThat(wrapper.getOrganization()).isEqualTo("acme");
    }

    private static void resumeOpenBlock(JenkinsRule jenkins) throws Exception {
        WorkflowRun run =
                jenkins.jenkins.getItemByFullName("open", WorkflowJob.class).getBuildByNumber(1);
        await("the build waits for input again", () -> {
            InputAction action = run.getAction(InputAction.class);
            return action != null && !action.getExecutions().isEmpty();
        });
        run.getAction(InputAction.class).getExecutions().get(0).doProceedEmpty();
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        jenkins.assertLogContains("the access token is **** until ", run);
        jenkins.assertLogContains(" for https://vcfa.example.com", run);
        assertThat(simulator.currentToken("system-vcfa")).isEqualTo(SECRET + "system-vcfa-4");
    }

    private static void requestAccessTokens() throws Exception {
        for (String id : List.of(
                "folder-vcfa",
                "user-vcfa",
                "system-steady",
                "system-rescued",
                "system-authorized",
                "system-sddc",
                "folder-csp-token",
                "system-csp-token",
                "user-csp-app")) {
            String accessToken =
                    VcfTokenService.get().issueWithoutLease(find(id)).value();
            assertThat(simulator.accessTokens()).as(id).contains(accessToken);
        }
        int requests = simulator.requests();
        for (String id : List.of("system-dead", "system-unknown", "system-flying")) {
            assertThatThrownBy(() -> VcfTokenService.get().issueWithoutLease(find(id)))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("Credential ‘" + id + "’");
        }
        assertThat(simulator.requests())
                .as("one more request for each outcome that was unknown")
                .isEqualTo(requests + 2);
    }

    private static void runNewBuilds(JenkinsRule jenkins, FreeStyleProject freestyle) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "new");
        job.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'system-vcfa') { echo \"the access token is ${env.VCF_TOKEN}\" }", true));
        jenkins.assertLogContains("the access token is ****", jenkins.buildAndAssertStatus(Result.SUCCESS, job));
        CaptureEnvironmentBuilder environment = new CaptureEnvironmentBuilder();
        freestyle.getBuildersList().add(environment);
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(freestyle);
        assertThat(simulator.accessTokens()).contains(environment.getEnvVars().get("T"));
        assertThat(environment.getEnvVars()).containsEntry("U", "https://vcfa.example.com");
        assertThat(simulator.tenants().listRequests()).isPositive();
        assertThat(build.getNumber()).isEqualTo(1);
    }

    private static void assertNoPlainTextSecrets(Path home) throws IOException {
        for (String part : List.of("credentials.xml", "users", "jobs", "vcf-token")) {
            try (Stream<Path> files = Files.walk(home.resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                            .as(file.toString())
                            .doesNotContain(SECRET);
                }
            }
        }
    }
}
