package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.List;
import java.util.logging.Level;
import jenkins.model.Jenkins;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.LogRecorder;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Whoever presses a button on the pages stands in the audit channel, under the ID that nobody chooses. */
@WithJenkins
class AuditedActionsJenkinsTest {

    private static final String PAGE = "manage/vcf-tokens/credential/sa/";
    private static final NameValuePair LOSES = new NameValuePair("loses", "true");

    private final LogRecorder log =
            new LogRecorder().record(AuditLog.NAME, Level.INFO).capture(100);
    private JenkinsAndSimulator both;
    private Simulator simulator;
    private JenkinsPages pages;

    @BeforeEach
    void start(JenkinsRule jenkins) throws Exception {
        simulator = Simulator.start();
        both = new JenkinsAndSimulator(jenkins, simulator);
        pages = new JenkinsPages(jenkins);
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("alice")
                .grant(Jenkins.READ, CredentialsProvider.VIEW)
                .everywhere()
                .to("reader", "owner"));
        User.getById("alice", true).setFullName("user admin");
    }

    @AfterEach
    void stop() {
        log.close();
        simulator.close();
    }

    @Test
    void whatIsPressedOnThePageOfACredential() throws Exception {
        String here = " by=\"user alice\" credential=\"sa\" store=\"system\" family=\"";
        for (String action : List.of("renew", "retry", "forget", "authorize/start", "authorize/cancel")) {
            assertThat(pages.post("reader", PAGE + action, JenkinsPages.confirmed()))
                    .as(action)
                    .isEqualTo(403);
        }
        assertThat(lines()).as("nobody did anything").isEmpty();

        simulator.inject(Fault.STATUS_502);
        assertThat(pages.post("alice", PAGE + "renew")).isEqualTo(400);
        assertThat(lines()).containsExactly("renew" + here + '"');
        TokenFamily family = VcfTokenService.get().administration().list().get(0);
        String id = family.id().substring(0, 12);
        assertThat(pages.post("alice", PAGE + "retry")).as("not confirmed").isEqualTo(400);
        assertThat(pages.post("alice", PAGE + "retry", JenkinsPages.confirmed()))
                .isEqualTo(200);
        assertThat(pages.post("alice", PAGE + "forget")).as("not confirmed").isEqualTo(400);
        assertThat(pages.post("alice", PAGE + "forget", JenkinsPages.confirmed(), LOSES))
                .isEqualTo(200);
        NameValuePair clientId =
                new NameValuePair("clientId", simulator.devices().addAccount("another", "acme"));
        assertThat(pages.post("alice", PAGE + "authorize/start", clientId)).isEqualTo(200);
        assertThat(pages.post("alice", PAGE + "authorize/cancel")).isEqualTo(200);
        assertThat(pages.post("alice", PAGE + "authorize/cancel"))
                .as("there is nothing to cancel any more")
                .isEqualTo(200);
        assertThat(lines())
                .containsExactly(
                        "renew" + here + '"',
                        "vouch" + here + id + '"',
                        "forget" + here + id + '"',
                        "authorize" + here + '"',
                        "cancel" + here + '"');
    }

    @Test
    void aRecordWithoutACredentialThatIsForgotten() throws Exception {
        assertThat(pages.post("alice", PAGE + "renew")).isEqualTo(200);
        both.awaitInSystem("sa");
        String record = VcfTokenService.get().administration().list().get(0).id();
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .removeIf(known -> ((IdCredentials) known).getId().equals("sa"));
        assertThat(pages.post(
                        "alice",
                        "manage/vcf-tokens/forget",
                        new NameValuePair("record", record),
                        JenkinsPages.confirmed()))
                .isEqualTo(200);
        assertThat(VcfTokenService.get().administration().list()).isEmpty();
        assertThat(lines())
                .last()
                .isEqualTo("forget by=\"user alice\" credential=\"\" store=\"\" family=\"" + record.substring(0, 12)
                        + '"');
    }

    @Test
    void whatSomebodyDoesWithAPersonalCredential() throws Exception {
        try (ACLContext as = ACL.as2(User.getById("owner", true).impersonate2())) {
            JenkinsPages.storeOf(User.current())
                    .addCredentials(
                            Domain.global(),
                            both.account(
                                    CredentialsScope.USER,
                                    "mine",
                                    simulator.url().toString(),
                                    simulator.addAccount("hers", "acme")));
        }
        String page = "user/owner/vcf-tokens/credential/mine/";
        for (String other : List.of("alice", "reader")) {
            assertThat(pages.post(other, page + "renew")).as(other).isEqualTo(404);
        }
        assertThat(simulator.requests()).isZero();
        assertThat(pages.post("owner", page + "renew")).isEqualTo(200);
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(pages.as("owner").goTo(page).asNormalizedText()).contains("Ready");
        String here = " by=\"user owner\" credential=\"mine\" store=\"user:owner\" family=\"";
        assertThat(lines()).containsExactly("renew" + here + '"');
        assertThat(log.getMessages())
                .filteredOn(line -> line.startsWith("granted "))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("credential=\"mine\" store=\"user:owner\""));
        assertThat(pages.post("owner", page + "forget", JenkinsPages.confirmed(), LOSES))
                .isEqualTo(200);
        assertThat(VcfTokenService.get().administration().list()).isEmpty();
        assertThat(lines()).hasSize(2).last().satisfies(line -> assertThat(line).startsWith("forget" + here));
    }

    /** What people did. */
    private List<String> lines() {
        return log.getMessages().stream()
                .filter(line -> line.matches("\\w+ by=.*") && !line.startsWith("used "))
                .toList();
    }
}
