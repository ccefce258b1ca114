package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.FilePath;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
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
    void project() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(4));
        project = jenkins.createFreeStyleProject();
    }

    @Test
    void eachBuildStepSeesAFreshAccessTokenAndTheLogIsMasked() throws Exception {
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
    void theFilesAreFreshUnderARunningStepAndGoneAfterwards() throws Exception {
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
    void afterTheBuildStepsTheLogIsStillMaskedAndNothingIsRenewed() throws Exception {
        project.getBuildWrappersList().add(wrapper());
        CaptureEnvironmentBuilder environment = new CaptureEnvironmentBuilder();
        project.getBuildersList().add(environment);
        project.getPublishersList().add(new Printing(environment));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        jenkins.assertLogContains("printed ****", build);
        int grants = simulator.grants();
        Thread.sleep(4_000);
        assertThat(simulator.grants()).isEqualTo(grants);
        assertThat(build.getEnvironment(TaskListener.NULL)).doesNotContainKey("VCF_TOKEN");
    }

    @Test
    void twoBuildsOfOneProjectAtOnce() throws Exception {
        jenkins.jenkins.setNumExecutors(2);
        project.setConcurrentBuild(true);
        project.addProperty(
                new hudson.model.ParametersDefinitionProperty(new hudson.model.StringParameterDefinition("N", "1")));
        project.getBuildWrappersList().add(wrapper());
        project.getBuildersList().add(new Shell("echo \"$VCF_TOKEN_FILE\"; sleep 2; " + GET));
        var one = project.scheduleBuild2(0, parameter("1"));
        var two = project.scheduleBuild2(0, parameter("2"));
        jenkins.assertBuildStatusSuccess(one);
        jenkins.assertBuildStatusSuccess(two);
        awaitNoFiles();
    }

    private static hudson.model.ParametersAction parameter(String value) {
        return new hudson.model.ParametersAction(new hudson.model.StringParameterValue("N", value));
    }

    @Test
    void aProvidersCredentialBuysAnAccessTokenOfTheOrganization() throws Exception {
        simulator.tenants().add("allapps_org01");
        VcfaServiceAccount provider = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "provider",
                null,
                simulator.url().toString(),
                "System",
                Secret.fromString(simulator.addAccount("provider", "System")));
        provider.setCaCertificates(simulator.authorityPem());
        SystemCredentialsProvider.getInstance().getCredentials().add(provider);
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("provider");
        wrapper.setOrganization(" allapps_org01 ");
        wrapper.setBindings(List.of(new HeaderFileBinding("VCF_HEADER_FILE")));
        project.getBuildWrappersList().add(wrapper);
        project.getBuildersList().add(new Shell(GET));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        jenkins.assertLogContains("\"name\":\"allapps_org01\"", build);
    }

    @Test
    void anUnknownCredentialFailsTheBuildAndSaysWhy() throws Exception {
        project.getBuildWrappersList().add(new VcfTokenBuildWrapper("nope"));
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains("No credential with the ID ‘nope’", build);
        jenkins.assertLogNotContains("\tat ", build);
    }

    @Test
    void variablesThatSteerWhatRunsFailTheBuildAndNothingIsSent() throws Exception {
        int requests = simulator.requests();
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("vcfa");
        wrapper.setTokenVariable("LD_PRELOAD");
        project.getBuildWrappersList().add(wrapper);
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains("LD_PRELOAD", build);
        jenkins.assertLogNotContains("\tat ", build);
        assertThat(simulator.requests()).isEqualTo(requests);
    }

    @Test
    void aRefusedTokenFailsTheBuildAndSaysWhatToDo() throws Exception {
        JenkinsAccount.add(simulator, "revoked");
        simulator.revoke("revoked");
        project.getBuildWrappersList().add(new VcfTokenBuildWrapper("revoked"));
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains("re-authorize the account", build);
        jenkins.assertLogNotContains("\tat ", build);
    }

    @Test
    void whereTheFileCannotBeWrittenTheBuildFailsAndHoldsNoAccessToken() throws Exception {
        FilePath workspace = jenkins.jenkins.getWorkspaceFor(project);
        FilePath temporary = WorkspaceList.tempDir(workspace);
        workspace.mkdirs();
        temporary.write("in the way", "UTF-8");
        project.getBuildWrappersList().add(wrapper());
        FreeStyleBuild build = jenkins.buildAndAssertStatus(Result.FAILURE, project);
        jenkins.assertLogContains("The token file cannot be written into " + temporary.getRemote(), build);
        JenkinsAndSimulator.await(
                "no lease is left", () -> VcfTokenService.get().openLeases().isEmpty());
        temporary.delete();
    }

    @Test
    void survivesTheForm() throws Exception {
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

    /** As every other field of the form does. */
    @Test
    void aMinimumValidityThatIsClearedIsTheDefault() throws Exception {
        VcfTokenBuildWrapper before = wrapper();
        before.setMinimumValidity(7);
        project.getBuildWrappersList().add(before);
        HtmlForm form = jenkins.createWebClient().getPage(project, "configure").getFormByName("config");
        form.getInputByName("_.minimumValidity").setValue("");
        jenkins.submit(form);
        assertThat(project.getBuildWrappersList()
                        .get(VcfTokenBuildWrapper.class)
                        .getMinimumValidity())
                .isEqualTo(10);
    }

    @Test
    void jobDslSample() throws Exception {
        ExecuteDslScripts script = new ExecuteDslScripts();
        script.setScriptText(Files.readString(Path.of("docs/examples/freestyle.groovy")));
        script.setSandbox(false);
        project.getBuildersList().add(script);
        jenkins.buildAndAssertSuccess(project);
        buildSample();
    }

    @Test
    void cascSample() throws Exception {
        ConfigurationAsCode.get()
                .configure(List.of(
                        Path.of("docs/examples/freestyle-casc.yaml").toUri().toString()));
        buildSample();
    }

    private static void buildSample() throws Exception {
        int before = simulator.served();
        FreeStyleProject made = jenkins.jenkins.getItemByFullName("vcf-freestyle", FreeStyleProject.class);
        jenkins.buildAndAssertSuccess(made);
        assertThat(simulator.served() - before).isEqualTo(1);
        made.delete();
    }

    private static VcfTokenBuildWrapper wrapper() {
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("vcfa");
        wrapper.setBindings(List.of(new TokenFileBinding("VCF_TOKEN_FILE"), new HeaderFileBinding("VCF_HEADER_FILE")));
        return wrapper;
    }

    private static void awaitNoFiles() throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        Path notes = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token/files");
        while (count(notes) > 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(50);
        }
        try (Stream<Path> all = Files.walk(jenkins.jenkins.getRootDir().toPath().resolve("workspace"))) {
            assertThat(all).noneMatch(path -> path.getFileName().toString().startsWith("vcf-token-"));
        }
    }

    private static long count(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    /** Prints what a build step saw, when the wrapper has been torn down. */
    public static final class Printing extends hudson.tasks.Recorder {
        private final transient CaptureEnvironmentBuilder seen;

        Printing(CaptureEnvironmentBuilder seen) {
            this.seen = seen;
        }

        @Override
        public boolean perform(
                hudson.model.AbstractBuild<?, ?> build, hudson.Launcher launcher, hudson.model.BuildListener listener) {
            listener.getLogger().println("printed " + seen.getEnvVars().get("VCF_TOKEN"));
            return true;
        }

        @Override
        public hudson.tasks.BuildStepMonitor getRequiredMonitorService() {
            return hudson.tasks.BuildStepMonitor.NONE;
        }

        /** For Jenkins. */
        @org.jvnet.hudson.test.TestExtension
        public static final class DescriptorImpl extends hudson.tasks.BuildStepDescriptor<hudson.tasks.Publisher> {
            @Override
            public boolean isApplicable(
                    @SuppressWarnings("rawtypes") Class<? extends hudson.model.AbstractProject> type) {
                return true;
            }
        }
    }
}
