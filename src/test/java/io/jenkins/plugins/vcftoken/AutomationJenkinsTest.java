package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.cli.CLICommandInvoker;
import hudson.model.FreeStyleProject;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.StringParameterDefinition;
import hudson.model.StringParameterValue;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.casc.SecretSource;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javaposse.jobdsl.plugin.ExecuteDslScripts;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Runs the snippets of docs/automation.md. */
@WithJenkins
class AutomationJenkinsTest {

    private final String document = Files.readString(Path.of("docs/automation.md"));
    private JenkinsRule jenkins;

    @AutoClose("closeAndCheckViolations")
    private final Simulator simulator = Simulator.start();

    AutomationJenkinsTest() throws Exception {}

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void configurationAsCode() throws Exception {
        Path file = jenkins.jenkins.getRootDir().toPath().resolve("credentials.yaml");
        Files.writeString(file, snippet("yaml", "domainCredentials"));
        for (int reload = 0; reload < 2; reload++) {
            ConfigurationAsCode.get().configure(file.toString());
        }
        Map<String, VcfCredentials> stored = stored();
        assertThat(stored.keySet())
                .containsExactly(
                        "vcfa",
                        "sddc-manager",
                        "sddc-manager-key",
                        "csp-token",
                        "csp-app",
                        "vcf-sso",
                        "vcf-operations");
        stored.forEach((id, credential) ->
                assertThat(credential.storedSecret().getPlainText()).as(id).startsWith("secret of "));
        assertThat(stored.get("vcfa").getCaCertificates()).isEqualTo("secret of VCF_CA");
        assertThat(((SddcManagerUser) stored.get("sddc-manager")).getUsername()).isEqualTo("svc-jenkins@vsphere.local");
        assertThat(((CspOAuthApp) stored.get("csp-app")).getAccessTokenValiditySeconds())
                .isEqualTo(1200);
    }

    /** Resolves the secrets that the snippet refers to. */
    @TestExtension("configurationAsCode")
    public static final class Secrets extends SecretSource {
        @Override
        public Optional<String> reveal(String secret) {
            return Optional.of("secret of " + secret);
        }
    }

    @Test
    void freestyleProjectByJobDsl() throws Exception {
        JenkinsAccount.add(simulator, "vcfa");
        JenkinsAccount.trust(simulator.authorityPem());
        runJobDsl(snippet("groovy", "freeStyleJob"));
        jenkins.buildAndAssertSuccess(jenkins.jenkins.getItemByFullName("deploy", FreeStyleProject.class));
        assertThat(simulator.served()).isEqualTo(1);
    }

    @Test
    void folderCredential_appliedRepeatedlyByJobDsl_keepsOneTokenFamily() throws Exception {
        String script = snippet("groovy", "folderCredentialsProperty");
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        String initialToken = simulator.addAccount("ci", "acme");
        for (int run = 0; run < 3; run++) {
            runJobDsl(
                    script.replace("https://vcfa.example.com", simulator.url().toString()),
                    new StringParameterValue("VCFA_REFRESH_TOKEN", initialToken),
                    new StringParameterValue("VCF_CA", simulator.authorityPem()));
            Folder team = jenkins.jenkins.getItemByFullName("team", Folder.class);
            WorkflowJob job =
                    team.getItem("job") instanceof WorkflowJob old ? old : team.createProject(WorkflowJob.class, "job");
            job.setDefinition(new CpsFlowDefinition("withVcfToken('vcfa-team') { echo VCF_URL }", true));
            jenkins.buildAndAssertSuccess(job);
            Thread.sleep(JenkinsAndSimulator.SHORT.toMillis());
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
        assertThat(VcfTokenService.get().administration().list()).hasSize(1);
    }

    @Test
    void declarativeOptions() throws Exception {
        JenkinsAccount.add(simulator, "vcfa");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "declarative");
        String script = snippet("groovy", "options {");
        int end = script.lastIndexOf('}');
        job.setDefinition(new CpsFlowDefinition(
                script.substring(0, end) + "post { always { echo \"post $VCF_TOKEN\" } }\n}", true));
        WorkflowRun run = jenkins.buildAndAssertSuccess(job);
        jenkins.assertLogContains(simulator.url().toString(), run);
        jenkins.assertLogContains("post ****", run);
        assertThat(simulator.grants()).isEqualTo(1);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void commandLine() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        jenkins.createProject(Folder.class, "team");
        String[] lines = snippet("sh", "jenkins-cli.jar").split("\n");
        assertThat(lines).hasSize(3);
        String exported = cli(lines[0], "");
        assertThat(simulator.refreshTokens()).noneMatch(exported::contains);
        assertThat(exported)
                .doesNotContain(
                        ExamplesJenkinsTest.SDDC_PASSWORD,
                        ExamplesJenkinsTest.API_TOKEN,
                        ExamplesJenkinsTest.APP_SECRET,
                        ExamplesJenkinsTest.SSO_TOKEN,
                        ExamplesJenkinsTest.OPERATIONS_PASSWORD)
                .contains("<secret-redacted/>");
        cli(lines[1], exported);
        Folder team = jenkins.jenkins.getItemByFullName("team", Folder.class);
        WorkflowJob job = team.createProject(WorkflowJob.class, "job");
        for (String id : List.of("vcfa", "sddc-manager", "csp-token", "vcf-sso", "vcf-operations")) {
            job.setDefinition(new CpsFlowDefinition("withVcfToken('" + id + "') { }", true));
            WorkflowRun run = jenkins.buildAndAssertStatus(hudson.model.Result.FAILURE, job);
            jenkins.assertLogContains("it stores no ", run);
        }
        assertThat(simulator.requests()).isZero();
        assertThat(
                        VcfTokenService.get().hasLedger()
                                ? VcfTokenService.get().administration().list()
                                : List.of())
                .isEmpty();
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        cli(lines[2], snippet("xml", "CspApiToken"));
        assertThat(stored().get("csp-token").storedSecret().getPlainText()).isEqualTo("the API token");
        assertThat(stored().get("csp-token").getCaCertificates()).isEmpty();
    }

    /** Omits the elements of all fields that may be empty in the form. */
    @Test
    void minimalXml_createsCredentialWithoutSecret() throws Exception {
        String create = snippet("sh", "jenkins-cli.jar").split("\n")[2];
        for (String kind : List.of(
                "VcfaServiceAccount",
                "SddcManagerUser",
                "CspApiToken",
                "CspOAuthApp",
                "VcfSsoApiToken",
                "VcfOperationsUser")) {
            String element = "io.jenkins.plugins.vcftoken.credentials." + kind;
            cli(
                    create,
                    "<" + element + "><scope>GLOBAL</scope><id>" + kind + "</id><url>" + simulator.url() + "</url></"
                            + element + ">");
            VcfCredentials credential = stored().get(kind);
            assertThat(credential.storedSecret().getPlainText()).isEmpty();
            assertThat(credential.account().description())
                    .contains(simulator.url().toString());
            assertThat(com.cloudbees.plugins.credentials.CredentialsNameProvider.name(credential))
                    .doesNotContain("null");
            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job-" + kind);
            job.setDefinition(new CpsFlowDefinition("withVcfToken('" + kind + "') { }", true));
            WorkflowRun run = jenkins.buildAndAssertStatus(hudson.model.Result.FAILURE, job);
            jenkins.assertLogContains("Credential ‘" + kind + "’", run);
            jenkins.assertLogNotContains("\tat ", run);
        }
        assertThat(stored().get("VcfaServiceAccount")).isInstanceOf(VcfaServiceAccount.class);
    }

    private String cli(String line, String input) {
        Matcher matcher = Pattern.compile("java -jar jenkins-cli.jar -s \"\\$JENKINS_URL\" (\\S+) (.*?)( [<>] \\S+)?")
                .matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        CLICommandInvoker.Result result = new CLICommandInvoker(jenkins, matcher.group(1))
                .withStdin(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)))
                .invokeWithArgs(matcher.group(2).split(" "));
        assertThat(result.returnCode()).as(result.stderr()).isZero();
        return result.stdout();
    }

    private void runJobDsl(String script, StringParameterValue... parameters) throws Exception {
        FreeStyleProject seedJob = jenkins.createFreeStyleProject();
        List<hudson.model.ParameterDefinition> definitions = new ArrayList<>();
        for (StringParameterValue parameter : parameters) {
            definitions.add(new StringParameterDefinition(parameter.getName(), ""));
        }
        seedJob.addProperty(new ParametersDefinitionProperty(definitions));
        ExecuteDslScripts step = new ExecuteDslScripts();
        step.setScriptText(script);
        step.setSandbox(false);
        seedJob.getBuildersList().add(step);
        jenkins.assertBuildStatusSuccess(
                seedJob.scheduleBuild2(0, new ParametersAction(List.<hudson.model.ParameterValue>of(parameters))));
        seedJob.delete();
    }

    /** The only snippet in this language that contains the text. */
    private String snippet(String language, String text) {
        Matcher matcher =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(document);
        List<String> found = matcher.results()
                .map(result -> result.group(1))
                .filter(snippet -> snippet.contains(text))
                .toList();
        assertThat(found).as(language + " with " + text).hasSize(1);
        return found.get(0);
    }

    @Test
    void documentHasNoUntestedSnippets() {
        assertThat(Pattern.compile("```\\w+").matcher(document).results()).hasSize(6);
    }

    private static Map<String, VcfCredentials> stored() {
        Map<String, VcfCredentials> stored = new LinkedHashMap<>();
        SystemCredentialsProvider.getInstance().getCredentials().stream()
                .filter(VcfCredentials.class::isInstance)
                .map(VcfCredentials.class::cast)
                .forEach(credential -> stored.put(credential.getId(), credential));
        return stored;
    }
}
