package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.slaves.EnvironmentVariablesNodeProperty;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.DataBoundConstructor;

/** Variables and files of each binding, and the credentials that it refuses. */
@WithJenkins
class TokenBindingJenkinsTest {

    private static JenkinsRule jenkins;

    @AutoClose
    private static final Simulator simulator = Simulator.start();

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        JenkinsAccount.add(simulator, "sa");
        VcfaServiceAccount provider = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "provider",
                null,
                simulator.url() + "/",
                "system",
                Secret.fromString(simulator.addAccount("provider", "System")));
        provider.setCaCertificates(simulator.authorityPem());
        provider.setSkipTlsVerification(true);
        JenkinsAccount.store(
                provider,
                new CspApiToken(
                        CredentialsScope.GLOBAL, "csp", null, "https://csp.example.com", Secret.fromString("x")));
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(simulator.unauthorized()).isZero();
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    private static WorkflowRun build(Result expected, String script) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(expected, job);
    }

    private static String log(String script) throws Exception {
        return JenkinsRule.getLog(build(Result.SUCCESS, script));
    }

    private static void assertFails(String message, String credentialsId, String bindings) throws Exception {
        jenkins.assertLogContains(
                message,
                build(
                        Result.FAILURE,
                        "withVcfToken(credentialsId: '" + credentialsId + "', bindings: [" + bindings
                                + "]) { echo 'in' }"));
    }

    @Test
    void headerFile_withAHeaderAndAScheme_hasBoth() throws Exception {
        assertThat(log("""
                        node { withVcfToken(credentialsId: 'sa', bindings: [
                            headerFile('A'),
                            headerFile(variable: 'B', header: 'csp-auth-token'),
                            headerFile(variable: 'C', scheme: 'OpsToken')]) {
                          if (readFile(env.A) != 'Authorization: Bearer ' + env.VCF_TOKEN + '\\n') error 'A'
                          if (readFile(env.B) != 'csp-auth-token: ' + env.VCF_TOKEN + '\\n') error 'B'
                          if (readFile(env.C) != 'Authorization: OpsToken ' + env.VCF_TOKEN + '\\n') error 'C'
                          sh 'cat "$A" "$B" "$C"'
                        } }
                        """)).contains("csp-auth-token: ****", "Authorization: OpsToken ****");
        for (String parameter : List.of("header: 'A: b'", "scheme: 'a\\nb'")) {
            assertFails("cannot be the name of an HTTP header", "sa", "headerFile(variable: 'A', " + parameter + ")");
        }
    }

    @Test
    void caFile_ofACredentialWithCertificates_isAcceptedByCurl() throws Exception {
        int served = simulator.served();
        log("""
                node { withVcfToken(credentialsId: 'sa', bindings: [caFile('CA'), caFile(variable: 'ALL', systemRoots: true), headerFile('H')]) {
                  sh 'test "$(stat -c %a "$CA")" = 644; test "$(grep -c BEGIN "$ALL")" -gt 50'
                  sh 'for ca in "$CA" "$ALL"; do curl --fail --silent --cacert "$ca" -H @"$H" $VCF_URL/deployment/api/deployments; done'
                } }
                """);
        assertThat(simulator.served() - served).isEqualTo(2);
    }

    @Test
    void caFile_ofACredentialWithoutCertificates_isRefused() throws Exception {
        int requests = simulator.requests();
        assertFails("Credential ‘csp’ has no CA certificates", "csp", "caFile('CA')");
        assertThat(simulator.requests()).isEqualTo(requests);
    }

    @Test
    void organization_isThatOfTheCredential() throws Exception {
        assertThat(log("""
                        withVcfToken(credentialsId: 'sa', bindings: [organization('O')]) { echo "first $O" }
                        withVcfToken(credentialsId: 'provider', bindings: [organization('O')]) { echo "second $O" }
                        """)).contains("first acme", "second System");
    }

    @Test
    void organizationBindings_ofASystemWithoutOrganizations_areRefused() throws Exception {
        for (String binding : List.of("organization('O')", "terraform()", "kubeconfig()")) {
            assertFails(
                    "Credential ‘csp’ (VMware Cloud Services API token) belongs to no organization", "csp", binding);
        }
    }

    @Test
    void terraform_setsTheVariablesOfItsProvider() throws Exception {
        assertThat(log("""
                        node { withVcfToken(credentialsId: 'sa', bindings: [terraform()]) {
                          if (env.VCFA_TOKEN != env.VCF_TOKEN) error 'token'
                          if (env.VCFA_URL != env.VCF_URL) error 'url'
                          echo "type $VCFA_AUTH_TYPE of $VCFA_ORG"
                          sh 'ls "${SSL_CERT_DIR%%:*}/ca.pem"; test -z "$VCFA_ALLOW_UNVERIFIED_SSL"; env | grep VCFA_'
                        } }
                        withVcfToken(credentialsId: 'provider', bindings: [terraform(provider: 'vcd')]) {
                          if (env.VCD_TOKEN != env.VCF_TOKEN) error 'token'
                          if (env.VCD_URL != env.VCF_URL + 'api') error 'url'
                          echo "vcd $VCD_AUTH_TYPE of $VCD_ORG, $VCD_ALLOW_UNVERIFIED_SSL"
                        }
                        withVcfToken(credentialsId: 'sa', bindings: [terraform(provider: 'vra')]) {
                          if (env.VRA_ACCESS_TOKEN != env.VCF_TOKEN) error 'token'
                          if (env.VRA_URL != env.VCF_URL || env.VCFA_ORGANIZATION != 'acme') error 'url'
                        }
                        """)).contains("type token of acme", "vcd token of System, true", "VCFA_TOKEN=****");
        assertFails("Unknown Terraform provider ‘azurerm’", "sa", "terraform(provider: 'azurerm')");
    }

    @Test
    void kubeconfig_refersToItsTokenFileAndHasContexts() throws Exception {
        simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        simulator.tenants().add("allapps_org01");
        simulator.kubernetes().addNamespace("allapps_org01", "default-project", "test");
        int unauthorized = simulator.unauthorized();
        assertThat(log("""
                        node { withVcfToken(credentialsId: 'sa', bindings: [kubeconfig()]) {
                          def config = readFile(env.KUBECONFIG)
                          if (readFile(env.KUBECONFIG + '.token') != env.VCF_TOKEN) error 'token'
                          if (!config.contains('"server" : "' + env.VCF_URL + '/cci/kubernetes"')) error config
                          if (config.contains('acme:dev')) error config
                          sh 'stat -c "mode %a" "$KUBECONFIG"'
                        } }
                        node { withVcfToken(credentialsId: 'provider', organization: 'allapps_org01', bindings:
                            [kubeconfig(variable: 'CONFIG', context: 'allapps_org01:test:default-project')]) {
                          sh 'grep current-context "$CONFIG"'
                        } }
                        """)).contains("mode 600", "\"current-context\" : \"allapps_org01:test:default-project\"");
        assertThat(simulator.unauthorized()).isEqualTo(unauthorized);
        assertFails("Set the parameter organization of the block", "provider", "kubeconfig()");
        assertFails(
                "has no context ‘acme:test’. It has: acme, acme:dev:default-project.",
                "sa",
                "kubeconfig(context: 'acme:test')");
        simulator.kubernetes().setVersions(List.of());
        try {
            assertFails(
                    "Credential ‘sa’ (VCF Automation at " + simulator.url()
                            + ", organization ‘acme’): the Supervisor namespaces cannot be listed",
                    "sa",
                    "kubeconfig(namespaces: true)");
        } finally {
            simulator.kubernetes().setVersions(List.of("v1alpha3"));
        }
    }

    /** The Terraform provider prefers each of these variables to the access token. */
    @Test
    void terraform_onAnAgentWithLongLivedSecrets_unsetsTheirVariables() throws Exception {
        EnvironmentVariablesNodeProperty secrets = new EnvironmentVariablesNodeProperty(
                new EnvironmentVariablesNodeProperty.Entry("VCFA_API_TOKEN", "x"),
                new EnvironmentVariablesNodeProperty.Entry("VCFA_SA_TOKEN_FILE", "y"));
        jenkins.jenkins.getNodeProperties().add(secrets);
        try {
            log("""
                    node { withVcfToken(credentialsId: 'sa', bindings: [terraform()]) {
                      sh 'test -z "${VCFA_API_TOKEN+set}${VCFA_SA_TOKEN_FILE+set}${VCFA_API_TOKEN_FILE+set}${VCFA_SYS_ORG+set}"'
                    }
                    sh 'test -n "$VCFA_API_TOKEN"' }
                    """);
        } finally {
            jenkins.jenkins.getNodeProperties().remove(secrets);
        }
    }

    @Test
    void variablesOfTwoBindings_withOneName_areRefused() throws Exception {
        for (String names :
                List.of("tokenFile('A'), organization('A')", "tokenFile('A'), tokenFile('a')", "caFile('VCF_TOKEN')")) {
            assertFails("is used more than once", "sa", names);
        }
    }

    @Test
    void bindingsInOptions_ofADeclarativePipeline_reachEachStage() throws Exception {
        int served = simulator.served();
        log("""
                pipeline { agent any
                  options { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H'), caFile('CA')]) }
                  stages {
                    stage('a') { steps { sh 'curl --fail --silent --cacert "$CA" -H @"$H" $VCF_URL/deployment/api/deployments' } }
                    stage('b') { agent any
                      options { withVcfToken(credentialsId: 'provider', tokenVariable: 'P', urlVariable: 'U', bindings: [organization('O')]) }
                      steps { sh 'test "$O" = System && curl --fail --silent --cacert "$CA" -H @"$H" $VCF_URL/deployment/api/deployments' } }
                } }
                """);
        assertThat(simulator.served() - served).isEqualTo(2);
    }

    @Test
    void bindingOfAnotherPlugin_isSetAndMasked() throws Exception {
        String script = """
                node { withVcfToken(credentialsId: 'sa', bindings: [basicAuthorization('LOGIN')]) {
                  if (readFile(env.LOGIN).trim() != 'acme ' + env.VCF_TOKEN + ' ' + env.VCF_TOKEN) error 'file'
                  sh 'cat "$LOGIN"; cat "$(dirname "$LOGIN")/beside"'
                } }
                """;
        assertThat(log(script)).contains("acme **** ****", "beside it");
    }

    @Test
    void bindingThatFailsAfterItHasAnAccessToken_leavesNoLease() throws Exception {
        int leases = VcfTokenService.get().openLeases().size();
        assertFails("no such namespace", "sa", "failing()");
        assertThat(VcfTokenService.get().openLeases()).hasSize(leases);
        // Not only at the end of the build.
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(
                "try { withVcfToken(credentialsId: 'sa', bindings: [failing()]) { } } catch (e) { echo 'refused' }\n"
                        + "sleep 300",
                true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("refused", run);
        assertThat(VcfTokenService.get().openLeases()).hasSize(leases);
        run.doStop();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
    }

    @Test
    void freestyleBuild_setsAndMasksVariablesOfBindings() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("sa");
        TerraformBinding terraform = new TerraformBinding();
        terraform.setProvider("vcd");
        wrapper.setBindings(new ArrayList<>(List.of(terraform, new CaFileBinding("CA"), new HeaderFileBinding("H"))));
        project.getBuildWrappersList().add(wrapper);
        project = jenkins.configRoundtrip(project);
        project.getBuildersList()
                .add(new Shell("test \"$VCD_TOKEN\" = \"$VCF_TOKEN\"; env | grep VCD_; "
                        + "curl --fail --silent --cacert \"$CA\" -H @\"$H\" $VCF_URL/deployment/api/deployments"));
        int served = simulator.served();
        var build = jenkins.buildAndAssertSuccess(project);
        assertThat(JenkinsRule.getLog(build)).contains("VCD_TOKEN=****", "VCD_ORG=acme");
        assertThat(simulator.served() - served).isEqualTo(1);
        assertThat(build.getSensitiveBuildVariables()).contains("VCF_TOKEN").doesNotContain("VCD_ORG");
    }

    /** A binding of another plugin. */
    public static final class BasicAuthorization extends TokenBinding {

        private static final long serialVersionUID = 1;

        private final String variable;

        @DataBoundConstructor
        public BasicAuthorization(String variable) {
            this.variable = variable;
        }

        public String getVariable() {
            return variable;
        }

        @Override
        public void bind(BindingContext context) throws IOException {
            context.addFileVariable(
                    variable,
                    TokenTemplate.of(context.organization("basicAuthorization") + " ", " ", "\n"),
                    TokenFileMode.OWNER);
            context.addFile("beside", TokenTemplate.of("beside it\n"), TokenFileMode.OWNER);
        }

        @TestExtension
        @Symbol("basicAuthorization")
        public static final class DescriptorImpl extends TokenBindingDescriptor {

            @NonNull
            @Override
            public String getDisplayName() {
                return "Basic authorization";
            }
        }
    }

    /** Uses an access token for a request to the server. */
    public static final class Failing extends TokenBinding {

        private static final long serialVersionUID = 1;

        @DataBoundConstructor
        public Failing() {
            // No parameters.
        }

        @Override
        public void bind(BindingContext context) throws IOException, InterruptedException {
            if (!simulator.admits(context.accessToken().value())) {
                throw new IllegalStateException("not admitted");
            }
            throw new IOException("no such namespace");
        }

        @TestExtension
        @Symbol("failing")
        public static final class DescriptorImpl extends TokenBindingDescriptor {

            @NonNull
            @Override
            public String getDisplayName() {
                return "Failing";
            }
        }
    }
}
