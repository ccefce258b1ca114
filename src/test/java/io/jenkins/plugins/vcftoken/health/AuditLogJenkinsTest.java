package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.ExtensionList;
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
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.TestExtension;

class AuditLogJenkinsTest extends JenkinsSharedTestBase {

    private final JenkinsAuditEvents log = new JenkinsAuditEvents(Level.FINE);
    private WorkflowJob job;

    @BeforeEach
    void prepare() throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        simulator.setLifetime(Duration.ofHours(1));
        JenkinsAccount.add(simulator, "vcfa");
        job = jenkins.createProject(Folder.class, "team").createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void assertNoSecretAndOneLinePerEvent() {
        assertThat(log.lines()).allSatisfy(line -> {
            assertThat(simulator.accessTokens()).noneMatch(line::contains);
            assertThat(simulator.refreshTokens()).noneMatch(line::contains);
            assertThat(line).doesNotContain("\n");
        });
        log.close();
    }

    @Test
    void block_logsUseRequestAndLease() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        Map<String, Object> granted = log.only("granted");
        String url = simulator.url().toString();
        assertThat(granted.keySet())
                .containsExactly(
                        "event",
                        "credential",
                        "store",
                        "system",
                        "url",
                        "organization",
                        "account",
                        "family",
                        "generation",
                        "token",
                        "next",
                        "accessToken",
                        "ms");
        Map<String, Object> credential = Map.of(
                "credential", "vcfa",
                "store", "system",
                "system", "VCF Automation",
                "url", url,
                "organization", "acme",
                "account", "");
        assertThat(granted).containsAllEntriesOf(credential).containsEntry("generation", 1);
        assertThat(granted)
                .extractingByKeys("family", "token", "next", "accessToken")
                .allSatisfy(hash -> assertThat((String) hash).matches("\\p{XDigit}{12}"));
        assertThat((int) granted.get("ms")).isNotNegative();
        Map<String, Object> given = log.only("given");
        assertThat(given)
                .containsAllEntriesOf(credential)
                .containsEntry("to", "build team/job#1")
                .containsEntry("accessToken", granted.get("accessToken"));
        assertThat(given.keySet())
                .containsExactly(
                        "event",
                        "to",
                        "credential",
                        "store",
                        "system",
                        "url",
                        "organization",
                        "account",
                        "accessToken",
                        "until");
        assertThat((String) given.get("until")).startsWith("2");
        assertThat(log.only("returned"))
                .containsEntry("to", "build team/job#1")
                .containsEntry("accessToken", granted.get("accessToken"));
        assertThat(log.only("used"))
                .containsExactly(
                        entry("event", "used"),
                        entry("by", "build team/job#1"),
                        entry("credential", "vcfa"),
                        entry("store", "system"),
                        entry("url", url));
    }

    /** With thousands of builds per hour, two lines per build would fill the main log. */
    @Test
    void blocks_atLevelInfo_logNoLine() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        assertThat(log.named("used")).hasSize(2);
        assertThat(log.named("given")).hasSize(2);
        assertThat(log.atLevelInfo())
                .singleElement()
                .satisfies(event -> assertThat(event).containsEntry("event", "granted"));
    }

    @Test
    void rotations_areLinkedByTheirHashes() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(2));
        build("withVcfToken(credentialsId: 'vcfa') { sleep 4 }");
        List<Map<String, Object>> granted = log.named("granted");
        assertThat(granted).hasSizeGreaterThan(1);
        for (int i = 1; i < granted.size(); i++) {
            assertThat(granted.get(i)).containsEntry("token", granted.get(i - 1).get("next"));
        }
        assertThat(log.named("renewed")).hasSize(granted.size() - 1);
        assertThat(log.only("returned"))
                .containsEntry("accessToken", granted.get(granted.size() - 1).get("accessToken"));
    }

    @Test
    void tenantAccessToken_isLoggedWithItsOrganization() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        build("withVcfToken(credentialsId: 'vcfa-provider', organization: 'allapps_org01') { echo VCF_URL }");
        assertThat(log.only("given"))
                .containsEntry("credential", "vcfa-provider")
                .containsEntry("organization", "allapps_org01");
        assertThat(log.named("granted"))
                .extracting(event -> event.get("organization"))
                .containsExactly("System", "allapps_org01");
    }

    @Test
    void secretText_readByAUser_isLoggedWithTheUser() throws Exception {
        VcfCredentials credentials = (VcfCredentials)
                SystemCredentialsProvider.getInstance().getCredentials().get(0);
        try (ACLContext alice = ACL.as2(User.getOrCreateByIdOrFullName("alice").impersonate2())) {
            credentials.getSecret();
        }
        assertThat(log.only("given")).containsEntry("to", "user alice");
    }

    @Test
    void secretText_inABuild_isLoggedAsUseByTheBuild() throws Exception {
        build("withCredentials([string(credentialsId: 'vcfa', variable: 'T')]) { echo 'in' }");
        assertThat(log.only("used")).containsEntry("by", "build team/job#1").containsEntry("credential", "vcfa");
        assertThat(log.named("given"))
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event).containsEntry("to", "system"));
    }

    @Test
    void rejectedToken_isLoggedAsFailedAndDenied() throws Exception {
        simulator.revoke("vcfa");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        assertThat(log.only("failed"))
                .containsEntry("error", "REFRESH_TOKEN_REJECTED")
                .containsEntry("state", "REJECTED")
                .hasEntrySatisfying("cause", cause -> assertThat((String) cause).startsWith("HTTP 400"));
        assertThat(log.only("denied")).containsEntry("to", "build team/job#1").containsEntry("credential", "vcfa");
        assertThat(log.named("given")).isEmpty();
    }

    @Test
    void acted_logsTheCurrentUser() throws Exception {
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL }");
        TokenFamily family = VcfTokenService.get().administration().list().get(0);
        try (ACLContext alice = ACL.as2(User.getOrCreateByIdOrFullName("alice").impersonate2())) {
            AuditLog.get().logAction("forget", family.locations().iterator().next(), family.id());
        }
        assertThat(log.only("forget"))
                .containsExactly(
                        entry("event", "forget"),
                        entry("by", "user alice"),
                        entry("credential", "vcfa"),
                        entry("store", "system"),
                        entry("family", family.id().substring(0, 12)));
    }

    /** The form accepts any text as organization. */
    @Test
    void organizationWithALineBreak_doesNotAddALogLine() throws Exception {
        String organization = "x\n\u2028{\"event\":\"given\",\"to\":\"build other#1\"}";
        JenkinsAccount.store(new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "evil",
                null,
                simulator.url().toString(),
                organization,
                Secret.fromString("evil-secret-of-a-test")));
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'evil') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        assertThat(log.named("given")).isEmpty();
        assertThat(log.only("denied")).containsEntry("organization", organization);
        assertThat(log.lines()).allMatch(line -> line.matches("[ -~]*"));
    }

    @Test
    void block_isOneUseOfTheCredential() throws Exception {
        List<String> uses = ExtensionList.lookupSingleton(UseRecorder.class).uses;
        uses.clear();
        build("withVcfToken(credentialsId: 'vcfa') { echo VCF_URL; vcfTokenRefresh(); echo VCF_TOKEN }");
        assertThat(uses).containsExactly("vcfa by team/job#1");
    }

    private void build(String script) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        jenkins.buildAndAssertSuccess(job);
    }

    @TestExtension
    public static final class UseRecorder implements CredentialsUseListener {

        final List<String> uses = new CopyOnWriteArrayList<>();

        @Override
        @SuppressWarnings("rawtypes") // overridden method has a raw type
        public void onUse(Credentials credentials, Run run) {
            uses.add(((VcfCredentials) credentials).getId() + " by " + run.getExternalizableId());
        }

        @Override
        public void onUse(Credentials credentials, Node node) {}

        @Override
        public void onUse(Credentials credentials, Item item) {}
    }
}
