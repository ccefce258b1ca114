package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** Results and permissions of "Test connection", including requests that a form does not send. */
class ConnectionTesterJenkinsTest extends JenkinsSharedTestBase {

    private static final List<String> NON_ROTATING_IDS =
            List.of("sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations");
    private static final List<String> ALL_IDS =
            Stream.concat(Stream.of("vcfa"), NON_ROTATING_IDS.stream()).toList();

    private Folder folder;
    private JenkinsPages pages;

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
        pages = new JenkinsPages(jenkins);
    }

    @Test
    void storedSecret_isTestedAndTheRotatedSecretStored() throws Exception {
        assertTestSucceeds("vcfa", "ci", "acme", "The server rotated the refresh token; the new one is saved.");
        assertTestSucceeds(
                "vcfa-provider", "provider", "System", "The server rotated the refresh token; the new one is saved.");
        assertTestSucceeds("sddc-manager", "svc-jenkins@vsphere.local", "", "");
        assertTestSucceeds("csp-token", "person", "", "");
        assertTestSucceeds("csp-app", "app-of-ci", "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11", "");
        assertTestSucceeds("vcf-sso", "client-of-ci", "", "");
        // The expiry has milliseconds, but the Date header of the response does not, so the lifetime is rounded down.
        assertTestSucceeds("vcf-operations", "", "", "", "59 min");
    }

    private void assertTestSucceeds(String id, String name, String organization, String rotation) throws Exception {
        assertTestSucceeds(id, name, organization, rotation, "1 hr");
    }

    /**
     * @param name subject of the access token; empty if it has none
     * @param rotation expected message; empty if the secret does not rotate
     */
    private void assertTestSucceeds(String id, String name, String organization, String rotation, String lifetime)
            throws Exception {
        int before = tokenRequests();
        VcfCredentials stored = stored(id);
        String response = test("admin", "", stored.getClass(), form(stored));
        assertThat(response)
                .contains("class=\"ok\"")
                .contains("Success.", "Access token valid for", lifetime)
                .contains(rotation)
                .doesNotContain(rotation.isEmpty() ? "rotate" : "Nothing was saved")
                .doesNotContain(stored.storedSecret().getPlainText());
        if (name.isEmpty()) {
            assertThat(response).doesNotContain("Signed in as");
        } else {
            assertThat(response).contains("Signed in as ‘" + name + "’");
        }
        if (!organization.isEmpty()) {
            assertThat(response).contains("(organization ‘" + organization + "’)");
        }
        assertThat(response.contains("itself expires 2099-01-01T00:00:00Z")).isEqualTo(id.equals("csp-token"));
        assertThat(tokenRequests()).isEqualTo(before + 1);
        if (id.equals("vcfa")) {
            JenkinsAndSimulator.await(
                    "the new token is stored",
                    () -> stored(id).storedSecret().getPlainText().equals(simulator.currentToken("ci")));
        }
        JenkinsAndSimulator.await(
                "all sessions are released",
                () -> simulator.sddcManager().openSessions() == 0
                        && simulator.vcfOperations().openSessions() == 0);
        Map<String, String> withTrailingSlash = form(stored);
        withTrailingSlash.merge("url", "/", String::concat);
        assertThat(test("admin", "", stored.getClass(), withTrailingSlash)).contains("class=\"ok\"", rotation);
        assertThat(tokenRequests()).isEqualTo(before + 2);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void enteredSecret_isTestedAndNotStored() throws Exception {
        for (String id : NON_ROTATING_IDS) {
            VcfCredentials stored = stored(id);
            Map<String, String> form = form(stored);
            decrypt(form, stored);
            SystemCredentialsProvider.getInstance().getCredentials().remove(stored);
            int before = tokenRequests();
            String response = test("admin", "", stored.getClass(), form);
            assertThat(response).contains("class=\"ok\"", "Success.", "Nothing was saved");
            assertThat(response.contains("Signed in as")).isEqualTo(!id.equals("vcf-operations"));
            assertThat(tokenRequests()).isEqualTo(before + 1);
            JenkinsAndSimulator.await(
                    "all sessions are released",
                    () -> simulator.sddcManager().openSessions() == 0
                            && simulator.vcfOperations().openSessions() == 0);
            assertThat(records()).isEmpty();
            assertThat(SystemCredentialsProvider.getInstance().getCredentials()).doesNotContain(stored);
        }
    }

    @Test
    void enteredRotatingToken_isNotSent() throws Exception {
        VcfCredentials stored = stored("vcfa");
        Map<String, String> form = form(stored);
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        assertThat(test("admin", "", stored.getClass(), form))
                .contains("Save the credential before testing it", "Nothing was sent");
        decrypt(form, stored);
        assertThat(test("admin", "", stored.getClass(), form))
                .contains("Save the credential before testing it", "Nothing was sent");
        form.put("refreshToken", "");
        assertThat(test("admin", "", stored.getClass(), form)).contains("No refresh token yet");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void storedSecret_isNotSentToAnotherServer() throws Exception {
        for (String id : ALL_IDS) {
            try (Simulator otherServer = Simulator.start()) {
                VcfCredentials stored = stored(id);
                Map<String, String> form = form(stored);
                form.put("url", otherServer.url().toString());
                form.put("caCertificates", otherServer.authorityPem());
                assertThat(test("admin", "", stored.getClass(), form)).contains("Nothing was sent");
                assertThat(otherServer.requests()).isZero();
                assertThat(simulator.requests()).isZero();
            }
        }
    }

    /** Stapler also decrypts parameters of type String, so a user name could contain any encrypted secret. */
    @Test
    void storedSecret_inAnotherField_isNeitherSentNorShown() throws Exception {
        String other = "secret-of-another-user";
        String encrypted = Secret.fromString(other).getEncryptedValue();
        for (String id : ALL_IDS) {
            VcfCredentials stored = stored(id);
            Map<String, String> entered = form(stored);
            decrypt(entered, stored);
            for (String field : entered.keySet()) {
                for (Map<String, String> form : List.of(form(stored), new LinkedHashMap<>(entered))) {
                    form.put(field, encrypted);
                    assertThat(test("admin", "", stored.getClass(), form))
                            .as(id + ", " + field)
                            .doesNotContain("class=\"ok\"", other)
                            .containsAnyOf("Nothing was sent", "Enter a number of seconds", "Not a valid URL");
                }
            }
        }
        assertThat(simulator.requests()).isZero();
    }

    /** Includes secrets that the current settings do not use, as when the form is saved. */
    @Test
    void storedSecret_besideAnEnteredSecret_isNotSentToAnotherServer() throws Exception {
        VcfCredentials stored = stored("sddc-manager");
        try (Simulator other = Simulator.start()) {
            Map<String, String> form = form(stored);
            form.put("url", other.url().toString());
            form.put("caCertificates", other.authorityPem());
            form.put("apiKey", "entered-api-key");
            assertThat(test("admin", "", stored.getClass(), form)).contains("Enter the secret again");
            assertThat(other.requests()).isZero();
        }
    }

    @Test
    void storedSecret_inTheFormOfAnotherOwner_isNotSent() throws Exception {
        for (String id : NON_ROTATING_IDS) {
            VcfCredentials stored = stored(id);
            String response = test("owner", "job/team/", stored.getClass(), form(stored));
            assertThat(response).contains("never sends a stored secret to a different server");
            assertThat(simulator.requests()).isZero();
        }
    }

    @Test
    void storedSecret_withOtherSettings_isTestedAtItsServer() throws Exception {
        VcfCredentials stored = stored("csp-app");
        Map<String, String> form = form(stored);
        form.put("accessTokenValiditySeconds", "600");
        assertThat(test("admin", "", stored.getClass(), form)).contains("class=\"ok\"", "10 min", "Nothing was saved");
    }

    @Test
    void unsavedCertificates_areUsed() throws Exception {
        CspApiToken withoutCertificates = new CspApiToken(
                CredentialsScope.GLOBAL,
                "withoutCertificates",
                null,
                simulator.url().toString(),
                Secret.fromString(ExamplesJenkinsTest.API_TOKEN));
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        JenkinsAccount.store(withoutCertificates);
        assertThat(test("admin", "", withoutCertificates.getClass(), form(withoutCertificates)))
                .contains("certificate is not trusted; nothing was sent");
        Map<String, String> form = form(withoutCertificates);
        form.put("caCertificates", simulator.authorityPem());
        assertThat(test("admin", "", withoutCertificates.getClass(), form)).contains("class=\"ok\"");
    }

    @Test
    void test_withoutPermissionToEdit_isRejected() throws Exception {
        for (String id : ALL_IDS) {
            VcfCredentials stored = stored(id);
            Map<String, String> form = form(stored);
            assertThat(test("reader", "", stored.getClass(), form)).contains("You may neither create nor change");
            assertThat(test("owner", "", stored.getClass(), form)).contains("You may neither create nor change");
            assertThat(test("owner", "job/team/", stored.getClass(), form)).doesNotContain("class=\"ok\"");
            String path = path("", stored.getClass(), "testConnection");
            assertThat(pages.send("admin", pages.request(HttpMethod.GET, path, parameters(form)))
                            .getStatusCode())
                    .isEqualTo(404);
            assertThat(pages.postWithoutCrumb("admin", path, parameters(form))).isEqualTo(403);
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
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), account);
        assertThat(test("owner", "job/team/", account.getClass(), form(account)))
                .contains(
                        "class=\"ok\"",
                        "organization ‘globex’",
                        "The server rotated the refresh token; the new one is saved.");
        assertThat(simulator.grants()).isEqualTo(1);
    }

    /** An encrypted secret could be copied from a backup and posted like a form value. */
    @Test
    void storedSecret_withPermissionToCreateOnly_isNotUsed() throws Exception {
        for (String id : ALL_IDS) {
            VcfCredentials stored = stored(id);
            JenkinsAccount.findStore(folder).addCredentials(Domain.global(), stored);
            assertThat(test("creator", "job/team/", stored.getClass(), form(stored)))
                    .containsAnyOf("Save the credential before testing it", "Enter the secret again")
                    .doesNotContain("class=\"ok\"");
        }
        assertThat(tokenRequests()).isZero();
    }

    @Test
    void enteredSecret_rejected_showsNoServerText() throws Exception {
        VcfCredentials stored = stored("csp-token");
        Map<String, String> form = form(stored);
        form.put("apiToken", "internal-words");
        for (int i = 0; i < 2; i++) {
            assertThat(test("admin", "", stored.getClass(), form))
                    .contains("rejects the stored API token", "HTTP 400")
                    .doesNotContain("invalid_grant", "Invalid refresh token", "internal-words");
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void enteredSecret_replacedByTheServer_isUsedAfterTheFormIsSaved() throws Exception {
        VcfCredentials stored = stored("csp-token");
        Map<String, String> form = form(stored);
        decrypt(form, stored);
        SystemCredentialsProvider.getInstance().getCredentials().clear();
        simulator.cloudServices().replaceAtNextUse(ExamplesJenkinsTest.API_TOKEN, "the-next-one");
        assertThat(test("admin", "", stored.getClass(), form))
                .contains("class=\"warning\"", "The server replaced the secret");
        JenkinsAccount.store(stored);
        assertThat(test("admin", "", stored.getClass(), form(stored))).contains("class=\"ok\"");
        assertThat(records()).hasSize(1);
        JenkinsAndSimulator.await(
                "the new secret is stored",
                () -> stored("csp-token").storedSecret().getPlainText().equals("the-next-one"));
    }

    @Test
    void secretThatExpiresSoon_isAWarning() throws Exception {
        VcfCredentials stored = stored("csp-token");
        simulator
                .cloudServices()
                .addApiToken(ExamplesJenkinsTest.API_TOKEN, Instant.now().plus(Duration.ofDays(3)));
        assertThat(test("admin", "", stored.getClass(), form(stored))).contains("class=\"warning\"", "itself expires");

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
        JenkinsAccount.store(user);
        Map<String, String> form = form(user);
        assertThat(test("admin", "", user.getClass(), form))
                .contains("class=\"ok\"")
                .doesNotContain("itself expires");
        form.put("clientId", "one-of-two");
        assertThat(test("admin", "", user.getClass(), form)).contains("class=\"warning\"", "itself expires " + end);
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(2);
    }

    @Test
    void accessTokenOfAnotherOrganization_isAWarning() throws Exception {
        simulator.setClaimedOrganization("globex");
        VcfCredentials stored = stored("vcfa");
        assertThat(test("admin", "", stored.getClass(), form(stored)))
                .contains("class=\"warning\"", "for the organization ‘globex’, and not for ‘acme’");
    }

    @Test
    void invalidUrl_isAnError() throws Exception {
        VcfCredentials stored = stored("csp-token");
        for (String url : List.of("http://localhost:1", "ftp://x", "no address", "https://host/csp?x=1", "")) {
            Map<String, String> form = form(stored);
            decrypt(form, stored);
            form.put("url", url);
            assertThat(test("admin", "", stored.getClass(), form)).contains("class=\"error\"");
        }
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void unreadableLedger_isNamedInTheError() throws Exception {
        VcfCredentials stored = stored("csp-token");
        Map<String, String> form = form(stored);
        assertThat(test("admin", "", stored.getClass(), form)).contains("class=\"ok\"");
        int before = simulator.requests();
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        Path moved = Files.move(ledger, ledger.resolveSibling("vcf-token-moved"));
        Files.writeString(ledger, "");
        try {
            form.put("apiToken", "entered-and-never-seen");
            assertThat(test("admin", "", stored.getClass(), form))
                    .contains("class=\"error\"", "The token records cannot be read", ledger.toString())
                    .contains("Nothing was sent")
                    .doesNotContain("Not a valid URL");
        } finally {
            Files.delete(ledger);
            Files.move(moved, ledger);
        }
        assertThat(simulator.requests()).isEqualTo(before);
    }

    @Test
    void maskedSecret_isRejected() throws Exception {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "teams",
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString(simulator.addAccount("teams", "acme")));
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), account);
        String page = pages.as("changer")
                .goTo("job/team/credentials/store/folder/domain/_/credential/teams/update")
                .getWebResponse()
                .getContentAsString();
        assertThat(page).contains("********");
        Map<String, String> form = form(account);
        form.put("refreshToken", "********");
        assertThat(test("changer", "job/team/", account.getClass(), form))
                .contains("does not show you the stored secret");
        JSONObject json = JSONObject.fromObject(form);
        json.put("stapler-class", VcfaServiceAccount.class.getName());
        json.put("id", "teams");
        assertThat(pages.postForText(
                        "changer",
                        "job/team/credentials/store/folder/domain/_/credential/teams/updateSubmit",
                        new NameValuePair("json", json.toString())))
                .contains("does not show you the stored secret");
        assertThat(JenkinsAccount.findStore(folder)
                        .getCredentials(Domain.global())
                        .get(0))
                .isSameAs(account);
    }

    @Test
    void fieldValidations_withoutPermissionToEdit_returnOk() throws Exception {
        Map<String, String> value = Map.of("value", "http://host");
        assertThat(check("reader", "", "checkUrl", value)).doesNotContain("https");
        assertThat(check("owner", "", "checkUrl", value)).doesNotContain("https");
        assertThat(check("owner", "job/team/", "checkUrl", value)).contains("Use https");
        assertThat(check("admin", "", "checkUrl", value)).contains("Use https");
    }

    /** Excludes the requests that release sessions, which are sent in the background. */
    private int tokenRequests() {
        return simulator.accessTokens().size();
    }

    private String check(String user, String context, String method, Map<String, String> form) throws Exception {
        return pages.postForText(user, path(context, VcfaServiceAccount.class, method), parameters(form));
    }

    private String test(String user, String context, Class<?> kind, Map<String, String> form) throws Exception {
        return pages.postForText(user, path(context, kind, "testConnection"), parameters(form));
    }

    private static String path(String context, Class<?> kind, String method) {
        return context + "descriptorByName/" + kind.getName() + '/' + method;
    }

    private static NameValuePair[] parameters(Map<String, String> form) {
        return form.entrySet().stream()
                .map(field -> new NameValuePair(field.getKey(), field.getValue()))
                .toArray(NameValuePair[]::new);
    }

    /** Form parameters of a stored credential, with the secret encrypted. */
    private static Map<String, String> form(VcfCredentials stored) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("url", stored.getUrl());
        form.put("caCertificates", stored.getCaCertificates());
        form.put("skipTlsVerification", "false");
        String encrypted = stored.storedSecret().getEncryptedValue();
        if (stored instanceof VcfaServiceAccount account) {
            form.put("organization", account.getOrganization());
            form.put("refreshToken", encrypted);
        } else if (stored instanceof SddcManagerUser user) {
            form.put("username", user.getUsername());
            form.put("password", encrypted);
            form.put("apiKey", "");
        } else if (stored instanceof CspApiToken) {
            form.put("apiToken", encrypted);
        } else if (stored instanceof CspOAuthApp app) {
            form.put("appId", app.getAppId());
            form.put("appSecret", encrypted);
            form.put("organizationId", app.getOrganizationId());
            form.put("scopes", app.getScopes());
            form.put("accessTokenValiditySeconds", String.valueOf(app.getAccessTokenValiditySeconds()));
        } else if (stored instanceof VcfOperationsUser user) {
            form.put("username", user.getUsername());
            form.put("password", encrypted);
            form.put("authSource", user.getAuthSource());
        } else if (stored instanceof VcfSsoApiToken token) {
            form.put("tenant", token.getTenant());
            form.put("apiToken", encrypted);
        }
        return form;
    }

    /** Replaces encrypted secrets by plain text. */
    private static void decrypt(Map<String, String> form, VcfCredentials stored) {
        String encrypted = stored.storedSecret().getEncryptedValue();
        form.replaceAll((name, value) ->
                Secret.decrypt(value) != null ? stored.storedSecret().getPlainText() : value);
        assertThat(form.values()).doesNotContain(encrypted);
    }

    private static VcfCredentials stored(String id) {
        return (VcfCredentials) CredentialsMatchers.firstOrNull(
                SystemCredentialsProvider.getInstance().getCredentials(), CredentialsMatchers.withId(id));
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
