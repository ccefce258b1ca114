package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
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

/** A credential gets another server's address: with a secret that a person types, and never with the stored one. */
@WithJenkins
class AddressChangeJenkinsTest {

    private static final String PASSWORD = "Aa1-password-of-svc";
    private static final String KEY = "Aa1-key-of-svc";
    private static final String USER = "svc@vsphere.local";
    private static final String REFUSED = "Jenkins never sends a stored secret to a different server";

    private static JenkinsRule jenkins;
    private static Simulator before;
    private static Simulator after;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        before = Simulator.start();
        after = Simulator.start();
        for (Simulator simulator : List.of(before, after)) {
            simulator.sddcManager().addUser(USER, PASSWORD);
            simulator.sddcManager().addApiKey(KEY);
        }
    }

    @AfterAll
    static void stop() {
        assertThat(after.violations()).isEmpty();
        before.close();
        after.close();
    }

    @Test
    void theSamePasswordTypedAnewInTheFormIsWhatIsAskedFor() throws Exception {
        add("form", PASSWORD, "");
        HtmlPage page = jenkins.createWebClient().goTo(path("form") + "/update");
        HtmlForm form = page.getFormByName("update");
        form.getInputByName("_.url").setValue(after.url().toString());
        form.getTextAreaByName("_.caCertificates").setText(after.authorityPem());
        HtmlInput concealed = form.getInputByName("_.password");
        assertThat(Secret.decrypt(concealed.getValue())).isEqualTo(Secret.fromString(PASSWORD));
        concealed.setValue(PASSWORD);
        jenkins.submit(form);
        assertThat(stored("form").getUrl()).isEqualTo(after.url().toString());
        assertThat(VcfTokenService.get().once(stored("form")).value()).isIn(after.accessTokens());
    }

    @Test
    void theStoredPasswordLeftInTheFormIsRefused() throws Exception {
        add("left", PASSWORD, "");
        HtmlPage page = jenkins.createWebClient()
                .withThrowExceptionOnFailingStatusCode(false)
                .goTo(path("left") + "/update");
        HtmlForm form = page.getFormByName("update");
        form.getInputByName("_.url").setValue(after.url().toString());
        assertThat(jenkins.submit(form).getWebResponse().getContentAsString()).contains(REFUSED);
        assertThat(stored("left").getUrl()).isEqualTo(before.url().toString());
    }

    @Test
    void theSamePasswordPostedInClear() throws Exception {
        add("clear", PASSWORD, "");
        assertThat(post("clear", form("clear", USER, PASSWORD, ""), false)).doesNotContain(REFUSED);
        assertThat(stored("clear").getUrl()).isEqualTo(after.url().toString());
        assertThat(stored("clear").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    @Test
    void theStoredPasswordPostedBack() throws Exception {
        for (boolean multipart : List.of(false, true)) {
            String id = "back-" + multipart;
            String sealed = add(id, PASSWORD, "").getPassword().getEncryptedValue();
            assertThat(post(id, form(id, USER, sealed, ""), multipart)).contains(REFUSED);
            assertThat(stored(id).getUrl()).isEqualTo(before.url().toString());
        }
    }

    /** An unused secret goes along as well, and would be used after the next change, when the address is the same. */
    @Test
    void aStoredPasswordBesideATypedKeyOrWithoutItsUser() throws Exception {
        String sealed = add("beside", PASSWORD, "").getPassword().getEncryptedValue();
        assertThat(post("beside", form("beside", USER, sealed, "typed-key"), false))
                .contains(REFUSED);
        assertThat(post("beside", form("beside", "", sealed, ""), false)).contains(REFUSED);
        assertThat(stored("beside").getUrl()).isEqualTo(before.url().toString());
    }

    /** The ledger has never seen the password, as the key was used, so only the form can refuse. */
    @Test
    void aStoredPasswordThatTheKeyKeptOutOfUse() throws Exception {
        String sealed = add("unused", PASSWORD, "a-key").getPassword().getEncryptedValue();
        assertThat(post("unused", form("unused", USER, sealed, ""), false)).contains(REFUSED);
        assertThat(stored("unused").getUrl()).isEqualTo(before.url().toString());
    }

    /** A user who may not see the secrets gets asterisks for both, and posts them back. */
    @Test
    void starsOfASecretThatIsNotInUse() throws Exception {
        add("stars", PASSWORD, "a-key");
        JSONObject form = form("stars", USER, "********", "another-key");
        form.put("url", before.url().toString());
        assertThat(post("stars", form, false)).contains("does not show you the stored secret");
        assertThat(stored("stars").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    /** Nothing can be sent to what is no address; from there, though, every other one looks like a correction. */
    @Test
    void theStoredPasswordByWayOfAnAddressThatIsNone() throws Exception {
        String sealed = add("detour", PASSWORD, "").getPassword().getEncryptedValue();
        JSONObject detour = form("detour", USER, sealed, "");
        detour.put("url", "https://no address");
        assertThat(post("detour", detour, false)).contains(REFUSED);
        assertThat(stored("detour").getUrl()).isEqualTo(before.url().toString());
        detour.put("password", PASSWORD);
        assertThat(post("detour", detour, false)).doesNotContain(REFUSED);
        assertThat(post("detour", form("detour", USER, sealed, ""), false)).contains(REFUSED);
        assertThat(stored("detour").getUrl()).isEqualTo("https://no address");
    }

    @Test
    void theSameAddressTakesTheStoredPasswordBack() throws Exception {
        String sealed = add("same", PASSWORD, "").getPassword().getEncryptedValue();
        JSONObject form = form("same", "other@vsphere.local", sealed, "");
        form.put("url", before.url().toString());
        assertThat(post("same", form, false)).doesNotContain(REFUSED);
        assertThat(stored("same").getUsername()).isEqualTo("other@vsphere.local");
        assertThat(stored("same").getPassword()).isEqualTo(Secret.fromString(PASSWORD));
    }

    private static SddcManagerUser add(String id, String password, String key) throws Exception {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, id, null, before.url().toString());
        user.setUsername(USER);
        user.setPassword(Secret.fromString(password));
        user.setApiKey(Secret.fromString(key));
        user.setCaCertificates(before.authorityPem());
        JenkinsAccount.store(user);
        return user;
    }

    private static SddcManagerUser stored(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(SddcManagerUser.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static String path(String id) {
        return "credentials/store/system/domain/_/credential/" + id;
    }

    /** For the new address, as a script would post it. */
    private static JSONObject form(String id, String user, String password, String key) {
        JSONObject form = new JSONObject();
        form.put("stapler-class", SddcManagerUser.class.getName());
        form.put("scope", "GLOBAL");
        form.put("id", id);
        form.put("url", after.url().toString());
        form.put("username", user);
        form.put("password", password);
        form.put("apiKey", key);
        form.put("caCertificates", after.authorityPem());
        return form;
    }

    private static String post(String id, JSONObject form, boolean multipart) throws Exception {
        JenkinsRule.WebClient web = jenkins.createWebClient().withThrowExceptionOnFailingStatusCode(false);
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path(id) + "/updateSubmit"), HttpMethod.POST);
        if (multipart) {
            request.setEncodingType(org.htmlunit.FormEncodingType.MULTIPART);
        }
        request.setRequestParameters(new ArrayList<>(List.of(new NameValuePair("json", form.toString()))));
        web.addCrumb(request);
        // Jenkins does not look for it within parts.
        request.getRequestParameters().stream()
                .filter(added -> !added.getName().equals("json"))
                .forEach(crumb -> request.setAdditionalHeader(crumb.getName(), crumb.getValue()));
        return web.getPage(request).getWebResponse().getContentAsString();
    }
}
