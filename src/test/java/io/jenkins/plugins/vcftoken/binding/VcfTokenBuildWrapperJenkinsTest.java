package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.AbstractBuild;
import hudson.model.AbstractProject;
import hudson.model.BuildListener;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.StringParameterDefinition;
import hudson.model.StringParameterValue;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import hudson.tasks.BuildStepDescriptor;
import hudson.tasks.BuildStepMonitor;
import hudson.tasks.Publisher;
import hudson.tasks.Recorder;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javaposse.jobdsl.plugin.ExecuteDslScripts;
import org.htmlunit.html.HtmlForm;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.CaptureEnvironmentBuilder;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class VcfTokenBuildWrapperJenkinsTest {

    private static final String GET =
            "curl --fail --silent --show-error -H @\"$VCF_HEADER_FILE\" $VCF_URL/deployment/api/deployments";

    private static JenkinsRule jenkins;

    @AutoClose
    private static final Simulator simulator = Simulator.start();

    private FreeStyleProject project;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        JenkinsAccount.add(simulator, "vcfa");
        JenkinsAccount.trust(simulator.authorityPem());
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(simulator.unauthorized()).isZero();
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    @BeforeEach
    void createProject() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(4));
        project = jenkins.createFreeStyleProject();
    }

    @Test
    void eachBuildStep_getsAFreshMaskedAccessToken() throws Exception {
        project.getBuildWrappersList().add(wrapper());
        for (int i = 0; i < 4; i++) {
            project.getBuildersList()
                    .add(new Shell("curl --fail --silent --show-error -H \"Authorization: Bearer $VCF_TOKEN\" "
                            + "$VCF_URL/deployment/api/deployments; echo is $VCF_TOKEN; echo $VCF_TOKEN | base64 -w0; "
                            + "test $VCF_TOKEN_EXPIRES_AT -ge $(date +%s); sleep 2.5"));
        }
        int before = simulator.served();
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        assertThat(simulator.served() - before).isEqualTo(4);
        assertThat(build.getLog(1000)).contains("is ****");
        assertThat(build.getSensitiveBuildVariables()).contains("VCF_TOKEN");
        SecretSweep.assertNone(simulator, build.getRootDir().toPath());
    }

    @Test
    void files_areRenewedDuringAStepAndDeletedAfterTheBuild() throws Exception {
        project.getBuildWrappersList().add(wrapper());
        project.getBuildersList()
                .add(new Shell("stat -c 'mode %a' \"$VCF_TOKEN_FILE\"\n"
                        + "set +x; for i in $(seq 16); do cat \"$VCF_HEADER_FILE\"; " + GET + "; sleep 0.5; done"));
        int before = simulator.served();
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        assertThat(simulator.served() - before).isEqualTo(16);
        assertThat(build.getLog(1000)).contains("mode 600", "Authorization: Bearer ****");
        awaitNoFiles();
    }

    @Test
    void afterTheBuildSteps_theLogIsMaskedAndNothingIsRenewed() throws Exception {
        project.getBuildWrappersList().add(wrapper());
        CaptureEnvironmentBuilder environment = new CaptureEnvironmentBuilder();
        project.getBuildersList().add(environment);
        project.getPublishersList().add(new TokenPrinter(environment));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        jenkins.assertLogContains("printed ****", build);
        int grants = simulator.grants();
        Thread.sleep(4_000);
        assertThat(simulator.grants()).isEqualTo(grants);
        assertThat(build.getEnvironment(TaskListener.NULL)).doesNotContainKey("VCF_TOKEN");
    }

    @Test
    void concurrentBuildsOfOneProject_succeed() throws Exception {
        jenkins.jenkins.setNumExecutors(2);
        project.setConcurrentBuild(true);
        project.addProperty(new ParametersDefinitionProperty(new StringParameterDefinition("N", "1")));
        project.getBuildWrappersList().add(wrapper());
        project.getBuildersList().add(new Shell("echo \"$VCF_TOKEN_FILE\"; sleep 2; " + GET));
        var one = project.scheduleBuild2(0, parameter("1"));
        var two = project.scheduleBuild2(0, parameter("2"));
        jenkins.assertBuildStatusSuccess(one);
        jenkins.assertBuildStatusSuccess(two);
        awaitNoFiles();
    }

    /** Jenkins merges queued builds with the same parameters. */
    private static ParametersAction parameter(String value) {
        return new ParametersAction(new StringParameterValue("N", value));
    }

    @Test
    void providerCredential_getsAnAccessTokenForTheOrganization() throws Exception {
        simulator.tenants().add("allapps_org01");
        VcfaServiceAccount provider = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "provider",
                null,
                simulator.url().toString(),
                "System",
                Secret.fromString(simulator.addAccount("provider", "System")));
        provider.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(provider);
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("provider");
        wrapper.setOrganization(" allapps_org01 ");
        wrapper.setBindings(List.of(new HeaderFileBinding("VCF_HEADER_FILE")));
        project.getBuildWrappersList().add(wrapper);
        project.getBuildersList().add(new Shell(GET));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        jenkins.assertLogContains("\"name\":\"allapps_org01\"", build);
    }

    @Test
    void unknownCredential_failsTheBuildWithTheCause() throws Exception {
        assertBuildFails(new VcfTokenBuildWrapper("nope"), "No credential with the ID ‘nope’");
    }

    @Test
    void reservedVariable_failsTheBuildWithoutARequest() throws Exception {
        int requests = simulator.requests();
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("vcfa");
        wrapper.setTokenVariable("LD_PRELOAD");
        assertBuildFails(wrapper, "LD_PRELOAD");
        assertThat(simulator.requests()).isEqualTo(requests);
    }

    @Test
    void rejectedToken_failsTheBuildWithAdvice() throws Exception {
        JenkinsAccount.add(simulator, "revoked");
        simulator.revoke("revoked");
        assertBuildFails(new VcfTokenBuildWrapper("revoked"), "re-authorize the account");
    }

    private void assertBuildFails(VcfTokenBuildWrapper wrapper, String message) throws Exception {
        project.getBuildWrappersList().add(wrapper);
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains(message, build);
        jenkins.assertLogNotContains("\tat ", build);
    }

    @Test
    void unwritableTokenFile_failsTheBuildAndClosesItsLease() throws Exception {
        FilePath workspace = jenkins.jenkins.getWorkspaceFor(project);
        FilePath temporary = WorkspaceList.tempDir(workspace);
        workspace.mkdirs();
        temporary.write("a file", "UTF-8");
        project.getBuildWrappersList().add(wrapper());
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains("The token file cannot be written into " + temporary.getRemote(), build);
        JenkinsAndSimulator.await(
                "the lease is closed", () -> VcfTokenService.get().openLeases().isEmpty());
        temporary.delete();
    }

    @Test
    void configRoundTrip_keepsAllParameters() throws Exception {
        VcfTokenBuildWrapper before = wrapper();
        before.setTokenVariable("A");
        before.setUrlVariable("B");
        before.setMinimumValidity(7);
        before.setOrganization("acme");
        project.getBuildWrappersList().add(before);
        jenkins.configRoundtrip(project);
        jenkins.assertEqualDataBoundBeans(before, project.getBuildWrappersList().get(VcfTokenBuildWrapper.class));
        assertThat(project.getConfigFile().asString()).doesNotContain("TokenBlock", "lease", "issued");
    }

    @Test
    void emptyMinimumValidity_isTheDefault() throws Exception {
        VcfTokenBuildWrapper before = wrapper();
        before.setMinimumValidity(7);
        project.getBuildWrappersList().add(before);
        HtmlForm form = JenkinsPages.newClientWithScripts(jenkins)
                .getPage(project, "configure")
                .getFormByName("config");
        form.getInputByName("_.minimumValidity").setValue("");
        jenkins.submit(form);
        assertThat(project.getBuildWrappersList()
                        .get(VcfTokenBuildWrapper.class)
                        .getMinimumValidity())
                .isEqualTo(10);
    }

    @Test
    void jobDslExample_createsAWorkingProject() throws Exception {
        ExecuteDslScripts script = new ExecuteDslScripts();
        script.setScriptText(Files.readString(Path.of("docs/examples/freestyle.groovy")));
        script.setSandbox(false);
        project.getBuildersList().add(script);
        jenkins.buildAndAssertSuccess(project);
        buildExample();
    }

    @Test
    void cascExample_createsAWorkingProject() throws Exception {
        ConfigurationAsCode.get()
                .configure(List.of(
                        Path.of("docs/examples/freestyle-casc.yaml").toUri().toString()));
        buildExample();
    }

    private static void buildExample() throws Exception {
        int before = simulator.served();
        FreeStyleProject example = jenkins.jenkins.getItemByFullName("vcf-freestyle", FreeStyleProject.class);
        jenkins.buildAndAssertSuccess(example);
        assertThat(simulator.served() - before).isEqualTo(1);
        example.delete();
    }

    private static VcfTokenBuildWrapper wrapper() {
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("vcfa");
        wrapper.setBindings(List.of(new TokenFileBinding("VCF_TOKEN_FILE"), new HeaderFileBinding("VCF_HEADER_FILE")));
        return wrapper;
    }

    private static void awaitNoFiles() throws Exception {
        Path home = jenkins.jenkins.getRootDir().toPath();
        JenkinsAndSimulator.await("records of token files are deleted", () -> {
            try (Stream<Path> records = Files.list(home.resolve("vcf-token/files"))) {
                return records.findAny().isEmpty();
            }
        });
        try (Stream<Path> all = Files.walk(home.resolve("workspace"))) {
            assertThat(all).noneMatch(path -> path.getFileName().toString().startsWith("vcf-token-"));
        }
    }

    /** Prints the access token of the build steps after the wrapper's tear-down. */
    public static final class TokenPrinter extends Recorder {
        private final transient CaptureEnvironmentBuilder environment;

        TokenPrinter(CaptureEnvironmentBuilder environment) {
            this.environment = environment;
        }

        @Override
        public boolean perform(AbstractBuild<?, ?> build, Launcher launcher, BuildListener listener) {
            listener.getLogger().println("printed " + environment.getEnvVars().get("VCF_TOKEN"));
            return true;
        }

        @Override
        public BuildStepMonitor getRequiredMonitorService() {
            return BuildStepMonitor.NONE;
        }

        @TestExtension
        public static final class DescriptorImpl extends BuildStepDescriptor<Publisher> {
            @Override
            public boolean isApplicable(@SuppressWarnings("rawtypes") Class<? extends AbstractProject> type) {
                return true;
            }
        }
    }
}
