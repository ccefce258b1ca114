package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.Result;
import hudson.model.User;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.DeviceFlowSession;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow.State;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlAnchor;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.LogRecorder;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** The device flow from the page to the ledger and the credentials store. */
@WithJenkins
class DeviceFlowPageJenkinsTest {

    /** The outcome of an authorization is shown for an hour, so each test has a folder of its own. */
    private static final AtomicInteger FOLDERS = new AtomicInteger();

    private final String team = "team" + FOLDERS.incrementAndGet();
    private final String path = "job/" + team + "/vcf-tokens/credential/sa/authorize/";

    private static JenkinsRule jenkins;
    private JenkinsAndSimulator both;

    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start();

    private Folder folder;
    private String clientId;
    private WorkflowJob job;
    private JenkinsRule.WebClient owner;
    private final LogRecorder audit =
            new LogRecorder().record(AuditLog.NAME, Level.INFO).capture(20);

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        simulator.devices().setInterval(Duration.ofSeconds(1));
        both = new JenkinsAndSimulator(jenkins, simulator);
        clientId = simulator.devices().addAccount("ci", "acme");
        folder = jenkins.createProject(Folder.class, team);
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", ""));
        job = both.job(folder, "job", "sa");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.READ, Item.READ, CredentialsProvider.VIEW)
                .everywhere()
                .to("reader", "owner", "second")
                .grant(Item.CONFIGURE, CredentialsProvider.UPDATE)
                .onItems(folder)
                .to("owner", "second"));
        owner = as("owner");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
        assertThat(simulator.devices().hasty()).isZero();
        audit.close();
    }

    @Test
    void fromTheFormToAJobThatWorks() throws Exception {
        User.getById("owner", true).setFullName("user admin");
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HtmlPage form = owner.goTo("job/" + team + "/credentials/store/folder/domain/_/credential/sa/update");
        HtmlPage page = form.getAnchorByText("Authorize…").click();
        assertThat(page.getUrl().getPath()).endsWith(path);
        HtmlPage running = begin(page, clientId);
        String code = simulator.devices().lastUserCode();
        assertThat(running.getElementById("vcf-user-code").getTextContent()).isEqualTo(code);
        assertThat(running.asNormalizedText()).contains("requested by user admin (owner)");
        HtmlAnchor link = running.getAnchorByHref(simulator.url() + "/automation/#/administer/access");
        assertThat(link.getRelAttribute()).contains("noopener");
        assertThat(running.getElementById("main-panel").asXml()).doesNotContain("<script>", "onclick", "style=");
        JSONObject status = status(owner);
        assertThat(status.getBoolean("running")).isTrue();
        assertThat(status.getLong("secondsLeft")).isBetween(3_500L, 3_600L);
        owner.close();
        simulator.devices().answer(code, true);
        awaitState(State.GRANTED);
        String token = simulator.currentToken("ci");
        assertThat(inFolder().getClientId()).isEqualTo(clientId);
        assertThat(JenkinsAndSimulator.tokenIn(new File(folder.getRootDir(), "config.xml"), "sa"))
                .isEqualTo(token);
        assertThat(records()).hasSize(1);
        assertThat(audit.getMessages())
                .filteredOn(line -> line.startsWith("{\"event\":\"authorize"))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("{\"event\":\"authorize\",\"by\":\"user owner\",\"credential\":\"sa\""),
                        line -> assertThat(line)
                                .startsWith("{\"event\":\"authorized\",\"by\":\"user owner\",\"credential\":\"sa\","
                                        + "\"store\":\"folder:" + team + "\"")
                                .doesNotContain(token));
        both.build(job);
        assertThat(simulator.requests()).as("the access token came along").isZero();
        JenkinsRule.WebClient again = as("owner");
        assertThat(status(again).getBoolean("running")).isFalse();
        HtmlPage done = again.goTo(path);
        assertThat(done.asNormalizedText()).contains("Done. The account is authorized");
        assertThat(done.getWebResponse().getContentAsString()).doesNotContain(token);
    }

    @Test
    void aDeadFamilyIsRevivedWithoutTouchingTheJobWhateverIsBroughtBack() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        String initialToken = simulator.addAccount("old", "acme");
        VcfaServiceAccount before = both.account("sa", initialToken);
        before.setClientId(clientId);
        replace(before);
        both.build(job);
        simulator.revoke("old");
        Thread.sleep(1_100);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        authorize();
        both.build(job);
        // As an old form does, and configuration as code without a token.
        for (String brought : List.of(initialToken, "")) {
            replace(both.account("sa", brought));
            both.letTheAccessTokenAge();
            both.build(job);
            both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        }
        both.assertNothingLostOrSpentTwice();
        assertThat(records()).hasSize(1);
    }

    @Test
    void whatWasDoneIsNotSaidOfAnAccountThatIsDeadAgain() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        begin(owner.goTo(path), clientId);
        simulator.devices().answer(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
        HtmlPage done = owner.goTo(path);
        assertThat(done.asNormalizedText()).contains("Done. The account is authorized");
        assertThat(startButton(done)).doesNotContain("primary");
        simulator.revoke("ci");
        both.letTheAccessTokenAge();
        both.letTheAccessTokenAge();
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HtmlPage dead = owner.goTo(path);
        assertThat(dead.getElementById("vcf-authorization-message").getTextContent())
                .isEmpty();
        assertThat(dead.getElementById("vcf-authorization-done").hasAttribute("hidden"))
                .isTrue();
        assertThat(startButton(dead)).contains("primary");
        assertThat(status(owner).getBoolean("granted")).isFalse();
        assertThat(status(owner).getString("message")).isEmpty();
    }

    @Test
    void anOutcomeIsNewsForAnHour() throws Exception {
        begin(owner.goTo(path), clientId);
        Instant now = Instant.now();
        assertThat(attempt().isRecent(now.plus(Duration.ofDays(1))))
                .as("running")
                .isTrue();
        post(owner, "cancel", null);
        assertThat(attempt().isRecent(now.plus(Duration.ofMinutes(59)))).isTrue();
        assertThat(attempt().isRecent(now.plus(Duration.ofMinutes(70)))).isFalse();
        begin(owner.goTo(path), clientId);
        simulator.devices().answer(simulator.devices().lastUserCode(), false);
        awaitState(State.DENIED);
        assertThat(attempt().isRecent(Instant.now().plus(Duration.ofMinutes(59))))
                .isTrue();
        assertThat(attempt().isRecent(Instant.now().plus(Duration.ofMinutes(70))))
                .isFalse();
    }

    @Test
    void eachAttemptIsToldByItsCode() throws Exception {
        begin(owner.goTo(path), clientId);
        String first = simulator.devices().lastUserCode();
        assertThat(status(owner).getString("userCode")).isEqualTo(first);
        JenkinsRule.WebClient second = as("second");
        String other = simulator.devices().addAccount("other", "acme");
        assertThat(post(second, "start", other).getContentAsString())
                .contains("An authorization for client ID " + clientId, "started by owner", "Cancel it first");
        assertThat(simulator.devices().codes()).isEqualTo(1);
        assertThat(audit.getMessages())
                .filteredOn(line -> line.startsWith("{\"event\":\"authorize\","))
                .hasSize(1);
        post(second, "cancel", null);
        post(second, "start", other);
        assertThat(status(owner).getString("userCode"))
                .isEqualTo(simulator.devices().lastUserCode())
                .isNotEqualTo(first);
    }

    @Test
    void twoPeopleAtOnceSeeOneCode() throws Exception {
        JenkinsRule.WebClient second = as("second");
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<WebResponse>> answers = new ArrayList<>();
            for (JenkinsRule.WebClient who : List.of(owner, second)) {
                Callable<WebResponse> start = () -> post(who, "start", clientId);
                answers.add(threads.submit(start));
            }
            for (Future<WebResponse> answer : answers) {
                assertThat(answer.get().getStatusCode()).isEqualTo(200);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(simulator.devices().codes()).isEqualTo(1);
        String code = simulator.devices().lastUserCode();
        assertThat(owner.goTo(path).asNormalizedText()).contains(code);
        assertThat(second.goTo(path).asNormalizedText()).contains(code);
        post(second, "cancel", null);
        assertThat(attempt().state()).isEqualTo(State.CANCELED);
        assertThat(owner.goTo(path).asNormalizedText()).contains("Canceled").doesNotContain(code);
        int polls = simulator.devices().polls();
        simulator.devices().answer(code, true);
        Thread.sleep(2_500);
        assertThat(simulator.devices().polls()).isLessThanOrEqualTo(polls + 1);
        assertThat(inFolder().storedSecret().getPlainText()).isEmpty();
        begin(owner.goTo(path), clientId);
        assertThat(simulator.devices().codes()).isEqualTo(2);
    }

    @Test
    void deniedAndExpiredAreSaid() throws Exception {
        begin(owner.goTo(path), clientId);
        simulator.devices().answer(simulator.devices().lastUserCode(), false);
        awaitState(State.DENIED);
        assertThat(status(owner).getString("message")).contains("denied in VCF Automation");
        simulator.devices().setLifetime(Duration.ofSeconds(1));
        begin(owner.goTo(path), clientId);
        awaitState(State.EXPIRED);
        assertThat(status(owner).getString("message")).contains("expired before it was approved");
        HtmlPage wrong = begin(owner.goTo(path), "11111111-1111-1111-1111-111111111111");
        assertThat(wrong.asNormalizedText()).contains("knows no service account with this client ID");
        assertThat(inFolder().storedSecret().getPlainText()).isEmpty();
    }

    @Test
    void aHostileAddressIsNoLink() throws Exception {
        simulator.devices().setVerificationUris("javascript:alert(1)", "javascript:alert(2)");
        HtmlPage page = begin(owner.goTo(path), clientId);
        assertThat(page.getWebResponse().getContentAsString()).doesNotContain("javascript:alert");
        assertThat(page.asNormalizedText()).contains(simulator.devices().lastUserCode(), "Open the list of service");
    }

    @Test
    void aHostileCodeIsText() throws Exception {
        String hostile = "<img src=x onerror=alert(1)>";
        simulator.devices().setUserCode(hostile);
        HtmlPage page = begin(owner.goTo(path), clientId);
        assertThat(page.getElementById("vcf-user-code").getTextContent()).isEqualTo(hostile);
        assertThat(page.querySelectorAll("img[onerror]")).isEmpty();
    }

    @Test
    void onlyWhoMayUpdateTheCredential() throws Exception {
        begin(owner.goTo(path), clientId);
        JenkinsRule.WebClient reader = as("reader");
        for (String action : List.of("start", "cancel", "status")) {
            assertThat(post(reader, action, clientId).getStatusCode())
                    .as(action)
                    .isEqualTo(403);
            assertThat(owner.goTo(path + action, null).getWebResponse().getStatusCode())
                    .as("GET " + action + ": a reload leads back to the page")
                    .isEqualTo(action.equals("status") ? 404 : 200);
            WebRequest without = new WebRequest(new URL(jenkins.getURL(), path + action), HttpMethod.POST);
            assertThat(owner.loadWebResponse(without).getStatusCode())
                    .as("no crumb: " + action)
                    .isEqualTo(403);
        }
        assertThat(reader.goTo(path, null).getWebResponse().getStatusCode()).isEqualTo(403);
        assertThat(attempt().isRunning()).isTrue();
        assertThat(simulator.devices().codes()).isEqualTo(1);
    }

    @Test
    void aCredentialDeletedMeanwhileKeepsItsToken() throws Exception {
        begin(owner.goTo(path), clientId);
        DeviceFlowSession attempt = attempt();
        storeOf(folder).removeCredentials(Domain.global(), inFolder());
        simulator.devices().answer(simulator.devices().lastUserCode(), true);
        JenkinsAndSimulator.await("granted", () -> attempt.state() == State.GRANTED);
        assertThat(DeviceFlowPage.message(attempt)).contains("was deleted in the meantime", "‘sa’", "30 days");
        assertThat(records()).hasSize(1);
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", ""));
        both.build(job);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
    }

    @Test
    void anEditMeanwhileIsKeptAndTheTokenGoesIntoIt() throws Exception {
        begin(owner.goTo(path), clientId);
        VcfaServiceAccount edited = both.account("sa", "typed-in-the-meantime");
        edited.setSkipTlsVerification(false);
        replace(new VcfaServiceAccount(
                edited.getScope(), "sa", "edited", edited.getUrl(), "acme", edited.getRefreshToken()));
        simulator.devices().answer(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
        assertThat(inFolder().getDescription()).isEqualTo("edited");
        assertThat(inFolder().storedSecret().getPlainText()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void aLedgerThatCannotBeWrittenIsTriedUntilItCan() throws Exception {
        begin(owner.goTo(path), clientId);
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        // Tests may run as root, for whom permissions do not count; a file in place of the directory makes writes fail.
        Path away = ledger.resolveSibling("vcf-token-away");
        Files.move(ledger, away);
        Files.writeString(ledger, "");
        simulator.devices().answer(simulator.devices().lastUserCode(), true);
        JenkinsAndSimulator.await("the error is shown", () -> attempt().error().contains("could not be stored yet"));
        post(owner, "cancel", null);
        assertThat(status(owner).getString("message"))
                .contains("Last check failed", "could not be stored yet", "Retrying");
        Files.delete(ledger);
        Files.move(away, ledger);
        awaitState(State.GRANTED);
        assertThat(inFolder().storedSecret().getPlainText()).isEqualTo(simulator.currentToken("ci"));
        assertThat(records()).hasSize(1);
    }

    private void authorize() throws Exception {
        HtmlPage page = owner.goTo(path);
        assertThat(page.getElementById("vcf-client-id").getAttribute("value")).isEqualTo(clientId);
        begin(page, clientId);
        simulator.devices().answer(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
    }

    /** The request of a browser that submits the form of the page. */
    private HtmlPage begin(HtmlPage page, String account) throws Exception {
        HtmlForm form = page.getFormByName("start");
        assertThat(form.getInputsByName("clientId")).hasSize(1);
        return owner.getPage(request(owner, form.getActionAttribute(), account));
    }

    /** The CSS classes of the button. */
    private static String startButton(HtmlPage page) {
        return page.getFormByName("start").getElementsByTagName("button").get(0).getAttribute("class");
    }

    private void awaitState(State state) throws Exception {
        JenkinsAndSimulator.await(
                "the attempt is " + state + " and not " + attempt().state(),
                () -> attempt().state() == state);
    }

    private DeviceFlowSession attempt() {
        return DeviceFlowRegistry.get().find(new CredentialLocation("folder:" + team, "sa"));
    }

    private JSONObject status(JenkinsRule.WebClient who) throws Exception {
        WebResponse response = post(who, "status", null);
        assertThat(response.getStatusCode()).isEqualTo(200);
        return JSONObject.fromObject(response.getContentAsString()).getJSONObject("data");
    }

    private WebResponse post(JenkinsRule.WebClient who, String action, String account) throws Exception {
        return who.loadWebResponse(request(who, action, account));
    }

    private WebRequest request(JenkinsRule.WebClient who, String action, String account) throws Exception {
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path + action), HttpMethod.POST);
        List<NameValuePair> fields = new ArrayList<>();
        if (account != null) {
            fields.add(new NameValuePair("clientId", account));
        }
        request.setRequestParameters(fields);
        who.addCrumb(request);
        return request;
    }

    private JenkinsRule.WebClient as(String user) throws Exception {
        return jenkins.createWebClient()
                .withThrowExceptionOnFailingStatusCode(false)
                .withJavaScriptEnabled(false)
                .login(user);
    }

    private VcfaServiceAccount inFolder() {
        return (VcfaServiceAccount)
                storeOf(folder).getCredentials(Domain.global()).get(0);
    }

    private void replace(Credentials by) throws Exception {
        storeOf(folder).updateCredentials(Domain.global(), inFolder(), by);
    }

    private static CredentialsStore storeOf(ModelObject owner) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(owner)) {
            if (store.getContext() == owner) {
                return store;
            }
        }
        throw new AssertionError("no store");
    }

    private List<Path> records() throws Exception {
        try (var files = Files.list(jenkins.jenkins.getRootDir().toPath().resolve("vcf-token"))) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }
}
