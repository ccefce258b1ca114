package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.LedgerCrypto;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.RefreshTokenHistory;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import net.sf.json.JSONNull;
import net.sf.json.JSONObject;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.w3c.dom.Node;

/** Displayed states, and token requests of the page's actions. */
class TokenDetailPageJenkinsTest extends JenkinsSharedTestBase {

    private static final String PAGE = "manage/vcf-tokens/credential/sa/";
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\" onmouseover=\"alert(2)";

    @TempDir
    private Path saved;

    private JenkinsPages pages;

    private String initialToken;

    @BeforeEach
    void prepare() throws Exception {
        pages = new JenkinsPages(jenkins);
        initialToken = simulator.addAccount("ci", "acme");
        fixture.addToSystem(fixture.account("sa", initialToken));
    }

    @Test
    void renew_requestsOnceAndStoresTheRotatedToken() throws Exception {
        assertThat(state()).isEqualTo("NOT_USED");
        HtmlPage page = JenkinsPages.newClientWithScripts(jenkins).goTo(PAGE);
        assertThat(page.asNormalizedText()).contains("Never used");
        page = jenkins.submit(page.getFormByName("renew"));
        assertThat(page.asNormalizedText()).contains("Ready").contains("Last renewal");
        assertThat(simulator.grants()).isEqualTo(1);
        fixture.awaitInSystem("sa");

        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'sa') { sleep 600 }", true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("Sleeping for", run);
        page = JenkinsPages.newClientWithScripts(jenkins).goTo(PAGE);
        assertThat(page.getAnchorByText(run.getFullDisplayName()).getHrefAttribute())
                .endsWith("/" + run.getUrl());
        jenkins.submit(page.getFormByName("renew"));
        assertThat(simulator.grants()).isEqualTo(2);
        fixture.awaitInSystem("sa");
        JSONObject json = pages.json(PAGE + "api/json");
        assertThat(json.getInt("generation")).isEqualTo(2);
        assertThat(json.getInt("openLeases")).isEqualTo(1);
        assertThat(json.getJSONArray("leases").getJSONObject(0).getString("build"))
                .isEqualTo(run.getExternalizableId());
        assertThat(json.getLong("accessTokenSecondsLeft")).isPositive();
        run.doStop();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        assertThat(pages.json(PAGE + "api/json").getInt("openLeases")).isZero();
        fixture.assertNoTokenLostOrReused();
        savePages();
        SecretSweep.assertNone(simulator, saved);
    }

    /** The session is released with the last block, but the page must not show the credential as never used. */
    @Test
    void revokedSession_isIdleWithItsLastRenewal() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "correct-horse");
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, "user", null, simulator.url().toString());
        user.setUsername("svc@vsphere.local");
        user.setPassword(Secret.fromString("correct-horse"));
        user.setCaCertificates(simulator.authorityPem());
        SystemCredentialsProvider.getInstance().getCredentials().add(user);
        String page = "manage/vcf-tokens/credential/user/";
        assertThat(pages.json(page + "api/json").getString("state")).isEqualTo("NOT_USED");
        fixture.build(fixture.job(jenkins.jenkins, "job", "user"));
        JenkinsAndSimulator.await(
                "the session has ended", () -> simulator.sddcManager().releases() == 1);
        JSONObject json = pages.json(page + "api/json");
        assertThat(json.getString("state")).isEqualTo("IDLE");
        assertThat(Instant.parse(json.getString("renewedAt"))).isBeforeOrEqualTo(Instant.now());
        assertThat(json.get("accessTokenExpiresAt")).isEqualTo(JSONNull.getInstance());
        assertThat(json.getLong("accessTokenSecondsLeft")).isZero();
        assertThat(pages.open(page).asNormalizedText())
                .contains("Last renewal", "ago")
                .doesNotContain("Never used");

        simulator.inject(Fault.STATUS_403);
        assertThat(pages.post(null, page + "renew")).isEqualTo(400);
        assertThat(pages.json(page + "api/json").getString("renewedAt")).isEqualTo(json.getString("renewedAt"));
    }

    @Test
    void retry_ofAnUnknownOutcome_sendsTheTokenOnceMore() throws Exception {
        simulator.inject(Fault.STATUS_502);
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(400);
        assertThat(state()).isEqualTo("AWAITING_RETRY");
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(400);
        assertThat(pages.post(null, PAGE + "retry")).isEqualTo(400);
        assertThat(simulator.requests()).isEqualTo(1);
        HtmlPage page = JenkinsPages.newClientWithScripts(jenkins).goTo(PAGE);
        assertThat(page.asNormalizedText())
                .contains("Token state unknown")
                .contains("the server may treat this as token theft")
                .doesNotContain("Renew now");
        page.getFormByName("retry").getInputByName("confirmed").setChecked(true);
        jenkins.submit(page.getFormByName("retry"));
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(state()).isEqualTo("READY");
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void rejectedFamily_recoversAfterAuthorization() throws Exception {
        simulator.revoke("ci");
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(400);
        JSONObject json = pages.json(PAGE + "api/json");
        assertThat(json.getString("state")).isEqualTo("REJECTED");
        assertThat(json.getBoolean("broken")).isTrue();
        assertThat(json.getString("error")).contains("the server rejects the stored refresh token");
        VcfaServiceAccount old = (VcfaServiceAccount)
                SystemCredentialsProvider.getInstance().getCredentials().get(0);
        JenkinsAccount.findStore(jenkins.jenkins)
                .updateCredentials(Domain.global(), old, fixture.account("sa", simulator.reauthorize("ci")));
        assertThat(state()).isEqualTo("NOT_USED");
        HtmlPage list = pages.open("manage/vcf-tokens/");
        assertThat(list.asNormalizedText()).contains("Orphaned token records");
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(200);
        assertThat(state()).isEqualTo("READY");
        String orphan = pages.json("manage/vcf-tokens/api/json")
                .getJSONArray("orphans")
                .getJSONObject(0)
                .getString("record");
        NameValuePair record = new NameValuePair("record", orphan);
        assertThat(pages.post(null, "manage/vcf-tokens/forget", record)).isEqualTo(400);
        assertThat(pages.post(null, "manage/vcf-tokens/forget", record, JenkinsPages.confirmed()))
                .isEqualTo(200);
        assertThat(pages.json("manage/vcf-tokens/api/json")
                        .getJSONArray("orphans")
                        .size())
                .isZero();
        assertThat(state()).isEqualTo("READY");
    }

    /** User API tokens do not support the device flow. */
    @Test
    void nextStep_matchesTheKindOfCredential() throws Exception {
        CspApiToken token = new CspApiToken(
                CredentialsScope.GLOBAL, "csp", null, simulator.url().toString(), Secret.fromString("refused-token"));
        token.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.findStore(jenkins.jenkins).addCredentials(Domain.global(), token);
        simulator.revoke("ci");
        for (String id : List.of("csp", "sa")) {
            String page = "manage/vcf-tokens/credential/" + id + '/';
            assertThat(pages.post(null, page + "renew")).isEqualTo(400);
            HtmlPage shown = pages.open(page);
            assertThat(shown.querySelector("#vcf-token").getAttributes().getNamedItem("data-state"))
                    .extracting(Node::getNodeValue)
                    .isEqualTo("REJECTED");
            assertThat(shown.querySelector(".jenkins-page-description").getTextContent())
                    .isEqualTo(
                            id.equals("sa")
                                    ? "Re-authorize the account, or enter a new secret in the credential."
                                    : "Enter a new secret in the credential.");
            assertThat(shown.getTitleText()).startsWith("Token status: " + id);
        }
        HealthMonitorWork.get().refresh();
        assertThat(HealthMonitorWork.get().warnings(HealthWarning.Kind.ERROR))
                .extracting(HealthWarning::getText)
                .anyMatch(text -> text.endsWith(". Enter a new secret in the credential."))
                .anyMatch(text -> text.endsWith("Re-authorize the account, or enter a new secret in the credential."));
    }

    /** The page was rendered while the credential stored the newest token. */
    @Test
    void forget_afterARotationSinceThePageWasShown_isRefused() throws Exception {
        NameValuePair loses = new NameValuePair("loses", "true");
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(200);
        fixture.awaitInSystem("sa");
        HtmlForm shown = pages.open(PAGE).getFormByName("forget");
        assertThat(shown.getInputByName("loses").getValue()).isEqualTo("false");
        CredentialsStore store = JenkinsAccount.findStore(jenkins.jenkins);
        store.updateCredentials(
                Domain.global(), store.getCredentials(Domain.global()).get(0), fixture.account("sa", initialToken));
        assertThat(pages.post(null, PAGE + "forget", JenkinsPages.confirmed())).isEqualTo(400);
        assertThat(state()).isEqualTo("READY");
        HtmlPage page = pages.open(PAGE);
        assertThat(page.asNormalizedText()).contains("The latest token exists only in this record");
        assertThat(page.getFormByName("forget").getInputByName("loses").getValue())
                .isEqualTo("true");
        assertThat(pages.post(null, PAGE + "forget", JenkinsPages.confirmed(), loses))
                .isEqualTo(200);
        assertThat(state()).isEqualTo("NOT_USED");
    }

    @Test
    void forget_explainsTheLossAndRequiresConfirmation() throws Exception {
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(200);
        fixture.awaitInSystem("sa");
        HtmlPage page = pages.open(PAGE);
        assertThat(page.asNormalizedText()).contains("The credential itself and its token are kept");
        assertThat(pages.post(null, PAGE + "forget")).isEqualTo(400);
        assertThat(state()).isEqualTo("READY");
        assertThat(pages.post(null, PAGE + "forget", JenkinsPages.confirmed())).isEqualTo(200);
        assertThat(state()).isEqualTo("NOT_USED");
        assertThat(pages.post(null, PAGE + "forget", JenkinsPages.confirmed())).isEqualTo(400);
        assertThat(pages.post(null, PAGE + "renew")).isEqualTo(200);
        assertThat(simulator.grants()).isEqualTo(2);
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void actions_requirePostAndPermissionToUpdate() throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ, CredentialsProvider.VIEW)
                .everywhere()
                .to("viewer")
                .grant(Jenkins.READ)
                .everywhere()
                .to("reader"));
        for (String action : new String[] {"renew", "retry", "forget"}) {
            for (String user : new String[] {"viewer", "reader", null}) {
                assertThat(pages.post(user, PAGE + action, JenkinsPages.confirmed()))
                        .as(user + " " + action)
                        .isEqualTo(403);
            }
            assertThat(pages.get("admin", PAGE + action))
                    .as("GET redirects to the page")
                    .isEqualTo(200);
            assertThat(pages.postWithoutCrumb("admin", PAGE + action, JenkinsPages.confirmed()))
                    .isEqualTo(403);
        }
        assertThat(pages.post("viewer", "manage/vcf-tokens/forget", JenkinsPages.confirmed()))
                .isEqualTo(403);
        assertThat(pages.get("admin", "manage/vcf-tokens/forget")).isEqualTo(200);
        assertThat(pages.get("viewer", PAGE)).isEqualTo(200);
        HtmlPage viewerPage = pages.as("viewer").goTo(PAGE);
        assertThat(viewerPage.getForms())
                .noneMatch(form -> form.getNameAttribute().equals("renew"));
        assertThat(simulator.requests()).isZero();
        assertThat(pages.as("viewer")
                        .goTo("vcf-tokens/api/json", "application/json")
                        .getWebResponse()
                        .getContentAsString())
                .contains("\"orphans\":[]");
    }

    @Test
    void everyState_isShownAndServerTextIsEscaped() throws Exception {
        addWithRecord("rejected", TokenFamily.Status.REJECTED, HOSTILE, null);
        addWithRecord("unknown", TokenFamily.Status.UNKNOWN, "the answer was lost", null);
        addWithRecord("interrupted", TokenFamily.Status.REQUESTING, null, null);
        addWithRecord("failing", TokenFamily.Status.READY, "the server cannot be reached", validAccessToken());
        addWithRecord(
                "idle",
                TokenFamily.Status.READY,
                null,
                new AccessToken("old-bearer-value", Instant.EPOCH, Instant.EPOCH.plusSeconds(9)));
        addWithRecord("ready", TokenFamily.Status.READY, null, validAccessToken());
        fixture.addToSystem(fixture.account("empty", ""));
        fixture.addToSystem(fixture.account(CredentialsScope.GLOBAL, "nowhere", "no address", "token-of-nowhere"));
        fixture.addToSystem(fixture.account(CredentialsScope.GLOBAL, HOSTILE, HOSTILE, "token-of-hostile"));
        fixture.addToSystem(fixture.account("copy", "former-of-ready"));
        String[][] expected = {
            {"sa", "NOT_USED", "Never used"},
            {"rejected", "REJECTED", "Rejected by server"},
            {"unknown", "AWAITING_RETRY", "Token state unknown, will be retried"},
            {"interrupted", "AWAITING_RETRY", "Token state unknown, will be retried"},
            {"failing", "FAILING", "Last renewal failed"},
            {"idle", "IDLE", "Ready (no active access token)"},
            {"ready", "READY", "Ready"},
            {"empty", "NO_SECRET", "Not authorized"},
            {"nowhere", "BAD_ADDRESS", "Invalid URL"},
            {"copy", "STALE_COPY", "Superseded token"}
        };
        HtmlPage list = pages.open("manage/vcf-tokens/");
        List<JSONObject> all = pages.json("manage/vcf-tokens/api/json").getJSONArray("credentials").stream()
                .map(JSONObject.class::cast)
                .toList();
        for (String[] row : expected) {
            assertThat(all)
                    .as(row[0])
                    .anyMatch(json -> json.getString("id").equals(row[0])
                            && json.getString("state").equals(row[1]));
            assertThat(list.querySelector("tr[data-credential='" + row[0] + "']")
                            .asNormalizedText())
                    .contains(row[2]);
            HtmlPage page = pages.open("manage/vcf-tokens/credential/" + row[0] + "/");
            assertThat(page.querySelector("#vcf-token").asNormalizedText()).contains(row[2]);
        }
        assertThat(list.querySelectorAll("img[onerror]")).isEmpty();
        HtmlPage rejected = pages.open("manage/vcf-tokens/credential/rejected/");
        assertThat(rejected.querySelector("#vcf-error").getTextContent()).isEqualTo(HOSTILE);
        assertThat(rejected.querySelectorAll("img[onerror]")).isEmpty();
        assertThat(list.getWebResponse().getContentAsString()
                        + rejected.getWebResponse().getContentAsString())
                .doesNotContain("<img src=x");
        assertThat(all.toString()).doesNotContain("current-of-", "bearer-value", "former-of-");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void unknownOutcome_withoutAutomaticRetry_isBroken() throws Exception {
        addWithRecord("unknown", TokenFamily.Status.UNKNOWN, "the answer was lost", null);
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        try {
            JSONObject json = pages.json("manage/vcf-tokens/credential/unknown/api/json");
            assertThat(json.getString("state")).isEqualTo("UNKNOWN");
            assertThat(json.getBoolean("broken")).isTrue();
        } finally {
            System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
        }
        JSONObject json = pages.json("manage/vcf-tokens/credential/unknown/api/json");
        assertThat(json.getString("state")).isEqualTo("AWAITING_RETRY");
        assertThat(json.getBoolean("broken")).isFalse();
    }

    private static AccessToken validAccessToken() {
        Instant now = Instant.now();
        return new AccessToken("valid-bearer-value", now, now.plusSeconds(3600));
    }

    /** Adds a credential and a ledger record. */
    private void addWithRecord(String id, TokenFamily.Status state, String error, AccessToken accessToken)
            throws Exception {
        VcfaServiceAccount credential = fixture.account(id, "current-of-" + id);
        fixture.addToSystem(credential);
        Account account = credential.account();
        TokenHasher hashes = LedgerCrypto.hash();
        String former = hashes.ofToken("former-of-" + id);
        new FileTokenLedger(jenkins.jenkins.getRootDir().toPath().resolve("vcf-token"), LedgerCrypto.CIPHER)
                .save(new TokenFamily(
                        hashes.ofFamily(account, "former-of-" + id),
                        account,
                        state,
                        new RefreshTokenHistory(former, "current-of-" + id, List.of(former), 1, false),
                        accessToken,
                        Set.of(new CredentialLocation("system", id)),
                        error,
                        Instant.parse("2026-01-01T00:00:00Z"),
                        null,
                        null,
                        null));
    }

    private String state() throws Exception {
        return pages.json(PAGE + "api/json").getString("state");
    }

    private void savePages() throws Exception {
        String[] paths = {PAGE, PAGE + "api/json", PAGE + "api/xml", "manage/vcf-tokens/", "manage/vcf-tokens/api/json"
        };
        for (int i = 0; i < paths.length; i++) {
            String text = JenkinsPages.newClient(jenkins)
                    .goTo(paths[i], null)
                    .getWebResponse()
                    .getContentAsString();
            Files.writeString(saved.resolve("page-" + i), text);
        }
    }
}
