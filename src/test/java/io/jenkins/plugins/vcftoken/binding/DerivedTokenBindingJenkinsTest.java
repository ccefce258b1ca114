package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.FreeStyleBuild;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.model.queue.QueueTaskFuture;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.DerivedTokenClientFactory;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.DataBoundConstructor;

/** Bindings that derive a token from the access token of their block. */
@WithJenkins
class DerivedTokenBindingJenkinsTest {

    private static final int LIFETIMES = 20;
    private static final Duration LIFETIME = Duration.ofSeconds(6);
    private static final int CALLS = LIFETIMES * (int) LIFETIME.toSeconds();
    private static final String PROVIDER_PATH = "/cloudapi/1.0.0/sessions/current";

    private static JenkinsRule jenkins;

    @AutoClose
    private static final Simulator simulator = Simulator.start();

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        JenkinsAccount.trust(simulator.authorityPem());
        rule.jenkins.setNumExecutors(4);
        String url = simulator.url().toString();
        simulator.vcfSso().addApiToken("CUSTOMER", "ci", "vidb_secret-of-ci", Instant.parse("2099-01-01T00:00:00Z"));
        VcfSsoApiToken sso =
                new VcfSsoApiToken(CredentialsScope.GLOBAL, "sso", null, url, Secret.fromString("vidb_secret-of-ci"));
        sso.setCaCertificates(simulator.authorityPem());
        simulator.vcfOperations().addUser("svc", "", "Aa1-password-of-svc");
        VcfOperationsUser operations = new VcfOperationsUser(
                CredentialsScope.GLOBAL, "ops", null, url, "svc", Secret.fromString("Aa1-password-of-svc"));
        operations.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(
                sso,
                operations,
                new CspApiToken(
                        CredentialsScope.GLOBAL, "csp", null, "https://csp.example.com", Secret.fromString("x")));
    }

    @AfterAll
    static void stop() throws Exception {
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    @BeforeEach
    void setLifetime() {
        simulator.setLifetime(Duration.ofHours(1));
    }

    @AfterEach
    void assertSessionsEnded() throws Exception {
        assertThat(VcfTokenService.get().openLeases()).isEmpty();
        JenkinsAndSimulator.await(
                "sessions end",
                () -> simulator.vcenter().openSessions() == 0
                        && simulator.providerSessions().openSessions() == 0);
        assertThat(simulator.violations()).isEmpty();
    }

    private static String vcenterSession(String options) {
        return "vcenterSession(url: '" + simulator.url() + "', variable: 'VC_SESSION'" + options + ")";
    }

    private static String providerSession(String options) {
        return "vcfaProviderSession(url: '" + simulator.url() + "', variable: 'PROVIDER'" + options + ")";
    }

    private static String fleetService(String options) {
        return "fleetService(key: 'fleet-lcm', variable: 'FLEET'" + options + ")";
    }

    private static WorkflowJob job(String credentialsId, String bindings, String body) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(
                "node { withVcfToken(credentialsId: '" + credentialsId + "', bindings: [" + bindings + "]) {\n" + body
                        + "\n} }",
                true));
        return job;
    }

    private static WorkflowRun build(Result expected, String credentialsId, String bindings, String body)
            throws Exception {
        return jenkins.buildAndAssertStatus(expected, job(credentialsId, bindings, body));
    }

    /** A single step, so that its environment has the first token only and it must read the file. */
    private static String curlLoop(String path, String options) {
        return "sh 'for i in $(seq " + CALLS + "); do curl --fail --silent --show-error -o /dev/null " + options
                + " -H @\"$H\" \"" + simulator.url() + path + "\" || exit 1; sleep 1; done'";
    }

    @Test
    void blockOfEachBinding_forTwentyLifetimes_getsNo401() throws Exception {
        simulator.setLifetime(LIFETIME);
        int unauthorized = simulator.unauthorized();
        int served = simulator.served();
        int sessions = simulator.vcenter().sessionsCreated();
        int rejections = rejections();
        String file = ", headerFileVariable: 'H'";
        List<QueueTaskFuture<WorkflowRun>> runs = new ArrayList<>();
        runs.add(job("sso", vcenterSession(file), curlLoop("/api/vcenter/host", ""))
                .scheduleBuild2(0));
        runs.add(job(
                        "sso",
                        providerSession(file),
                        curlLoop(PROVIDER_PATH, "-H \"Accept: application/json;version=9.1.0\""))
                .scheduleBuild2(0));
        runs.add(job(
                        "sso",
                        fleetService(file + ", url: '" + simulator.url() + "'"),
                        curlLoop("/fleet-lcm/v1/components", ""))
                .scheduleBuild2(0));
        runs.add(job("ops", fleetService(file), curlLoop("/fleet-lcm/v1/components", ""))
                .scheduleBuild2(0));
        List<WorkflowRun> completed = new ArrayList<>();
        for (QueueTaskFuture<WorkflowRun> run : runs) {
            completed.add(run.get());
        }
        for (WorkflowRun run : completed) {
            jenkins.assertBuildStatusSuccess(run);
        }
        assertThat(simulator.unauthorized()).isEqualTo(unauthorized);
        assertThat(simulator.served() - served).isEqualTo(runs.size() * CALLS);
        assertThat(simulator.vcenter().sessionsCreated() - sessions).isGreaterThan(LIFETIMES);
        assertThat(rejections()).isEqualTo(rejections);
    }

    private static int rejections() {
        return simulator.vcenter().refusals()
                + simulator.providerSessions().refusals()
                + simulator.vcfOperations().refusedExchanges();
    }

    @Test
    void tokensAndTheirEncodings_areMaskedInTheLog() throws Exception {
        String bindings = String.join(
                ", ",
                vcenterSession(", headerFileVariable: 'A'"),
                providerSession(", headerFileVariable: 'B'"),
                fleetService(", headerFileVariable: 'C', header: 'X-JWT-Token', url: '" + simulator.url() + "'"));
        String log = JenkinsRule.getLog(build(Result.SUCCESS, "sso", bindings, """
                if (readFile(env.A) != 'vmware-api-session-id: ' + env.VC_SESSION + '\\n') error 'A'
                if (readFile(env.B) != 'Authorization: Bearer ' + env.PROVIDER + '\\n') error 'B'
                if (readFile(env.C) != 'X-JWT-Token: ' + env.FLEET + '\\n') error 'C'
                sh 'cat "$A" "$B" "$C"; printf %s "in base64 $VC_SESSION" | base64 -w0; echo; env | grep -E "SESSION=|PROVIDER=|FLEET="'
                """));
        assertThat(log)
                .contains("vmware-api-session-id: ****", "X-JWT-Token: ****", "VC_SESSION=****", "FLEET=****")
                .contains("Authorization: Bearer ****");
        assertThat(simulator.accessTokens()).noneMatch(log::contains);
    }

    @Test
    void vcfTokenRefresh_afterVcenterEndedTheSession_createsASession() throws Exception {
        String get =
                "curl --fail --silent --show-error -o /dev/null -H @\"$H\" " + simulator.url() + "/api/vcenter/host";
        WorkflowRun run = job("sso", vcenterSession(", headerFileVariable: 'H'"), """
                        def first = env.VC_SESSION
                        sh '%1$s'; echo 'ready'; sleep 11
                        if (sh(script: '%1$s', returnStatus: true) == 0) error 'the session is still valid'
                        vcfTokenRefresh()
                        if (env.VC_SESSION == first) error 'the same session'
                        sh '%1$s'
                        """.formatted(get))
                .scheduleBuild2(0)
                .waitForStart();
        jenkins.waitForMessage("ready", run);
        simulator.vcenter().endSessions();
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
    }

    @Test
    void freestyleBuild_setsAndMasksDerivedTokens() throws Exception {
        FreeStyleProject project = jenkins.createFreeStyleProject();
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("sso");
        VcenterSessionBinding session = new VcenterSessionBinding(simulator.url() + " ", " VC_SESSION");
        session.setHeaderFileVariable("H");
        FleetServiceBinding service =
                new FleetServiceBinding("fleet-lcm", simulator.url().toString(), "FLEET");
        service.setHeader("X-JWT-Token");
        wrapper.setBindings(new ArrayList<>(List.of(
                session, service, new VcfaProviderSessionBinding(simulator.url().toString(), "PROVIDER"))));
        project.getBuildWrappersList().add(wrapper);
        project = jenkins.configRoundtrip(project);
        VcfTokenBuildWrapper saved = project.getBuildWrappersList().get(VcfTokenBuildWrapper.class);
        assertThat(saved.getBindings()).usingRecursiveComparison().isEqualTo(wrapper.getBindings());
        project.getBuildersList()
                .add(new Shell("curl --fail --silent -H @\"$H\" " + simulator.url()
                        + "/api/vcenter/host; env | grep -E \"VC_SESSION=|PROVIDER=\""));
        FreeStyleBuild build = jenkins.buildAndAssertSuccess(project);
        assertThat(JenkinsRule.getLog(build)).contains("esx01.example.com", "VC_SESSION=****", "PROVIDER=****");
        assertThat(build.getSensitiveBuildVariables()).contains("VCF_TOKEN");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            csp | vcenterSession(url: 'https://vc', variable: 'X') | Credential ‘csp’ (VMware Cloud Services API token) is not a VCF SSO credential
            ops | vcfaProviderSession(url: 'https://vcfa', variable: 'X') | is not a VCF SSO credential
            csp | fleetService(key: 'fleet-lcm', variable: 'X') | is neither of VCF SSO nor of VCF Operations
            sso | fleetService(key: 'fleet-lcm', variable: 'X') | does not have the address of VCF Operations
            ops | fleetService(key: 'fleet-lcm', variable: 'X', url: 'https://evil') | are sent to no other server
            sso | fleetService(key: 'fleet lcm', variable: 'X', url: 'https://ops') | is not the key of a fleet service
            sso | fleetService(key: 'a', variable: 'X', url: 'https://ops', header: 'A: b') | cannot be the name of an HTTP header
            sso | vcenterSession(url: 'http://vc.example.com', variable: 'X') | is not an https URL
            sso | vcenterSession(url: '', variable: 'X') | is not an https URL
            sso | vcenterSession(url: 'https://vc', variable: 'VCF_TOKEN') | is used more than once
            sso | vcenterSession(url: 'https://vc', variable: 'X', headerFileVariable: 'X') | is used more than once
            """)
    void unsuitableBinding_isRefusedBeforeARequest(String credentialsId, String binding, String message)
            throws Exception {
        int requests = simulator.requests();
        jenkins.assertLogContains(message, build(Result.FAILURE, credentialsId, binding, "echo 'in'"));
        assertThat(simulator.requests()).isEqualTo(requests);
    }

    /** The job chooses the address, so the log must not show the text of the server. */
    @Test
    void rejectedAccessToken_failsTheBuild() throws Exception {
        simulator.vcfSso().setTrusted(false);
        try {
            String log = JenkinsRule.getLog(build(Result.FAILURE, "sso", vcenterSession(""), "echo 'in'"));
            assertThat(log)
                    .contains("Credential ‘sso’ (vCenter at " + simulator.url()
                            + "): the server rejects the access token of the credential")
                    .contains("(HTTP 401)")
                    .doesNotContain("] echo");
        } finally {
            simulator.vcfSso().setTrusted(true);
        }
    }

    @Test
    void rejectedRequest_failsTheBuildWithoutTheServersMessage() throws Exception {
        String unknownKey = "fleetService(key: 'no-such-service', variable: 'FLEET', url: '" + simulator.url() + "')";
        String log = JenkinsRule.getLog(build(Result.FAILURE, "sso", unknownKey, "echo 'in'"));
        assertThat(log).contains("(HTTP 400").doesNotContain("Invalid service keys", "] echo");
    }

    @Test
    void temporaryServerErrors_areRetried() throws Exception {
        WorkflowRun other =
                job("sso", "", "echo 'ready'; sleep 300").scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("ready", other);
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        simulator.inject(Fault.STATUS_503);
        build(Result.SUCCESS, "sso", vcenterSession(""), "sh 'test -n \"$VC_SESSION\"'");
        other.doStop();
        jenkins.waitForCompletion(other);
    }

    @Test
    void derivedTokenOfAnotherPlugin_isSetMaskedAndRevoked() throws Exception {
        OtherToken.REVOCATIONS.set(0);
        String log = JenkinsRule.getLog(build(Result.SUCCESS, "sso", "otherToken('https://other.example.com')", """
                if (env.OTHER != 'Other ' + 'of-' + env.VCF_TOKEN) error 'value'
                sh 'echo "it is $OTHER"'
                """));
        assertThat(log).contains("it is Other ****");
        JenkinsAndSimulator.await("the session ends", () -> OtherToken.REVOCATIONS.get() == 1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            http://other.example.com | is not sent to http://other.example.com, where it could be read on the network
            https://user@other.example.com | is not a valid URL
            """)
    void derivedTokenOfAnotherPlugin_withAnInvalidAddress_isRefused(String url, String message) throws Exception {
        jenkins.assertLogContains(message, build(Result.FAILURE, "sso", "otherToken('" + url + "')", "echo 'in'"));
    }

    /** A binding of another plugin. */
    public static final class OtherBinding extends TokenBinding {

        private static final long serialVersionUID = 1;

        private final String url;

        @DataBoundConstructor
        public OtherBinding(String url) {
            this.url = url;
        }

        public String getUrl() {
            return url;
        }

        @Override
        public void bind(BindingContext context) throws IOException {
            context.addVariable(
                    "OTHER", context.addDerivedToken(new OtherToken(url)).between("Other ", ""));
        }

        @TestExtension
        @Symbol("otherToken")
        public static final class DescriptorImpl extends TokenBindingDescriptor {

            @NonNull
            @Override
            public String getDisplayName() {
                return "Other token";
            }
        }
    }

    static final class OtherToken implements DerivedTokenClientFactory {

        private static final long serialVersionUID = 1;

        static final AtomicInteger REVOCATIONS = new AtomicInteger();

        private final String url;

        OtherToken(String url) {
            this.url = url;
        }

        @Override
        public TokenClient client(VcfCredentials credential, AtMostOnceHttpClient http) {
            Account account = new Account("Other", Account.address(url), "");
            return new TokenClient() {
                @Override
                public Account account() {
                    return account;
                }

                @Override
                public boolean rotates() {
                    return false;
                }

                @Override
                public TokenResponse requestToken(String parentToken) {
                    Instant now = Instant.now();
                    AccessToken token = new AccessToken("of-" + parentToken, now, now.plusSeconds(600));
                    return new TokenResponse(token, null, "id");
                }

                @Override
                public void revokeSession(String session) {
                    REVOCATIONS.incrementAndGet();
                }
            };
        }
    }
}
