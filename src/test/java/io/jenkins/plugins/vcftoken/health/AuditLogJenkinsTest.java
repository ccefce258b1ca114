package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import hudson.model.Item;
import hudson.model.Node;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.LogRecorder;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class AuditLogJenkinsTest {

    private final LogRecorder log =
            new LogRecorder().record(AuditLog.NAME, Level.FINE).capture(1000);
    private JenkinsRule jenkins;
    private Simulator simulator;
    private WorkflowJob job;

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
        simulator = Simulator.start();
        simulator.setLifetime(Duration.ofHours(1));
        JenkinsAccount.add(simulator, "vcfa");
        job = jenkins.createProject(Folder.class, "team").createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void noSecretAndOneLineEach() {
        assertThat(log.getMessages()).allSatisfy(line -> {
            assertThat(simulator.accessTokens()).noneMatch(line::contains);
            assertThat(simulator.refreshTokens()).noneMatch(line::contains);
            assertThat(line).doesNotContain("\n");
        });
        log.close();
        simulator.close();
    }

    @Test
    void whoGotWhatAndWhichExchangeBroughtIt() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        String granted = only("granted ");
        String url = simulator.url().toString();
        String credential = " credential=\"vcfa\" store=\"system\" system=\"VCF Automation\" url=\"" + url
                + "\" organization=\"acme\" account=\"\" ";
        assertThat(granted)
                .matches(Pattern.quote("granted" + credential)
                        + "family=\"\\p{XDigit}{12}\" generation=\"1\" token=\"\\p{XDigit}{12}\" "
                        + "next=\"\\p{XDigit}{12}\" accessToken=\"\\p{XDigit}{12}\" ms=\"\\d+\"");
        assertThat(only("given "))
                .startsWith("given to=\"build team/job#1\"" + credential + "accessToken=\"" + value(granted, "accessToken")
                        + "\" until=\"2");
        assertThat(only("returned ")).contains("to=\"build team/job#1\"", value(granted, "accessToken"));
        assertThat(only("used "))
                .isEqualTo("used by=\"build team/job#1\" credential=\"vcfa\" store=\"system\" url=\"" + url + "\"");
    }

    /** A controller with thousands of builds an hour would have two lines of each in its main log. */
    @Test
    void blocks_atTheLevelOfTheMainLog_leaveNoLine() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        assertThat(lines("used ")).hasSize(2);
        assertThat(lines("given ")).hasSize(2);
        assertThat(log.getRecords())
                .filteredOn(line -> line.getLevel().intValue() >= Level.INFO.intValue())
                .extracting(LogRecord::getMessage)
                .singleElement()
                .satisfies(line -> assertThat(line).startsWith("granted "));
    }

    @Test
    void eachRotationLeadsToTheNext() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(2));
        build("withVcfToken(credentialsId: 'vcfa') { sleep 4 }");
        List<String> granted = lines("granted ");
        assertThat(granted).hasSizeGreaterThan(1);
        for (int i = 1; i < granted.size(); i++) {
            assertThat(value(granted.get(i), "token")).isEqualTo(value(granted.get(i - 1), "next"));
        }
        assertThat(lines("renewed ")).hasSize(granted.size() - 1);
        assertThat(value(only("returned "), "accessToken")).isEqualTo(value(granted.get(granted.size() - 1), "bearer"));
    }

    @Test
    void anOrganizationsAccessTokenIsSaidToBeItsOwn() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        build("withVcfToken(credentialsId: 'vcfa-provider', organization: 'allapps_org01') { echo VCF_URL }");
        assertThat(only("given ")).contains("credential=\"vcfa-provider\"", "organization=\"allapps_org01\"");
        assertThat(lines("granted "))
                .extracting(line -> value(line, "organization"))
                .containsExactly("System", "allapps_org01");
    }

    @Test
    void aPersonWhoTakesItAsSecretText() throws Exception {
        VcfCredentials credentials = jenkins
                .jenkins
                .getExtensionList(com.cloudbees.plugins.credentials.SystemCredentialsProvider.class)
                .get(0)
                .getCredentials()
                .stream()
                .map(VcfCredentials.class::cast)
                .findFirst()
                .orElseThrow();
        try (ACLContext alice = ACL.as2(User.getOrCreateByIdOrFullName("alice").impersonate2())) {
            credentials.getSecret();
        }
        assertThat(only("given ")).startsWith("given to=\"user alice\" ");
    }

    @Test
    void aBuildThatTakesItAsSecretText() throws Exception {
        build("withCredentials([string(credentialsId: 'vcfa', variable: 'T')]) { echo 'in' }");
        assertThat(only("used ")).startsWith("used by=\"build team/job#1\" credential=\"vcfa\" ");
        assertThat(lines("given ")).isNotEmpty().allMatch(line -> line.startsWith("given to=\"system\" "));
    }

    @Test
    void refusedAndDenied() throws Exception {
        simulator.revoke("vcfa");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        assertThat(only("failed ")).contains("problem=\"SPENT_OR_REVOKED\" state=\"REJECTED\" why=\"HTTP 400");
        assertThat(only("denied ")).startsWith("denied to=\"build team/job#1\" credential=\"vcfa\" ");
        assertThat(lines("given ")).isEmpty();
    }

    @Test
    void whatAPersonDoes() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        TokenFamily family = VcfTokenService.get().administration().list().get(0);
        try (ACLContext alice = ACL.as2(User.getOrCreateByIdOrFullName("alice").impersonate2())) {
            AuditLog.get().acted("forget", family.locations().iterator().next(), family.id());
        }
        assertThat(only("forget "))
                .isEqualTo("forget by=\"user alice\" credential=\"vcfa\" store=\"system\" family=\""
                        + family.id().substring(0, 12) + "\"");
    }

    /** The form takes any text for an organization, and servers are told what they are told. */
    @Test
    void nobodyWritesLinesOfTheirOwn() throws Exception {
        ExamplesJenkinsTest.store(new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "evil",
                null,
                simulator.url().toString(),
                "x\ngiven to=\"build nobody#1\"",
                Secret.fromString("evil-secret-of-a-test")));
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'evil') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        assertThat(lines("given ")).isEmpty();
        assertThat(only("denied ")).contains("organization=\"x\\u{a}given to=\\\"build nobody#1\\\"\"");
    }

    @Test
    void aBlockIsOneUse() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL; vcfTokenRefresh(); echo VCF_TOKEN }");
        assertThat(jenkins.jenkins.getExtensionList(Uses.class).get(0).all).containsExactly("vcfa by team/job#1");
    }

    private void build(String script) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        jenkins.buildAndAssertSuccess(job);
    }

    private List<String> lines(String begin) {
        return log.getMessages().stream().filter(line -> line.startsWith(begin)).toList();
    }

    private String only(String begin) {
        List<String> lines = lines(begin);
        assertThat(lines).hasSize(1);
        return lines.get(0);
    }

    private static String value(String line, String key) {
        Matcher matcher = Pattern.compile(" " + key + "=\"([^\"]*)\"").matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group(1);
    }

    /** Of Jenkins' own event. */
    @TestExtension("aBlockIsOneUse")
    public static final class Uses implements CredentialsUseListener {

        final List<String> all = new CopyOnWriteArrayList<>();

        @Override
        @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
        public void onUse(Credentials credentials, Run run) {
            all.add(((VcfCredentials) credentials).getId() + " by " + run.getExternalizableId());
        }

        @Override
        public void onUse(Credentials credentials, Node node) {}

        @Override
        public void onUse(Credentials credentials, Item item) {}
    }
}
