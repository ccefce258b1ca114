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
import io.jenkins.plugins.vcftoken.JenkinsReset;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Edits, moves and copies of credentials during a rotation. */
@WithJenkins
class CredentialEditsJenkinsTest {

    private static JenkinsRule jenkins;
    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private String initialToken;
    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        both = new JenkinsAndSimulator(jenkins, simulator);
        initialToken = simulator.addAccount("ci", "acme");
        job = both.job(jenkins.jenkins, "job", "sa");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
    }

    @Test
    void formOpenedBeforeARotation_keepsTheRotatedToken() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        JSONObject opened = form("sa");
        rotate();
        rotate();
        submit(opened);
        rotate();
        both.awaitInSystem("sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheDescription_isKeptByRotations() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        JSONObject form = form("sa");
        form.put("description", "edited");
        submit(form);
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        rotate();
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheRefreshToken_takesEffectImmediately() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        simulator.setLifetime(Duration.ofHours(1));
        both.build(job);
        String newToken = simulator.reauthorize("ci");
        JSONObject form = form("sa");
        form.put("refreshToken", newToken);
        submit(form);
        both.build(job);
        assertThat(simulator.grants()).isEqualTo(2);
        both.awaitInSystem("sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void edit_ofTheUrlWithTheStoredSecret_isRejected() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        try (Simulator otherServer = Simulator.start()) {
            JSONObject form = form("sa");
            form.put("url", otherServer.url().toString());
            form.put("caCertificates", otherServer.authorityPem());
            assertThat(submitForText(form)).contains("Jenkins never sends a stored secret to a different server");
            assertThat(stored("sa").getUrl()).isEqualTo(simulator.url().toString());
            form.put("refreshToken", otherServer.addAccount("ci", "acme"));
            submit(form);
            both.build(job);
            assertThat(otherServer.grants()).isEqualTo(1);
        }
    }

    @Test
    void storedSecret_copiedToAnotherServersCredential_isNotSent() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
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
            both.addToSystem(copy);
            both.use(job, "copy");
            WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);
            jenkins.assertLogContains("is not sent to another server", run);
            assertThat(otherServer.requests()).isZero();
        }
    }

    @Test
    void replacedToken_inAnotherFolder_isRejected() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.findStore(folder)
                .addCredentials(Domain.global(), both.account("found-in-a-backup", initialToken));
        WorkflowJob attack = both.job(folder, "attack", "found-in-a-backup");
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, attack);
        jenkins.assertLogContains("has already replaced it", run);
        both.assertNoTokenLostOrReused();
    }

    @Test
    void move_toAnotherFolder_keepsTheRotatedToken() throws Exception {
        Folder from = jenkins.createProject(Folder.class, "from");
        Folder to = jenkins.createProject(Folder.class, "to");
        JenkinsAccount.findStore(from).addCredentials(Domain.global(), both.account("sa", initialToken));
        rotate(both.job(from, "job", "sa"));
        both.awaitOnDisk(new File(from.getRootDir(), "config.xml"), "sa");
        Credentials moved =
                JenkinsAccount.findStore(from).getCredentials(Domain.global()).get(0);
        JenkinsAccount.findStore(to).addCredentials(Domain.global(), moved);
        JenkinsAccount.findStore(from).removeCredentials(Domain.global(), moved);
        rotate(both.job(to, "job", "sa"));
        both.awaitOnDisk(new File(to.getRootDir(), "config.xml"), "sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void move_toAnotherDomain_keepsTheRotatedToken() throws Exception {
        Domain other = new Domain("vcf", null, List.of());
        JenkinsAccount.findStore(jenkins.jenkins).addDomain(other);
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        HtmlPage page = jenkins.createWebClient().goTo("manage/credentials/store/system/domain/_/credential/sa/move");
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
        both.assertNoTokenLostOrReused();
    }

    @Test
    void folderRename_withReplacedTokenInItsStore_usesTheRotatedToken() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "before");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
        WorkflowJob jobInFolder = both.job(folder, "job", "sa");
        rotate(jobInFolder);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        folder.renameTo("after");
        rotate(jobInFolder);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void folderMove_withReplacedTokenInItsStore_usesTheRotatedToken() throws Exception {
        Folder target = jenkins.createProject(Folder.class, "target");
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
        WorkflowJob jobInFolder = both.job(folder, "job", "sa");
        rotate(jobInFolder);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        Items.move(folder, target);
        Folder moved = jenkins.jenkins.getItemByFullName("target/folder", Folder.class);
        rotate(jenkins.jenkins.getItemByFullName("target/folder/job", WorkflowJob.class));
        both.awaitOnDisk(new File(moved.getRootDir(), "config.xml"), "sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void folderCopy_sharesTheTokenFamily() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "original");
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
        WorkflowJob first = both.job(folder, "job", "sa");
        rotate(first);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        Folder copy = jenkins.jenkins.copy(folder, "copy");
        WorkflowJob second = both.job(copy, "second", "sa");
        for (int i = 0; i < 2; i++) {
            rotate(second);
            both.awaitOnDisk(new File(copy.getRootDir(), "config.xml"), "sa");
            rotate(first);
            both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        }
        both.assertNoTokenLostOrReused();
    }

    @Test
    void deletedCredential_addedAgainWithItsId_usesTheRotatedToken() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        VcfaServiceAccount old = stored("sa");
        JenkinsAccount.findStore(jenkins.jenkins).removeCredentials(Domain.global(), old);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        both.awaitInSystem("sa");
        both.assertNoTokenLostOrReused();
    }

    @Test
    void twoCredentialsWithTheSameToken_secondIsRejected() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        both.addToSystem(both.account("twin", initialToken));
        WorkflowJob other = both.job(jenkins.jenkins, "other", "twin");
        simulator.setLifetime(Duration.ofHours(1));
        both.build(job);
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, other);
        jenkins.assertLogContains("has already replaced it", run);
        both.assertNoTokenLostOrReused();
    }

    private void rotate() throws Exception {
        rotate(job);
        both.awaitInSystem("sa");
    }

    private void rotate(WorkflowJob rotatingJob) throws Exception {
        int before = simulator.rotations();
        both.sleepUntilRenewalIsDue();
        both.build(rotatingJob);
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
        JenkinsAccount.findStore(folder).updateCredentials(Domain.global(), current, both.account("sa", token));
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
