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
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import jenkins.model.Jenkins;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** The audit log identifies users by their ID, because they can choose their full name freely. */
class AuditedActionsJenkinsTest extends JenkinsSharedTestBase {

    private static final String PAGE = "manage/vcf-tokens/credential/sa/";
    private static final NameValuePair LOSES = new NameValuePair("loses", "true");

    private final JenkinsAuditEvents log = new JenkinsAuditEvents(Level.INFO);
    private JenkinsPages pages;

    @BeforeEach
    void prepare() throws Exception {
        pages = new JenkinsPages(jenkins);
        fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
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
    }

    @Test
    void actionsOnACredential_areLoggedWithTheIdOfTheUser() throws Exception {
        for (String action : List.of("renew", "retry", "forget", "authorize/start", "authorize/cancel")) {
            assertThat(pages.post("reader", PAGE + action, JenkinsPages.confirmed()))
                    .as(action)
                    .isEqualTo(403);
        }
        assertThat(actions()).as("no action took place").isEmpty();

        simulator.inject(Fault.STATUS_502);
        assertThat(pages.post("alice", PAGE + "renew")).isEqualTo(400);
        assertThat(actions()).containsExactly(action("renew", "alice", "sa", "system", null));
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
                .as("already canceled")
                .isEqualTo(200);
        assertThat(actions())
                .containsExactly(
                        action("renew", "alice", "sa", "system", null),
                        action("retry", "alice", "sa", "system", id),
                        action("forget", "alice", "sa", "system", id),
                        action("authorize", "alice", "sa", "system", null),
                        action("cancel", "alice", "sa", "system", null));
    }

    @Test
    void forgetOfAnOrphanedRecord_isLogged() throws Exception {
        assertThat(pages.post("alice", PAGE + "renew")).isEqualTo(200);
        fixture.awaitInSystem("sa");
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
        assertThat(actions()).last().isEqualTo(action("forget", "alice", null, null, record.substring(0, 12)));
    }

    @Test
    void actionsOnAPersonalCredential_areAllowedForItsOwnerAndLogged() throws Exception {
        try (ACLContext as = ACL.as2(User.getById("owner", true).impersonate2())) {
            JenkinsAccount.findStore(User.current())
                    .addCredentials(
                            Domain.global(),
                            fixture.account(
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
        assertThat(actions()).containsExactly(action("renew", "owner", "mine", "user:owner", null));
        Map<String, Object> granted = log.only("granted");
        assertThat(granted).containsEntry("credential", "mine").containsEntry("store", "user:owner");
        assertThat(pages.post("owner", page + "forget", JenkinsPages.confirmed(), LOSES))
                .isEqualTo(200);
        assertThat(VcfTokenService.get().administration().list()).isEmpty();
        assertThat(actions()).hasSize(2).last().isEqualTo(action("forget", "owner", "mine", "user:owner", (String)
                granted.get("family")));
    }

    /** Events with a user. */
    private List<Map<String, Object>> actions() {
        return log.all().stream().filter(event -> event.containsKey("by")).toList();
    }

    private static Map<String, Object> action(
            String event, String user, String credential, String store, String family) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("event", event);
        fields.put("by", "user " + user);
        fields.put("credential", credential);
        fields.put("store", store);
        fields.put("family", family);
        return fields;
    }
}
