package io.jenkins.plugins.vcftoken.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import jenkins.model.Jenkins;
import org.htmlunit.html.HtmlPage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Where the page is, and who sees what of it. */
@WithJenkins
class TokensPageJenkinsTest {

    private JenkinsRule jenkins;
    private JenkinsAndSimulator both;
    private Simulator simulator;
    private Folder folder;

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator = Simulator.start();
        both = new JenkinsAndSimulator(rule, simulator);
        both.addToSystem(both.account("global", simulator.addAccount("ci", "acme")));
        folder = rule.createProject(Folder.class, "team");
        storeOf(folder).addCredentials(Domain.global(), both.account("shared", simulator.addAccount("two", "acme")));
        rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
        rule.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ)
                .everywhere()
                .to("owner", "reader")
                .grant(hudson.model.Item.READ)
                .everywhere()
                .to("owner", "reader")
                .grant(CredentialsProvider.VIEW, CredentialsProvider.UPDATE)
                .onFolders(folder)
                .to("owner"));
        try (ACLContext as = ACL.as2(User.getById("owner", true).impersonate2())) {
            storeOf(User.current())
                    .addCredentials(
                            Domain.global(),
                            both.account(
                                    CredentialsScope.USER,
                                    "mine",
                                    simulator.url().toString(),
                                    simulator.addAccount("three", "acme")));
        }
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void anAdministratorSeesTheControllers() throws Exception {
        assertThat(as("admin").goTo("manage/").asNormalizedText()).contains("VCF tokens");
        HtmlPage page = as("admin").goTo("manage/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains("global");
        assertThat(page.getAnchorByText("global").click().getUrl().getPath())
                .endsWith("/vcf-tokens/credential/global/");
    }

    @Test
    void aFolderOwnerSeesTheFolders() throws Exception {
        HtmlPage page = as("owner").goTo("job/team/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains("shared").doesNotContain("global");
        assertThat(as("owner").goTo("job/team/").getAnchorByText("VCF tokens")).isNotNull();
        assertThat(status("owner", "job/team/vcf-tokens/credential/shared/")).isEqualTo(200);
        assertThat(status("owner", "job/team/vcf-tokens/credential/global/")).isEqualTo(404);
        assertThat(status("owner", "manage/vcf-tokens/")).isEqualTo(403);
    }

    @Test
    void othersSeeNothing() throws Exception {
        for (String path : new String[] {"job/team/vcf-tokens/", "vcf-tokens/", "job/team/vcf-tokens/api/json"}) {
            assertThat(status("reader", path)).as(path).isEqualTo(403);
        }
        assertThat(as("reader").goTo("job/team/").asNormalizedText()).doesNotContain("VCF tokens");
        JenkinsRule.WebClient anonymous = jenkins.createWebClient().withThrowExceptionOnFailingStatusCode(false);
        assertThat(anonymous.goTo("vcf-tokens/").getUrl().getPath()).endsWith("/login");
    }

    @Test
    void personalCredentialsAreTheirOwnersAlone() throws Exception {
        assertThat(as("owner").goTo("user/owner/vcf-tokens/").asNormalizedText())
                .contains("mine");
        assertThat(status("owner", "user/owner/vcf-tokens/credential/mine/")).isEqualTo(200);
        assertThat(status("admin", "user/owner/vcf-tokens/")).isEqualTo(404);
        assertThat(status("admin", "user/owner/vcf-tokens/credential/mine/")).isEqualTo(404);
    }

    private JenkinsRule.WebClient as(String user) throws Exception {
        return jenkins.createWebClient().login(user);
    }

    private int status(String user, String path) throws Exception {
        JenkinsRule.WebClient client = as(user);
        client.setThrowExceptionOnFailingStatusCode(false);
        return client.goTo(path, null).getWebResponse().getStatusCode();
    }

    private static CredentialsStore storeOf(ModelObject context) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                return store;
            }
        }
        throw new AssertionError(context);
    }
}
