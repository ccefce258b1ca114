package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** "Test connection" as browsers submit it, and as attackers would. */
@WithJenkins
class ConnectionTesterJenkinsTest {

    private static JenkinsRule jenkins;

    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start();

    private Folder folder;
    private JenkinsRule.WebClient web;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        folder = jenkins.createProject(Folder.class, "team");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("admin")
                .grant(Jenkins.READ, Item.READ, CredentialsProvider.VIEW)
                .everywhere()
                .to("reader", "owner", "changer", "creator")
                .grant(Item.CONFIGURE, CredentialsProvider.CREATE, CredentialsProvider.UPDATE, CredentialsProvider.VIEW)
                .onItems(folder)
                .to("owner")
                .grant(CredentialsProvider.UPDATE)
                .onItems(folder)
                .to("changer")
                .grant(CredentialsProvider.CREATE)
                .onItems(folder)
                .to("creator"));
        web = as("admin");
    }

    @AfterEach
    void reset() throws Exception {
        JenkinsReset.reset(jenkins);
    }

    @Test
    void storedSecret_isTestedAndItsSuccessorStored() throws Exception {
        assertTestSucceeds("vcfa", "ci", "acme", "The server rotated the refresh token; the new one is saved.");
        assertTestSucceeds(
                "vcfa-provider", "provider", "System", "The server rotated the refresh token; the new one is saved.");
        assertTestSucceeds("sddc-manager", "svc-jenkins@vsphere.local", "", "");
        assertTestSucceeds("csp-token", "person", "", "");
        assertTestSucceeds("csp-app", "app-of-ci", "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11", "");
        assertTestSucceeds("vcf-sso", "client-of-ci", "", "");
        // Its response says until when, to the millisecond; its date has seconds.
        assertTestSucceeds("vcf-operations", "", "", "", "59 min");
    }

    private void assertTestSucceeds(String id, String name, String organization, String rotation) throws Exception {
        assertTestSucceeds(id, name, organization, rotation, "1 hr");
    }

    /**
     * @param name empty where the access token does not say
     * @param rotation empty where the secret does not rotate
     */
    private void assertTestSucceeds(String id, String name, String organization, String rotation, String lifetime)
            throws Exception {
        int before = exchanges();
        VcfCredentials stored = inSystem(id);
        String answer = test(web, "", stored.getClass(), form(stored));
        assertThat(answer)
                .contains("class=\"ok\"")
                .contains("Success.", "Access token valid for", lifetime)
                .contains(rotation)
                .doesNotContain(rotation.isEmpty() ? "rotate" : "Nothing was saved")
                .doesNotContain(stored.storedSecret().getPlainText());
        if (name.isEmpty()) {
            assertThat(answer).doesNotContain("Signed in as");
        } else {
            assertThat(answer).contains("Signed in as ‘" + name + "’");
        }
        if (!organization.isEmpty()) {
            assertThat(answer).contains("(organization ‘" + organization + "’)");
        }
        assertThat(answer.contains("itself expires 2099-01-01T00:00:00Z")).isEqualTo(id.equals("csp-token"));
        assertThat(exchanges()).isEqualTo(before + 1);
        if (id.equals("vcfa")) {
            JenkinsAndSimulator.await(
                    "the new token is stored",
                    () -> inSystem(id).storedSecret().getPlainText().equals(simulator.currentToken("ci")));
        }
        JenkinsAndSimulator.await(
                "no session is left",
                () -> simulator.sddcManager().openSessions() == 0
                        && simulator.vcfOperations().openSessions() == 0);
        Map<String, String> spelledOtherwise = form(stored);
        spelledOtherwise.merge("url", "/", String::concat);
        assertThat(test(web, "", stored.getClass(), spelledOtherwise)).contains("class=\"ok\"", rotation);
        assertThat(exchanges()).isEqualTo(before + 2);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void typedSecret_isTestedAndNotStored() throws Exception {
        for (String id : List.of("sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            VcfCredentials stored = inSystem(id);
            Map<String, String> form = form(stored);
            reveal(form, stored);
            SystemCredentialsProvider.getInstance().getCredentials().remove(stored);
            int before = exchanges();
            String answer = test(web, "", stored.getClass(), form);
            assertThat(answer).contains("class=\"ok\"", "Success.", "Nothing was saved");
            assertThat(answer.contains("Signed in as")).isEqualTo(!id.equals("vcf-operations"));
            assertThat(exchanges()).isEqualTo(before + 1);
            JenkinsAndSimulator.await(
                    "no session is left",
                    () -> simulator.sddcManager().openSessions() == 0
                            && simulator.vcfOperations().openSessions() == 0);
            assertThat(records()).isEmpty();
            assertThat(SystemCredentialsProvider.getInstance().getCredentials()).doesNotContain(stored);
        }
    }

    @Test
    void typedRotatingToken_isNotSent() throws Exception {
        VcfCredentials stored = inSystem("vcfa");
        Map<String, String> form = form(stored);
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        assertThat(test(web, "", stored.getClass(), form))
                .contains("Save the credential before testing it", "Nothing was sent");
        reveal(form, stored);
        assertThat(test(web, "", stored.getClass(), form))
                .contains("Save the credential before testing it", "Nothing was sent");
        form.put("refreshToken", "");
        assertThat(test(web, "", stored.getClass(), form)).contains("No refresh token yet");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void storedSecret_isNotSentToAnotherServer() throws Exception {
        for (String id : List.of("vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            try (Simulator thief = Simulator.start()) {
                VcfCredentials stored = inSystem(id);
                Map<String, String> form = form(stored);
                form.put("url", thief.url().toString());
                form.put("caCertificates", thief.authorityPem());
                assertThat(test(web, "", stored.getClass(), form)).contains("Nothing was sent");
                assertThat(thief.requests()).isZero();
                assertThat(simulator.requests()).isZero();
            }
        }
    }

    /** Jenkins decrypts parameters of type String as well, so that a user name could carry any encrypted secret. */
    @Test
    void storedSecret_inAnotherField_isNeitherSentNorShown() throws Exception {
        String other = "secret-of-another-user";
        String sealed = Secret.fromString(other).getEncryptedValue();
        for (String id : List.of("vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            VcfCredentials stored = inSystem(id);
            Map<String, String> typed = form(stored);
            reveal(typed, stored);
            for (String field : typed.keySet()) {
                for (Map<String, String> form : List.of(form(stored), new LinkedHashMap<>(typed))) {
                    form.put(field, sealed);
                    assertThat(test(web, "", stored.getClass(), form))
                            .as(id + ", " + field)
                            .doesNotContain("class=\"ok\"", other)
                            .containsAnyOf("Nothing was sent", "Enter a number of seconds", "Not a valid URL");
                }
            }
        }
        assertThat(simulator.requests()).isZero();
    }

    /** Includes secrets that the current settings do not send: a form is checked as a whole, like when it is saved. */
    @Test
    void storedSecret_besideATypedOne_isNotSentToAnotherServer() throws Exception {
        VcfCredentials stored = inSystem("sddc-manager");
        try (Simulator other = Simulator.start()) {
            Map<String, String> form = form(stored);
            form.put("url", other.url().toString());
            form.put("caCertificates", other.authorityPem());
            form.put("apiKey", "typed-api-key");
            assertThat(test(web, "", stored.getClass(), form)).contains("Enter the secret again");
            assertThat(other.requests()).isZero();
        }
    }

    @Test
    void storedSecret_inTheFormOfAnotherOwner_isNotSent() throws Exception {
        for (String id : List.of("sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            VcfCredentials stored = inSystem(id);
            String answer = test(as("owner"), "job/team/", stored.getClass(), form(stored));
            assertThat(answer).contains("never sends a stored secret to a different server");
            assertThat(simulator.requests()).isZero();
        }
    }

    @Test
    void storedSecret_withOtherSettings_isTestedAtItsServer() throws Exception {
        VcfCredentials stored = inSystem("csp-app");
        Map<String, String> form = form(stored);
        form.put("accessTokenValiditySeconds", "600");
        assertThat(test(web, "", stored.getClass(), form)).contains("class=\"ok\"", "10 min", "Nothing was saved");
    }

    @Test
    void unsavedCertificates_areUsed() throws Exception {
        CspApiToken bare = new CspApiToken(
                CredentialsScope.GLOBAL,
                "bare",
                null,
                simulator.url().toString(),
                Secret.fromString(ExamplesJenkinsTest.API_TOKEN));
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        ExamplesJenkinsTest.store(bare);
        assertThat(test(web, "", bare.getClass(), form(bare))).contains("certificate is not trusted; nothing was sent");
        Map<String, String> form = form(bare);
        form.put("caCertificates", simulator.authorityPem());
        assertThat(test(web, "", bare.getClass(), form)).contains("class=\"ok\"");
    }

    @Test
    void test_withoutPermissionToEdit_isDenied() throws Exception {
        JenkinsRule.WebClient reader = as("reader");
        JenkinsRule.WebClient owner = as("owner");
        for (String id : List.of("vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            VcfCredentials stored = inSystem(id);
            Map<String, String> form = form(stored);
            assertThat(test(reader, "", stored.getClass(), form)).contains("You may neither create nor change");
            assertThat(test(owner, "", stored.getClass(), form)).contains("You may neither create nor change");
            assertThat(test(owner, "job/team/", stored.getClass(), form)).doesNotContain("class=\"ok\"");
            assertThat(ask(web, HttpMethod.GET, "", stored.getClass(), "testConnection", form, true)
                            .getStatusCode())
                    .isEqualTo(404);
            assertThat(ask(web, HttpMethod.POST, "", stored.getClass(), "testConnection", form, false)
                            .getStatusCode())
                    .isEqualTo(403);
            assertThat(simulator.requests()).isZero();
        }
    }

    @Test
    void folderOwner_testsCredentialsOfTheFolder() throws Exception {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "teams",
                null,
                simulator.url().toString(),
                "globex",
                Secret.fromString(simulator.addAccount("teams", "globex")));
        account.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), account);
        assertThat(test(as("owner"), "job/team/", account.getClass(), form(account)))
                .contains(
                        "class=\"ok\"",
                        "organization ‘globex’",
                        "The server rotated the refresh token; the new one is saved.");
        assertThat(simulator.grants()).isEqualTo(1);
    }

    /** An encrypted secret may be found, for example in a backup, and posted as if it came from its form. */
    @Test
    void storedSecret_withPermissionToCreateOnly_isNotUsed() throws Exception {
        for (String id : List.of("vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations")) {
            VcfCredentials stored = inSystem(id);
            JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), stored);
            assertThat(test(as("creator"), "job/team/", stored.getClass(), form(stored)))
                    .containsAnyOf("Save the credential before testing it", "Enter the secret again")
                    .doesNotContain("class=\"ok\"");
        }
        assertThat(exchanges()).isZero();
    }

    @Test
    void typedSecret_rejected_showsNoServerText() throws Exception {
        VcfCredentials stored = inSystem("csp-token");
        Map<String, String> form = form(stored);
        form.put("apiToken", "internal-words");
        for (int i = 0; i < 2; i++) {
            assertThat(test(web, "", stored.getClass(), form))
                    .contains("refuses the stored API token", "HTTP 400")
                    .doesNotContain("invalid_grant", "Invalid refresh token", "internal-words");
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void typedSecret_replacedByTheServer_isUsedOnceTheFormIsSaved() throws Exception {
        VcfCredentials stored = inSystem("csp-token");
        Map<String, String> form = form(stored);
        reveal(form, stored);
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        simulator.cloudServices().replaceAtNextUse(ExamplesJenkinsTest.API_TOKEN, "the-next-one");
        assertThat(test(web, "", stored.getClass(), form))
                .contains("class=\"warning\"", "The server replaced the secret");
        ExamplesJenkinsTest.store(stored);
        assertThat(test(web, "", stored.getClass(), form(stored))).contains("class=\"ok\"");
        assertThat(records()).hasSize(1);
        JenkinsAndSimulator.await(
                "the new secret is stored",
                () -> inSystem("csp-token").storedSecret().getPlainText().equals("the-next-one"));
    }

    @Test
    void secretThatExpiresSoon_isAWarning() throws Exception {
        VcfCredentials stored = inSystem("csp-token");
        simulator
                .cloudServices()
                .addApiToken(ExamplesJenkinsTest.API_TOKEN, Instant.now().plus(Duration.ofDays(3)));
        assertThat(test(web, "", stored.getClass(), form(stored))).contains("class=\"warning\"", "itself expires");

        // VCF Automation identifies a token of a user by the client ID in the form.
        Instant end = Instant.now().plus(Duration.ofDays(3)).truncatedTo(ChronoUnit.SECONDS);
        VcfaServiceAccount user = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "user",
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString(simulator.apiTokens().addUser("ann", "acme", "one-of-two", end)));
        user.setCaCertificates(simulator.authorityPem());
        simulator.apiTokens().list("ann", "acme", "the-other", end.plusSeconds(1));
        ExamplesJenkinsTest.store(user);
        Map<String, String> form = form(user);
        assertThat(test(web, "", user.getClass(), form))
                .contains("class=\"ok\"")
                .doesNotContain("itself expires");
        form.put("clientId", "one-of-two");
        assertThat(test(web, "", user.getClass(), form)).contains("class=\"warning\"", "itself expires " + end);
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);
    }

    @Test
    void accessTokenOfAnotherOrganization_isAWarning() throws Exception {
        simulator.setClaimedOrganization("globex");
        VcfCredentials stored = inSystem("vcfa");
        assertThat(test(web, "", stored.getClass(), form(stored)))
                .contains("class=\"warning\"", "for the organization ‘globex’, and not for ‘acme’");
    }

    @Test
    void invalidAddress_isAnError() throws Exception {
        VcfCredentials stored = inSystem("csp-token");
        for (String url : List.of("http://localhost:1", "ftp://x", "no address", "https://host/csp?x=1", "")) {
            Map<String, String> form = form(stored);
            reveal(form, stored);
            form.put("url", url);
            assertThat(test(web, "", stored.getClass(), form)).contains("class=\"error\"");
        }
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void unreadableLedger_isNamedInTheError() throws Exception {
        VcfCredentials stored = inSystem("csp-token");
        Map<String, String> form = form(stored);
        assertThat(test(web, "", stored.getClass(), form)).contains("class=\"ok\"");
        int before = simulator.requests();
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        Path elsewhere = Files.move(ledger, ledger.resolveSibling("vcf-token-elsewhere"));
        Files.writeString(ledger, "");
        try {
            form.put("apiToken", "typed-and-never-seen");
            assertThat(test(web, "", stored.getClass(), form))
                    .contains("class=\"error\"", "The token records cannot be read", ledger.toString())
                    .contains("Nothing was sent")
                    .doesNotContain("Not a valid URL");
        } finally {
            Files.delete(ledger);
            Files.move(elsewhere, ledger);
        }
        assertThat(simulator.requests()).isEqualTo(before);
    }

    @Test
    void maskedSecret_isRefused() throws Exception {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "teams",
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString(simulator.addAccount("teams", "acme")));
        JenkinsAccount.storeOf(folder).addCredentials(Domain.global(), account);
        JenkinsRule.WebClient changer = as("changer");
        String page = changer.goTo("job/team/credentials/store/folder/domain/_/credential/teams/update")
                .getWebResponse()
                .getContentAsString();
        assertThat(page).contains("********");
        Map<String, String> form = form(account);
        form.put("refreshToken", "********");
        assertThat(test(changer, "job/team/", account.getClass(), form))
                .contains("does not show you the stored secret");
        WebRequest save = new WebRequest(
                new URL(jenkins.getURL(), "job/team/credentials/store/folder/domain/_/credential/teams/updateSubmit"),
                HttpMethod.POST);
        net.sf.json.JSONObject json = net.sf.json.JSONObject.fromObject(form);
        json.put("stapler-class", VcfaServiceAccount.class.getName());
        json.put("id", "teams");
        save.setRequestParameters(new ArrayList<>(List.of(new NameValuePair("json", json.toString()))));
        changer.addCrumb(save);
        assertThat(changer.getPage(save).getWebResponse().getContentAsString())
                .contains("does not show you the stored secret");
        assertThat(JenkinsAccount.storeOf(folder)
                        .getCredentials(Domain.global())
                        .get(0))
                .isSameAs(account);
    }

    @Test
    void fieldChecks_withoutPermissionToEdit_answerOk() throws Exception {
        Map<String, String> value = Map.of("value", "http://host");
        assertThat(check(as("reader"), "", "checkUrl", value)).doesNotContain("https");
        assertThat(check(as("owner"), "", "checkUrl", value)).doesNotContain("https");
        assertThat(check(as("owner"), "job/team/", "checkUrl", value)).contains("Use https");
        assertThat(check(web, "", "checkUrl", value)).contains("Use https");
    }

    /** Counts token requests only, since sessions end in the background. */
    private int exchanges() {
        return simulator.accessTokens().size();
    }

    private String check(JenkinsRule.WebClient who, String context, String method, Map<String, String> form)
            throws Exception {
        return ask(who, HttpMethod.POST, context, VcfaServiceAccount.class, method, form, true)
                .getContentAsString();
    }

    private String test(JenkinsRule.WebClient who, String context, Class<?> kind, Map<String, String> form)
            throws Exception {
        return ask(who, HttpMethod.POST, context, kind, "testConnection", form, true)
                .getContentAsString();
    }

    private WebResponse ask(
            JenkinsRule.WebClient who,
            HttpMethod verb,
            String context,
            Class<?> kind,
            String method,
            Map<String, String> form,
            boolean withCrumb)
            throws Exception {
        WebRequest request = new WebRequest(
                new URL(jenkins.getURL(), context + "descriptorByName/" + kind.getName() + '/' + method), verb);
        List<NameValuePair> fields = new ArrayList<>();
        form.forEach((name, value) -> fields.add(new NameValuePair(name, value)));
        request.setRequestParameters(fields);
        if (withCrumb && verb == HttpMethod.POST) {
            who.addCrumb(request);
        }
        return who.loadWebResponse(request);
    }

    private JenkinsRule.WebClient as(String user) throws Exception {
        return jenkins.createWebClient()
                .withJavaScriptEnabled(false)
                .withThrowExceptionOnFailingStatusCode(false)
                .login(user);
    }

    /** The parameters that a browser posts for a saved credential, with the secret encrypted. */
    private static Map<String, String> form(VcfCredentials shown) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("url", shown.getUrl());
        form.put("caCertificates", shown.getCaCertificates());
        form.put("skipTlsVerification", "false");
        String sealed = shown.storedSecret().getEncryptedValue();
        if (shown instanceof VcfaServiceAccount account) {
            form.put("organization", account.getOrganization());
            form.put("refreshToken", sealed);
        } else if (shown instanceof SddcManagerUser user) {
            form.put("username", user.getUsername());
            form.put("password", sealed);
            form.put("apiKey", "");
        } else if (shown instanceof CspApiToken) {
            form.put("apiToken", sealed);
        } else if (shown instanceof CspOAuthApp app) {
            form.put("appId", app.getAppId());
            form.put("appSecret", sealed);
            form.put("organizationId", app.getOrganizationId());
            form.put("scopes", app.getScopes());
            form.put("accessTokenValiditySeconds", String.valueOf(app.getAccessTokenValiditySeconds()));
        } else if (shown instanceof VcfOperationsUser user) {
            form.put("username", user.getUsername());
            form.put("password", sealed);
            form.put("authSource", user.getAuthSource());
        } else if (shown instanceof VcfSsoApiToken token) {
            form.put("tenant", token.getTenant());
            form.put("apiToken", sealed);
        }
        return form;
    }

    /** Replaces encrypted secrets by typed ones. */
    private static void reveal(Map<String, String> form, VcfCredentials shown) {
        String sealed = shown.storedSecret().getEncryptedValue();
        form.replaceAll((name, value) ->
                Secret.decrypt(value) != null ? shown.storedSecret().getPlainText() : value);
        assertThat(form.values()).doesNotContain(sealed);
    }

    private static VcfCredentials inSystem(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(VcfCredentials.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private List<Path> records() throws Exception {
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        if (!Files.isDirectory(ledger)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(ledger)) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }
}
