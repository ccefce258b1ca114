package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.List;
import net.sf.json.JSONObject;
import org.htmlunit.FormEncodingType;
import org.htmlunit.WebRequest;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlInput;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Changing the URL of a credential requires entering its secret again. */
@WithJenkins
class AddressChangeJenkinsTest {

    private static final String PASSWORD = "Aa1-password-of-svc";
    private static final String KEY = "Aa1-key-of-svc";
    private static final String USER = "svc@vsphere.local";
    private static final String REJECTED = "Jenkins never sends a stored secret to a different server";

    private static JenkinsRule jenkins;
    private static Simulator oldServer;
    private static Simulator newServer;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        oldServer = Simulator.start();
        newServer = Simulator.start();
        for (Simulator simulator : List.of(oldServer, newServer)) {
            simulator.sddcManager().addUser(USER, PASSWORD);
            simulator.sddcManager().addApiKey(KEY);
        }
    }

    @AfterAll
    static void stop() {
        assertThat(newServer.violations()).isEmpty();
        oldServer.close();
        newServer.close();
    }

    @Test
    void urlChange_withEnteredPassword_isSaved() throws Exception {
        add("form", PASSWORD, "");
        HtmlPage page = JenkinsPages.newClientWithScripts(jenkins).goTo(path("form") + "/update");
        HtmlForm form = page.getFormByName("update");
        form.getInputByName("_.url").setValue(newServer.url().toString());
        form.getTextAreaByName("_.caCertificates").setText(newServer.authorityPem());
        HtmlInput passwordField = form.getInputByName("_.password");
        assertThat(Secret.decrypt(passwordField.getValue())).isEqualTo(Secret.fromString(PASSWORD));
        passwordField.setValue(PASSWORD);
        jenkins.submit(form);
        assertThat(stored("form").getUrl()).isEqualTo(newServer.url().toString());
        assertThat(VcfTokenService.get().issueWithoutLease(stored("form")).value())
                .isIn(newServer.accessTokens());
    }

    @Test
    void urlChange_withUnchangedPassword_isRejected() throws Exception {
        add("left", PASSWORD, "");
        HtmlPage page = JenkinsPages.newClientWithScripts(jenkins)
                .withThrowExceptionOnFailingStatusCode(false)
                .goTo(path("left") + "/update");
        HtmlForm form = page.getFormByName("update");
        form.getInputByName("_.url").setValue(newServer.url().toString());
        assertThat(jenkins.submit(form).getWebResponse().getContentAsString()).contains(REJECTED);
        assertThat(stored("left").getUrl()).isEqualTo(oldServer.url().toString());
    }

    @Test
    void urlChange_withPasswordPostedAsPlainText_isSaved() throws Exception {
        add("clear", PASSWORD, "");
        assertThat(post("clear", form("clear", USER, PASSWORD, ""), false)).doesNotContain(REJECTED);
        assertThat(stored("clear").getUrl()).isEqualTo(newServer.url().toString());
        assertThat(stored("clear").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    @Test
    void urlChange_withPasswordPostedEncrypted_isRejected() throws Exception {
        for (boolean multipart : List.of(false, true)) {
            String id = "encrypted-" + multipart;
            String encrypted = add(id, PASSWORD, "").getPassword().getEncryptedValue();
            assertThat(post(id, form(id, USER, encrypted, ""), multipart)).contains(REJECTED);
            assertThat(stored(id).getUrl()).isEqualTo(oldServer.url().toString());
        }
    }

    /** An unused secret would be saved too, and could be sent to the new server after a second edit. */
    @Test
    void urlChange_withUnusedStoredPassword_isRejected() throws Exception {
        String encrypted = add("beside", PASSWORD, "").getPassword().getEncryptedValue();
        assertThat(post("beside", form("beside", USER, encrypted, "typed-key"), false))
                .contains(REJECTED);
        assertThat(post("beside", form("beside", "", encrypted, ""), false)).contains(REJECTED);
        assertThat(stored("beside").getUrl()).isEqualTo(oldServer.url().toString());
    }

    /** The API key was used instead of the password, so the ledger does not know the password. */
    @Test
    void urlChange_withStoredPasswordThatWasNeverSent_isRejected() throws Exception {
        String encrypted = add("unused", PASSWORD, "a-key").getPassword().getEncryptedValue();
        assertThat(post("unused", form("unused", USER, encrypted, ""), false)).contains(REJECTED);
        assertThat(stored("unused").getUrl()).isEqualTo(oldServer.url().toString());
    }

    /** Jenkins shows asterisks to users without permission to view secrets, and the form posts them back. */
    @Test
    void maskedSecretThatIsNotInUse_isRejected() throws Exception {
        add("stars", PASSWORD, "a-key");
        JSONObject form = form("stars", USER, "********", "another-key");
        form.put("url", oldServer.url().toString());
        assertThat(post("stars", form, false)).contains("does not show you the stored secret");
        assertThat(stored("stars").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    /** An invalid URL receives no request, but a second edit could replace it by the URL of another server. */
    @Test
    void storedPassword_withAnInvalidUrl_isRejected() throws Exception {
        String encrypted = add("invalid-url", PASSWORD, "").getPassword().getEncryptedValue();
        JSONObject form = form("invalid-url", USER, encrypted, "");
        form.put("url", "https://no address");
        assertThat(post("invalid-url", form, false)).contains(REJECTED);
        assertThat(stored("invalid-url").getUrl()).isEqualTo(oldServer.url().toString());
        form.put("password", PASSWORD);
        assertThat(post("invalid-url", form, false)).doesNotContain(REJECTED);
        assertThat(post("invalid-url", form("invalid-url", USER, encrypted, ""), false))
                .contains(REJECTED);
        assertThat(stored("invalid-url").getUrl()).isEqualTo("https://no address");
    }

    @Test
    void storedPassword_withUnchangedUrl_isSaved() throws Exception {
        String encrypted = add("same", PASSWORD, "").getPassword().getEncryptedValue();
        JSONObject form = form("same", "other@vsphere.local", encrypted, "");
        form.put("url", oldServer.url().toString());
        assertThat(post("same", form, false)).doesNotContain(REJECTED);
        assertThat(stored("same").getUsername()).isEqualTo("other@vsphere.local");
        assertThat(stored("same").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    private static SddcManagerUser add(String id, String password, String key) throws Exception {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, id, null, oldServer.url().toString());
        user.setUsername(USER);
        user.setPassword(Secret.fromString(password));
        user.setApiKey(Secret.fromString(key));
        user.setCaCertificates(oldServer.authorityPem());
        JenkinsAccount.store(user);
        return user;
    }

    private static SddcManagerUser stored(String id) {
        return (SddcManagerUser) CredentialsMatchers.firstOrNull(
                SystemCredentialsProvider.getInstance().getCredentials(), CredentialsMatchers.withId(id));
    }

    private static String path(String id) {
        return "credentials/store/system/domain/_/credential/" + id;
    }

    /** JSON of the form, with the new URL. */
    private static JSONObject form(String id, String user, String password, String key) {
        JSONObject form = new JSONObject();
        form.put("stapler-class", SddcManagerUser.class.getName());
        form.put("scope", "GLOBAL");
        form.put("id", id);
        form.put("url", newServer.url().toString());
        form.put("username", user);
        form.put("password", password);
        form.put("apiKey", key);
        form.put("caCertificates", newServer.authorityPem());
        return form;
    }

    private static String post(String id, JSONObject form, boolean multipart) throws Exception {
        JenkinsPages pages = new JenkinsPages(jenkins);
        WebRequest request =
                pages.postRequest(null, path(id) + "/updateSubmit", new NameValuePair("json", form.toString()));
        if (multipart) {
            request.setEncodingType(FormEncodingType.MULTIPART);
            // Jenkins does not read the crumb from a multipart body.
            request.getRequestParameters().stream()
                    .filter(parameter -> !parameter.getName().equals("json"))
                    .forEach(crumb -> request.setAdditionalHeader(crumb.getName(), crumb.getValue()));
        }
        return pages.send(null, request).getContentAsString();
    }
}
