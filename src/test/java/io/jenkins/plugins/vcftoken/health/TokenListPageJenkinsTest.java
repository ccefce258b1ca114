package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.TaskListener;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.binding.TokenBlock;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.html.DomNode;
import org.htmlunit.html.HtmlElement;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** Permissions and contents of the token lists of controller, folders and users. */
class TokenListPageJenkinsTest extends JenkinsSharedTestBase {

    private JenkinsPages pages;
    private Folder folder;

    @BeforeEach
    void prepare() throws Exception {
        pages = new JenkinsPages(jenkins);
        fixture.addToSystem(fixture.account("global", simulator.addAccount("ci", "acme")));
        folder = jenkins.createProject(Folder.class, "team");
        JenkinsAccount.findStore(folder)
                .addCredentials(Domain.global(), fixture.account("shared", simulator.addAccount("two", "acme")));
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ)
                .everywhere()
                .to("owner", "reader", "auditor", "outsider")
                .grant(hudson.model.Item.READ)
                .everywhere()
                .to("owner", "reader", "auditor")
                .grant(CredentialsProvider.VIEW, Jenkins.MANAGE)
                .onRoot()
                .to("auditor", "outsider")
                .grant(CredentialsProvider.VIEW, CredentialsProvider.UPDATE)
                .onFolders(folder)
                .to("owner"));
        try (ACLContext as = ACL.as2(User.getById("owner", true).impersonate2())) {
            JenkinsAccount.findStore(User.current())
                    .addCredentials(
                            Domain.global(),
                            fixture.account(
                                    CredentialsScope.USER,
                                    "mine",
                                    simulator.url().toString(),
                                    simulator.addAccount("three", "acme")));
        }
    }

    @Test
    void controllerPage_listsTheControllersCredentials() throws Exception {
        assertThat(pages.as("admin").goTo("manage/").asNormalizedText()).contains("VCF tokens");
        HtmlPage page = pages.as("admin").goTo("manage/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains("global");
        assertThat(page.getAnchorByText("global").click().getUrl().getPath())
                .endsWith("/vcf-tokens/credential/global/");
    }

    @Test
    void controllerPage_withoutFurtherPermissions_hidesFoldersAndOrphans() throws Exception {
        VcfaServiceAccount gone = fixture.account("gone", simulator.addAccount("four", "acme"));
        fixture.addToSystem(gone);
        VcfTokenService.get().issueWithoutLease(gone);
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .removeIf(known -> ((IdCredentials) known).getId().equals("gone"));
        assertThat(json("admin")).contains("\"global\"", "\"shared\"").doesNotContain("\"orphans\":[]");
        assertThat(pages.as("admin").goTo("manage/vcf-tokens/").querySelectorAll("button[aria-label]").stream()
                        .map(button -> ((HtmlElement) button).getAttribute("aria-label")))
                .as("accessible names of the buttons")
                .containsExactly("Delete the record of VCF Automation at " + simulator.url() + ", organization ‘acme’");
        assertThat(json("auditor")).contains("\"global\"", "\"orphans\":[]").doesNotContain("\"shared\"");
    }

    @Test
    void leases_nameBuildsThatTheUserMaySee() throws Exception {
        VcfaServiceAccount busy = fixture.account("busy", simulator.addAccount("five", "acme"));
        fixture.addToSystem(busy);
        WorkflowRun run = fixture.build(fixture.job(jenkins.jenkins, "hidden", "busy"));
        TokenBlock block = new TokenBlock(run, busy, "VCF_TOKEN", "VCF_URL", false, null);
        block.open(busy, "", run, Duration.ofMinutes(1), List.of(), TaskListener.NULL, null);
        assertThat(json("auditor")).contains("\"busy\"", "hidden#1");
        assertThat(json("outsider")).contains("\"busy\"").doesNotContain("hidden");
        block.close();
    }

    private String json(String user) throws Exception {
        return pages.send(user, pages.request(HttpMethod.GET, "manage/vcf-tokens/api/json"))
                .getContentAsString();
    }

    @Test
    void folderPage_listsTheFoldersCredentials() throws Exception {
        HtmlPage page = pages.as("owner").goTo("job/team/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains("shared").doesNotContain("global");
        assertThat(pages.as("owner").goTo("job/team/").querySelectorAll("#tasks a").stream()
                        .map(DomNode::asNormalizedText))
                .containsSequence("Credentials", "VCF tokens");
        assertThat(pages.get("owner", "job/team/vcf-tokens/credential/shared/")).isEqualTo(200);
        assertThat(pages.get("owner", "job/team/vcf-tokens/credential/global/")).isEqualTo(404);
        assertThat(pages.get("owner", "manage/vcf-tokens/")).isEqualTo(403);
    }

    @Test
    void pages_withoutPermissionToView_areForbidden() throws Exception {
        for (String path : new String[] {
            "job/team/vcf-tokens/",
            "vcf-tokens/",
            "job/team/vcf-tokens/api/json",
            "job/team/vcf-tokens/credential/shared/",
            "job/team/vcf-tokens/credential/there-is-none/"
        }) {
            assertThat(pages.get("reader", path)).as(path).isEqualTo(403);
        }
        assertThat(pages.as("reader").goTo("job/team/").asNormalizedText()).doesNotContain("VCF tokens");
        assertThat(pages.as(null).goTo("vcf-tokens/").getUrl().getPath()).endsWith("/login");
    }

    /** The background check excludes personal credentials. */
    @Test
    void personalSecretExpiry_isRequestedWhenItsOwnerOpensThePage() throws Exception {
        Instant end = Instant.now().plus(Duration.ofDays(5));
        simulator.cloudServices().addApiToken("personal-token", end);
        CspApiToken token = new CspApiToken(
                CredentialsScope.USER, "csp", null, simulator.url().toString(), Secret.fromString("personal-token"));
        token.setCaCertificates(simulator.authorityPem());
        try (ACLContext as = ACL.as2(User.getById("owner", true).impersonate2())) {
            JenkinsAccount.findStore(User.current()).addCredentials(Domain.global(), token);
        }
        HealthMonitorWork.get().refresh();
        assertThat(simulator.cloudServices().detailRequests()).isZero();
        String page = "user/owner/vcf-tokens/credential/csp/";
        String day = end.toString().substring(0, 10);
        JenkinsAndSimulator.await(
                "the page shows the expiry",
                () -> pages.as("owner")
                        .goTo(page)
                        .getWebResponse()
                        .getContentAsString()
                        .contains(day));
        assertThat(simulator.cloudServices().detailRequests()).isEqualTo(1);
        HealthMonitorWork.get().refresh();
        assertThat(pages.as("owner").goTo(page).getWebResponse().getContentAsString())
                .contains(day);
        assertThat(simulator.cloudServices().detailRequests())
                .as("one request per day")
                .isEqualTo(1);
    }

    @Test
    void userPage_isForItsUserOnly() throws Exception {
        assertThat(pages.as("owner").goTo("user/owner/vcf-tokens/").asNormalizedText())
                .contains("mine");
        assertThat(pages.get("owner", "user/owner/vcf-tokens/credential/mine/")).isEqualTo(200);
        assertThat(pages.get("admin", "user/owner/vcf-tokens/")).isEqualTo(404);
        assertThat(pages.get("admin", "user/owner/vcf-tokens/credential/mine/")).isEqualTo(404);
    }
}
