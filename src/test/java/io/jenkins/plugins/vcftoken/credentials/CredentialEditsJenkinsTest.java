package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.model.Items;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.time.Duration;
import java.util.List;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.html.HtmlSelect;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Edits, moves and copies of credentials during a rotation. */
class CredentialEditsJenkinsTest extends JenkinsSharedTestBase {

    private String initialToken;
    private WorkflowJob job;

    @BeforeEach
    void prepare() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        initialToken = simulator.addAccount("ci", "acme");
        job = fixture.job(jenkins.jenkins, "job", "sa");
    }

    @Test
    void formOpenedBeforeARotation_keepsTheRotatedToken() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        JSONObject opened = form("sa");
        rotate();
        rotate();
        submit(opened);
        rotate();
        fixture.awaitInSystem("sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheDescription_isKeptByRotations() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        JSONObject form = form("sa");
        form.put("description", "edited");
        submit(form);
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        rotate();
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheRefreshToken_takesEffectImmediately() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        simulator.setLifetime(Duration.ofHours(1));
        fixture.build(job);
        String newToken = simulator.reauthorize("ci");
        JSONObject form = form("sa");
        form.put("refreshToken", newToken);
        submit(form);
        fixture.build(job);
        assertThat(simulator.grants()).isEqualTo(2);
        fixture.awaitInSystem("sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheUrlWithTheStoredSecret_isRejected() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        try (Simulator otherServer = Simulator.start()) {
            JSONObject form = form("sa");
            form.put("url", otherServer.url().toString());
            form.put("caCertificates", otherServer.authorityPem());
            assertThat(submitForText(form)).contains("Jenkins never sends a stored secret to a different server");
            assertThat(stored("sa").getUrl()).isEqualTo(simulator.url().toString());
            form.put("refreshToken", otherServer.addAccount("ci", "acme"));
            submit(form);
            fixture.build(job);
            assertThat(otherServer.grants()).isEqualTo(1);
        }
    }

    @Test
    void storedSecret_copiedToAnotherServersCredential_isNotSent() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        try (Simulator otherServer = Simulator.start()) {
            VcfaServiceAccount copy = new VcfaServiceAccount(
                    null,
                    "copy",
                    null,
                    otherServer.url().toString(),
                    "acme",
                    stored("sa").getRefreshToken());
            copy.setCaCertificates(otherServer.authorityPem());
            fixture.addToSystem(copy);
            fixture.use(job, "copy");
            WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);
            jenkins.assertLogContains("is not sent to another server", run);
            assertThat(otherServer.requests()).isZero();
        }
    }

    @Test
    void replacedToken_inAnotherFolder_isRejected() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.findStore(folder)
                .addCredentials(Domain.global(), fixture.account("found-in-a-backup", initialToken));
        WorkflowJob attack = fixture.job(folder, "attack", "found-in-a-backup");
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, attack);
        jenkins.assertLogContains("has already replaced it", run);
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void move_toAnotherFolder_keepsTheRotatedToken() throws Exception {
        Folder from = jenkins.createProject(Folder.class, "from");
        Folder to = jenkins.createProject(Folder.class, "to");
        JenkinsAccount.findStore(from).addCredentials(Domain.global(), fixture.account("sa", initialToken));
        rotate(fixture.job(from, "job", "sa"));
        fixture.awaitOnDisk(new File(from.getRootDir(), "config.xml"), "sa");
        Credentials moved =
                JenkinsAccount.findStore(from).getCredentials(Domain.global()).get(0);
        JenkinsAccount.findStore(to).addCredentials(Domain.global(), moved);
        JenkinsAccount.findStore(from).removeCredentials(Domain.global(), moved);
        rotate(fixture.job(to, "job", "sa"));
        fixture.awaitOnDisk(new File(to.getRootDir(), "config.xml"), "sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void move_toAnotherDomain_keepsTheRotatedToken() throws Exception {
        Domain other = new Domain("vcf", null, List.of());
        JenkinsAccount.findStore(jenkins.jenkins).addDomain(other);
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        HtmlPage page = JenkinsPages.newClientWithScripts(jenkins)
                .goTo("manage/credentials/store/system/domain/_/credential/sa/move");
        HtmlForm form = page.getForms().stream()
                .filter(candidate -> candidate.getActionAttribute().equals("doMove"))
                .findFirst()
                .orElseThrow();
        HtmlSelect destination = form.getSelectByName("destination");
        destination.getOptions().stream()
                .filter(option -> option.getText().endsWith("vcf"))
                .forEach(option -> option.setSelected(true));
        jenkins.submit(form);
        assertThat(JenkinsAccount.findStore(jenkins.jenkins).getCredentials(Domain.global()))
                .isEmpty();
        assertThat(JenkinsAccount.findStore(jenkins.jenkins).getCredentials(other))
                .hasSize(1);
        rotate();
        rotate();
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void folderRename_withReplacedTokenInItsStore_usesTheRotatedToken() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "before");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), fixture.account("sa", initialToken));
        WorkflowJob jobInFolder = fixture.job(folder, "job", "sa");
        rotate(jobInFolder);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        folder.renameTo("after");
        rotate(jobInFolder);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void folderMove_withReplacedTokenInItsStore_usesTheRotatedToken() throws Exception {
        Folder target = jenkins.createProject(Folder.class, "target");
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), fixture.account("sa", initialToken));
        WorkflowJob jobInFolder = fixture.job(folder, "job", "sa");
        rotate(jobInFolder);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        Items.move(folder, target);
        Folder moved = jenkins.jenkins.getItemByFullName("target/folder", Folder.class);
        rotate(jenkins.jenkins.getItemByFullName("target/folder/job", WorkflowJob.class));
        fixture.awaitOnDisk(new File(moved.getRootDir(), "config.xml"), "sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void folderCopy_sharesTheTokenFamily() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "original");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), fixture.account("sa", initialToken));
        WorkflowJob first = fixture.job(folder, "job", "sa");
        rotate(first);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        Folder copy = jenkins.jenkins.copy(folder, "copy");
        WorkflowJob second = fixture.job(copy, "second", "sa");
        for (int i = 0; i < 2; i++) {
            rotate(second);
            fixture.awaitOnDisk(new File(copy.getRootDir(), "config.xml"), "sa");
            rotate(first);
            fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        }
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void deletedCredential_addedAgainWithItsId_usesTheRotatedToken() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        VcfaServiceAccount old = stored("sa");
        JenkinsAccount.findStore(jenkins.jenkins).removeCredentials(Domain.global(), old);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        fixture.addToSystem(fixture.account("sa", initialToken));
        rotate();
        fixture.awaitInSystem("sa");
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void twoCredentialsWithTheSameToken_secondIsRejected() throws Exception {
        fixture.addToSystem(fixture.account("sa", initialToken));
        fixture.addToSystem(fixture.account("twin", initialToken));
        WorkflowJob other = fixture.job(jenkins.jenkins, "other", "twin");
        simulator.setLifetime(Duration.ofHours(1));
        fixture.build(job);
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, other);
        jenkins.assertLogContains("has already replaced it", run);
        fixture.assertNoTokenLostOrReused();
    }

    private void rotate() throws Exception {
        rotate(job);
        fixture.awaitInSystem("sa");
    }

    private void rotate(WorkflowJob rotatingJob) throws Exception {
        int before = simulator.rotations();
        fixture.sleepUntilRenewalIsDue();
        fixture.build(rotatingJob);
        assertThat(simulator.rotations()).isGreaterThan(before);
    }

    private static VcfaServiceAccount stored(String id) {
        return (VcfaServiceAccount) CredentialsMatchers.firstOrNull(
                JenkinsAccount.findStore(Jenkins.get()).getCredentials(Domain.global()),
                CredentialsMatchers.withId(id));
    }

    private void replaceToken(Item folder, String token) throws Exception {
        Credentials current =
                JenkinsAccount.findStore(folder).getCredentials(Domain.global()).get(0);
        JenkinsAccount.findStore(folder).updateCredentials(Domain.global(), current, fixture.account("sa", token));
    }

    /** JSON of the form for a stored credential, with its secret encrypted. */
    private static JSONObject form(String id) {
        VcfaServiceAccount stored = stored(id);
        JSONObject form = new JSONObject();
        form.put("stapler-class", VcfaServiceAccount.class.getName());
        form.put("scope", "GLOBAL");
        form.put("id", id);
        form.put("description", stored.getDescription());
        form.put("url", stored.getUrl());
        form.put("organization", stored.getOrganization());
        form.put("refreshToken", stored.getRefreshToken().getEncryptedValue());
        form.put("caCertificates", stored.getCaCertificates());
        return form;
    }

    private void submit(JSONObject form) throws Exception {
        assertThat(submitForText(form)).doesNotContain("never sends a stored secret");
    }

    private String submitForText(JSONObject form) throws Exception {
        return new JenkinsPages(jenkins)
                .postForText(
                        null,
                        "credentials/store/system/domain/_/credential/sa/updateSubmit",
                        new NameValuePair("json", form.toString()));
    }
}
