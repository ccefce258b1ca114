package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.model.Result;
import hudson.model.User;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.DeviceFlowSession;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow.State;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
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
import org.htmlunit.Page;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlAnchor;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** Device flow from the page to the ledger and the credentials store. */
class DeviceFlowPageJenkinsTest extends JenkinsSharedTestBase {

    /** Each test has its own folder, because the outcome of a device flow is shown for an hour. */
    private static final AtomicInteger FOLDERS = new AtomicInteger();

    private final String team = "team" + FOLDERS.incrementAndGet();
    private final String path = "job/" + team + "/vcf-tokens/credential/sa/authorize/";

    private Folder folder;
    private String clientId;
    private WorkflowJob job;
    private JenkinsRule.WebClient owner;
    private final JenkinsAuditEvents audit = new JenkinsAuditEvents(Level.INFO);

    @BeforeEach
    void prepare() throws Exception {
        simulator.devices().setInterval(Duration.ofSeconds(1));
        clientId = simulator.devices().addAccount("ci", "acme");
        folder = jenkins.createProject(Folder.class, team);
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), fixture.account("sa", ""));
        job = fixture.job(folder, "job", "sa");
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
    void stop() {
        assertThat(simulator.devices().earlyPolls()).isZero();
        audit.close();
    }

    @Test
    void authorize_fromTheForm_storesATokenForBuilds() throws Exception {
        User.getById("owner", true).setFullName("user admin");
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HtmlPage form = owner.goTo("job/" + team + "/credentials/store/folder/domain/_/credential/sa/update");
        HtmlPage page = form.getAnchorByText("Authorize…").click();
        assertThat(page.getUrl().getPath()).endsWith(path);
        HtmlPage running = submitStart(page, clientId);
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
        simulator.devices().decide(code, true);
        awaitState(State.GRANTED);
        String token = simulator.currentToken("ci");
        assertThat(stored().getClientId()).isEqualTo(clientId);
        assertThat(JenkinsAndSimulator.tokenIn(new File(folder.getRootDir(), "config.xml"), "sa"))
                .isEqualTo(token);
        assertThat(records()).hasSize(1);
        assertThat(audit.lines())
                .filteredOn(line -> line.startsWith("{\"event\":\"authorize"))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("{\"event\":\"authorize\",\"by\":\"user owner\",\"credential\":\"sa\""),
                        line -> assertThat(line)
                                .startsWith("{\"event\":\"authorized\",\"by\":\"user owner\",\"credential\":\"sa\","
                                        + "\"store\":\"folder:" + team + "\"")
                                .doesNotContain(token));
        fixture.build(job);
        assertThat(simulator.requests())
                .as("uses the access token of the device flow")
                .isZero();
        JenkinsRule.WebClient newSession = as("owner");
        assertThat(status(newSession).getBoolean("running")).isFalse();
        HtmlPage done = newSession.goTo(path);
        assertThat(done.asNormalizedText()).contains("Done. The account is authorized");
        assertThat(done.getWebResponse().getContentAsString()).doesNotContain(token);
    }

    @Test
    void authorize_afterRejection_recoversEvenIfAnOldTokenIsStored() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        String initialToken = simulator.addAccount("old", "acme");
        VcfaServiceAccount before = fixture.account("sa", initialToken);
        before.setClientId(clientId);
        replace(before);
        fixture.build(job);
        simulator.revoke("old");
        Thread.sleep(1_100);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        authorize();
        fixture.build(job);
        // The stored token of an old form, and of a Configuration as Code file without a token.
        for (String storedToken : List.of(initialToken, "")) {
            replace(fixture.account("sa", storedToken));
            fixture.sleepUntilRenewalIsDue();
            fixture.build(job);
            fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        }
        fixture.assertNoTokenLostOrReused();
        assertThat(records()).hasSize(1);
    }

    @Test
    void revocation_afterAuthorization_hidesTheSuccessMessage() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        submitStart(owner.goTo(path), clientId);
        simulator.devices().decide(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
        HtmlPage done = owner.goTo(path);
        assertThat(done.asNormalizedText()).contains("Done. The account is authorized");
        assertThat(startButtonClasses(done)).doesNotContain("primary");
        simulator.revoke("ci");
        fixture.sleepUntilRenewalIsDue();
        fixture.sleepUntilRenewalIsDue();
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HtmlPage revoked = owner.goTo(path);
        assertThat(revoked.getElementById("vcf-authorization-message").getTextContent())
                .isEmpty();
        assertThat(revoked.getElementById("vcf-authorization-done").hasAttribute("hidden"))
                .isTrue();
        assertThat(startButtonClasses(revoked)).contains("primary");
        assertThat(status(owner).getBoolean("granted")).isFalse();
        assertThat(status(owner).getString("message")).isEmpty();
    }

    @Test
    void outcome_isRecentForOneHour() throws Exception {
        submitStart(owner.goTo(path), clientId);
        Instant now = Instant.now();
        assertThat(session().isRecent(now.plus(Duration.ofDays(1))))
                .as("running")
                .isTrue();
        post(owner, "cancel", null);
        assertThat(session().isRecent(now.plus(Duration.ofMinutes(59)))).isTrue();
        assertThat(session().isRecent(now.plus(Duration.ofMinutes(70)))).isFalse();
        submitStart(owner.goTo(path), clientId);
        simulator.devices().decide(simulator.devices().lastUserCode(), false);
        awaitState(State.DENIED);
        assertThat(session().isRecent(Instant.now().plus(Duration.ofMinutes(59))))
                .isTrue();
        assertThat(session().isRecent(Instant.now().plus(Duration.ofMinutes(70))))
                .isFalse();
    }

    @Test
    void status_identifiesTheDeviceFlowByItsUserCode() throws Exception {
        submitStart(owner.goTo(path), clientId);
        String first = simulator.devices().lastUserCode();
        assertThat(status(owner).getString("userCode")).isEqualTo(first);
        JenkinsRule.WebClient second = as("second");
        String other = simulator.devices().addAccount("other", "acme");
        assertThat(post(second, "start", other).getContentAsString())
                .contains("An authorization for client ID " + clientId, "started by owner", "Cancel it first");
        assertThat(simulator.devices().codes()).isEqualTo(1);
        assertThat(audit.lines())
                .filteredOn(line -> line.startsWith("{\"event\":\"authorize\","))
                .hasSize(1);
        post(second, "cancel", null);
        post(second, "start", other);
        assertThat(status(owner).getString("userCode"))
                .isEqualTo(simulator.devices().lastUserCode())
                .isNotEqualTo(first);
    }

    @Test
    void concurrentStarts_shareOneUserCode() throws Exception {
        JenkinsRule.WebClient second = as("second");
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<WebResponse>> responses = new ArrayList<>();
            for (JenkinsRule.WebClient client : List.of(owner, second)) {
                Callable<WebResponse> start = () -> post(client, "start", clientId);
                responses.add(threads.submit(start));
            }
            for (Future<WebResponse> response : responses) {
                assertThat(response.get().getStatusCode()).isEqualTo(200);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(simulator.devices().codes()).isEqualTo(1);
        String code = simulator.devices().lastUserCode();
        assertThat(owner.goTo(path).asNormalizedText()).contains(code);
        assertThat(second.goTo(path).asNormalizedText()).contains(code);
        post(second, "cancel", null);
        assertThat(session().state()).isEqualTo(State.CANCELED);
        assertThat(owner.goTo(path).asNormalizedText()).contains("Canceled").doesNotContain(code);
        int polls = simulator.devices().polls();
        simulator.devices().decide(code, true);
        Thread.sleep(2_500);
        assertThat(simulator.devices().polls()).isLessThanOrEqualTo(polls + 1);
        assertThat(stored().storedSecret().getPlainText()).isEmpty();
        submitStart(owner.goTo(path), clientId);
        assertThat(simulator.devices().codes()).isEqualTo(2);
    }

    @Test
    void deniedAndExpiredFlows_areReported() throws Exception {
        submitStart(owner.goTo(path), clientId);
        simulator.devices().decide(simulator.devices().lastUserCode(), false);
        awaitState(State.DENIED);
        assertThat(status(owner).getString("message")).contains("denied in VCF Automation");
        simulator.devices().setLifetime(Duration.ofSeconds(1));
        submitStart(owner.goTo(path), clientId);
        awaitState(State.EXPIRED);
        assertThat(status(owner).getString("message")).contains("expired before it was approved");
        HtmlPage wrong = submitStart(owner.goTo(path), "11111111-1111-1111-1111-111111111111");
        assertThat(wrong.asNormalizedText()).contains("knows no service account with this client ID");
        assertThat(stored().storedSecret().getPlainText()).isEmpty();
    }

    @Test
    void verificationUriWithJavaScript_isNotALink() throws Exception {
        simulator.devices().setVerificationUris("javascript:alert(1)", "javascript:alert(2)");
        HtmlPage page = submitStart(owner.goTo(path), clientId);
        assertThat(page.getWebResponse().getContentAsString()).doesNotContain("javascript:alert");
        assertThat(page.asNormalizedText()).contains(simulator.devices().lastUserCode(), "Open the list of service");
    }

    @Test
    void userCodeWithMarkup_isEscaped() throws Exception {
        String hostile = "<img src=x onerror=alert(1)>";
        simulator.devices().setUserCode(hostile);
        HtmlPage page = submitStart(owner.goTo(path), clientId);
        assertThat(page.getElementById("vcf-user-code").getTextContent()).isEqualTo(hostile);
        assertThat(page.querySelectorAll("img[onerror]")).isEmpty();
    }

    @Test
    void actions_withoutUpdatePermissionOrCrumb_areForbidden() throws Exception {
        submitStart(owner.goTo(path), clientId);
        JenkinsRule.WebClient reader = as("reader");
        for (String action : List.of("start", "cancel", "status")) {
            assertThat(post(reader, action, clientId).getStatusCode())
                    .as(action)
                    .isEqualTo(403);
            Page got = owner.goTo(path + action, null);
            assertThat(got.getWebResponse().getStatusCode())
                    .as("GET " + action + " redirects to the page")
                    .isEqualTo(action.equals("status") ? 404 : 200);
            assertThat(got.getUrl().getPath()).endsWith(action.equals("status") ? path + action : path);
            WebRequest withoutCrumb = new WebRequest(new URL(jenkins.getURL(), path + action), HttpMethod.POST);
            assertThat(owner.loadWebResponse(withoutCrumb).getStatusCode())
                    .as("no crumb: " + action)
                    .isEqualTo(403);
        }
        assertThat(reader.goTo(path, null).getWebResponse().getStatusCode()).isEqualTo(403);
        assertThat(session().isRunning()).isTrue();
        assertThat(simulator.devices().codes()).isEqualTo(1);
    }

    @Test
    void credentialDeletedDuringTheFlow_keepsItsTokenInTheLedger() throws Exception {
        submitStart(owner.goTo(path), clientId);
        DeviceFlowSession session = session();
        JenkinsAccount.findStore(folder).removeCredentials(Domain.global(), stored());
        simulator.devices().decide(simulator.devices().lastUserCode(), true);
        JenkinsAndSimulator.await("granted", () -> session.state() == State.GRANTED);
        assertThat(DeviceFlowPage.message(session)).contains("was deleted in the meantime", "‘sa’", "30 days");
        assertThat(records()).hasSize(1);
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), fixture.account("sa", ""));
        fixture.build(job);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
    }

    @Test
    void credentialEditedDuringTheFlow_keepsTheEditAndStoresTheToken() throws Exception {
        submitStart(owner.goTo(path), clientId);
        VcfaServiceAccount edited = fixture.account("sa", "typed-in-the-meantime");
        replace(new VcfaServiceAccount(
                edited.getScope(), "sa", "edited", edited.getUrl(), "acme", edited.getRefreshToken()));
        simulator.devices().decide(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
        assertThat(stored().getDescription()).isEqualTo("edited");
        assertThat(stored().storedSecret().getPlainText()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void unwritableLedger_isRetriedUntilTheTokenIsStored() throws Exception {
        submitStart(owner.goTo(path), clientId);
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        // A file in place of the directory makes writes fail even if the tests run as root.
        Path moved = ledger.resolveSibling("vcf-token-moved");
        Files.move(ledger, moved);
        Files.writeString(ledger, "");
        simulator.devices().decide(simulator.devices().lastUserCode(), true);
        JenkinsAndSimulator.await("the error is shown", () -> session().error().contains("could not be stored yet"));
        post(owner, "cancel", null);
        assertThat(status(owner).getString("message"))
                .contains("Last check failed", "could not be stored yet", "Retrying");
        Files.delete(ledger);
        Files.move(moved, ledger);
        awaitState(State.GRANTED);
        assertThat(stored().storedSecret().getPlainText()).isEqualTo(simulator.currentToken("ci"));
        assertThat(records()).hasSize(1);
    }

    private void authorize() throws Exception {
        HtmlPage page = owner.goTo(path);
        assertThat(page.getElementById("vcf-client-id").getAttribute("value")).isEqualTo(clientId);
        submitStart(page, clientId);
        simulator.devices().decide(simulator.devices().lastUserCode(), true);
        awaitState(State.GRANTED);
    }

    /** Sends the request of the page's form. */
    private HtmlPage submitStart(HtmlPage page, String account) throws Exception {
        HtmlForm form = page.getFormByName("start");
        assertThat(form.getInputsByName("clientId")).hasSize(1);
        return owner.getPage(request(owner, form.getActionAttribute(), account));
    }

    private static String startButtonClasses(HtmlPage page) {
        return page.getFormByName("start").getElementsByTagName("button").get(0).getAttribute("class");
    }

    private void awaitState(State state) throws Exception {
        JenkinsAndSimulator.await(
                "the session is " + state + " and not " + session().state(),
                () -> session().state() == state);
    }

    private DeviceFlowSession session() {
        return DeviceFlowRegistry.get().find(new CredentialLocation("folder:" + team, "sa"));
    }

    private JSONObject status(JenkinsRule.WebClient client) throws Exception {
        WebResponse response = post(client, "status", null);
        assertThat(response.getStatusCode()).isEqualTo(200);
        return JSONObject.fromObject(response.getContentAsString()).getJSONObject("data");
    }

    private WebResponse post(JenkinsRule.WebClient client, String action, String account) throws Exception {
        return client.loadWebResponse(request(client, action, account));
    }

    private WebRequest request(JenkinsRule.WebClient client, String action, String account) throws Exception {
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path + action), HttpMethod.POST);
        List<NameValuePair> fields = new ArrayList<>();
        if (account != null) {
            fields.add(new NameValuePair("clientId", account));
        }
        request.setRequestParameters(fields);
        client.addCrumb(request);
        return request;
    }

    private static JenkinsRule.WebClient as(String user) throws Exception {
        return new JenkinsPages(jenkins).as(user);
    }

    private VcfaServiceAccount stored() {
        return (VcfaServiceAccount)
                JenkinsAccount.findStore(folder).getCredentials(Domain.global()).get(0);
    }

    private void replace(Credentials replacement) throws Exception {
        JenkinsAccount.findStore(folder).updateCredentials(Domain.global(), stored(), replacement);
    }

    private List<Path> records() throws Exception {
        try (var files = Files.list(jenkins.jenkins.getRootDir().toPath().resolve("vcf-token"))) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }
}
