package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.model.Items;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
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

/** What people do to credentials while these rotate: none of it revives a spent token or kills a living one. */
@WithJenkins
class CredentialPermissionsJenkinsTest {

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
    void aFormOpenedBeforeARotationAndSavedAfterIt() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        JSONObject opened = form("sa");
        rotate();
        rotate();
        submit(opened);
        rotate();
        both.awaitInSystem("sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aDescriptionEdited() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        JSONObject form = form("sa");
        form.put("description", "edited");
        submit(form);
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        rotate();
        assertThat(stored("sa").getDescription()).isEqualTo("edited");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aSecretTypedAnewCountsAtOnce() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        simulator.setLifetime(Duration.ofHours(1));
        both.build(job);
        String fresh = simulator.reauthorize("ci");
        JSONObject form = form("sa");
        form.put("refreshToken", fresh);
        submit(form);
        both.build(job);
        assertThat(simulator.grants()).isEqualTo(2);
        both.awaitInSystem("sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void anotherAddressWithTheStoredSecretIsRefused() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        try (Simulator thief = Simulator.start()) {
            JSONObject form = form("sa");
            form.put("url", thief.url().toString());
            form.put("caCertificates", thief.authorityPem());
            String answer = submitAndRead(form);
            assertThat(answer).contains("Jenkins never sends a stored secret to a different server");
            assertThat(stored("sa").getUrl()).isEqualTo(simulator.url().toString());
            form.put("refreshToken", thief.addAccount("ci", "acme"));
            submit(form);
            both.build(job);
            assertThat(thief.grants()).isEqualTo(1);
        }
    }

    @Test
    void anotherAddressByAnyOtherWayIsRefusedWhenTheSecretIsToBeSent() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        try (Simulator thief = Simulator.start()) {
            VcfaServiceAccount stolen = new VcfaServiceAccount(
                    null,
                    "stolen",
                    null,
                    thief.url().toString(),
                    "acme",
                    stored("sa").getRefreshToken());
            stolen.setCaCertificates(thief.authorityPem());
            both.addToSystem(stolen);
            both.use(job, "stolen");
            WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);
            jenkins.assertLogContains("is not sent to another server", run);
            assertThat(thief.requests()).isZero();
        }
    }

    @Test
    void aSpentTokenBuysNothingAtAnotherPlace() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), both.account("found-in-a-backup", initialToken));
        WorkflowJob attack = both.job(folder, "attack", "found-in-a-backup");
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, attack);
        jenkins.assertLogContains("has already replaced it", run);
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void movedBetweenFolders() throws Exception {
        Folder from = jenkins.createProject(Folder.class, "from");
        Folder to = jenkins.createProject(Folder.class, "to");
        JenkinsAccount.storeOf(from).addCredentials(Domain.global(), both.account("sa", initialToken));
        rotate(both.job(from, "job", "sa"));
        both.awaitOnDisk(new File(from.getRootDir(), "config.xml"), "sa");
        Credentials moving =
                JenkinsAccount.storeOf(from).getCredentials(Domain.global()).get(0);
        JenkinsAccount.storeOf(to).addCredentials(Domain.global(), moving);
        JenkinsAccount.storeOf(from).removeCredentials(Domain.global(), moving);
        rotate(both.job(to, "job", "sa"));
        both.awaitOnDisk(new File(to.getRootDir(), "config.xml"), "sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void movedToAnotherDomainWithTheButton() throws Exception {
        Domain other = new Domain("vcf", null, List.of());
        JenkinsAccount.storeOf(jenkins.jenkins).addDomain(other);
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
        assertThat(JenkinsAccount.storeOf(jenkins.jenkins).getCredentials(Domain.global()))
                .isEmpty();
        assertThat(JenkinsAccount.storeOf(jenkins.jenkins).getCredentials(other))
                .hasSize(1);
        rotate();
        rotate();
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aFolderRenamedWhileItsStoreHoldsAnOlderToken() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "before");
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
        WorkflowJob inside = both.job(folder, "job", "sa");
        rotate(inside);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        folder.renameTo("after");
        rotate(inside);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aFolderMovedIntoAnother() throws Exception {
        Folder target = jenkins.createProject(Folder.class, "target");
        Folder folder = jenkins.createProject(Folder.class, "folder");
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
        WorkflowJob inside = both.job(folder, "job", "sa");
        rotate(inside);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        replaceToken(folder, initialToken);
        Items.move(folder, target);
        Folder moved = jenkins.jenkins.getItemByFullName("target/folder", Folder.class);
        rotate(jenkins.jenkins.getItemByFullName("target/folder/job", WorkflowJob.class));
        both.awaitOnDisk(new File(moved.getRootDir(), "config.xml"), "sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aFolderCopied() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "original");
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), both.account("sa", initialToken));
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
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void deletedAndMadeAgainWithTheSameId() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        VcfaServiceAccount old = stored("sa");
        JenkinsAccount.storeOf(jenkins.jenkins).removeCredentials(Domain.global(), old);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        both.addToSystem(both.account("sa", initialToken));
        rotate();
        both.awaitInSystem("sa");
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void twoCredentialsWithOneToken() throws Exception {
        both.addToSystem(both.account("sa", initialToken));
        both.addToSystem(both.account("twin", initialToken));
        WorkflowJob other = both.job(jenkins.jenkins, "other", "twin");
        simulator.setLifetime(Duration.ofHours(1));
        both.build(job);
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, other);
        jenkins.assertLogContains("has already replaced it", run);
        both.assertNothingLostOrSpentTwice();
    }

    private void rotate() throws Exception {
        rotate(job);
        both.awaitInSystem("sa");
    }

    private void rotate(WorkflowJob with) throws Exception {
        int before = simulator.rotations();
        both.letTheAccessTokenAge();
        both.build(with);
        assertThat(simulator.rotations()).isGreaterThan(before);
    }

    private static VcfaServiceAccount stored(String id) {
        return JenkinsAccount.storeOf(Jenkins.get()).getCredentials(Domain.global()).stream()
                .map(VcfaServiceAccount.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private void replaceToken(Item folder, String token) throws Exception {
        Credentials current =
                JenkinsAccount.storeOf(folder).getCredentials(Domain.global()).get(0);
        JenkinsAccount.storeOf(folder).updateCredentials(Domain.global(), current, both.account("sa", token));
    }

    /** What the browser would post for a saved credential: its secret travels encrypted. */
    private static JSONObject form(String id) {
        VcfaServiceAccount shown = stored(id);
        JSONObject form = new JSONObject();
        form.put("stapler-class", VcfaServiceAccount.class.getName());
        form.put("scope", "GLOBAL");
        form.put("id", id);
        form.put("description", shown.getDescription());
        form.put("url", shown.getUrl());
        form.put("organization", shown.getOrganization());
        form.put("refreshToken", shown.getRefreshToken().getEncryptedValue());
        form.put("caCertificates", shown.getCaCertificates());
        return form;
    }

    private void submit(JSONObject form) throws Exception {
        assertThat(submitAndRead(form)).doesNotContain("never sends a stored secret");
    }

    private String submitAndRead(JSONObject form) throws Exception {
        JenkinsRule.WebClient web = jenkins.createWebClient().withThrowExceptionOnFailingStatusCode(false);
        WebRequest request = new WebRequest(
                new URL(jenkins.getURL(), "credentials/store/system/domain/_/credential/sa/updateSubmit"),
                HttpMethod.POST);
        request.setRequestParameters(new ArrayList<>(List.of(new NameValuePair("json", form.toString()))));
        web.addCrumb(request);
        return web.getPage(request).getWebResponse().getContentAsString();
    }
}
