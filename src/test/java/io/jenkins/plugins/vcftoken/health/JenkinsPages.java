package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import hudson.model.ModelObject;
import java.net.URL;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.jvnet.hudson.test.JenkinsRule;

/** What the tests of the pages do with a browser. */
final class JenkinsPages {

    private final JenkinsRule jenkins;
    private final Map<String, JenkinsRule.WebClient> clients = new HashMap<>();

    JenkinsPages(JenkinsRule jenkins) {
        this.jenkins = jenkins;
    }

    /** Without JavaScript, which takes ten times as long as a page does. The same one for each user. */
    JenkinsRule.WebClient as(String user) throws Exception {
        JenkinsRule.WebClient known = clients.get(user);
        if (known != null) {
            return known;
        }
        JenkinsRule.WebClient client =
                jenkins.createWebClient().withJavaScriptEnabled(false).withThrowExceptionOnFailingStatusCode(false);
        clients.put(user, user == null ? client : client.login(user));
        return client;
    }

    /** Anonymously. */
    HtmlPage open(String path) throws Exception {
        return jenkins.createWebClient().withJavaScriptEnabled(false).goTo(path);
    }

    int get(String user, String path) throws Exception {
        return as(user).loadWebResponse(new WebRequest(new URL(jenkins.getURL(), path)))
                .getStatusCode();
    }

    int post(String user, String path, NameValuePair... parameters) throws Exception {
        return post(as(user), path, true, parameters);
    }

    int postWithoutCrumb(String user, String path, NameValuePair... parameters) throws Exception {
        return post(as(user), path, false, parameters);
    }

    /** The raw status. A browser follows the 403 of a user who is not logged in to the login page. */
    private int post(JenkinsRule.WebClient client, String path, boolean crumb, NameValuePair... parameters)
            throws Exception {
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path), HttpMethod.POST);
        request.setRequestParameters(new java.util.ArrayList<>(List.of(parameters)));
        if (crumb) {
            client.addCrumb(request);
        }
        return client.loadWebResponse(request).getStatusCode();
    }

    JSONObject json(String path) throws Exception {
        return jenkins.getJSON(path).getJSONObject();
    }

    static NameValuePair confirmed() {
        return new NameValuePair("confirmed", "true");
    }

    static CredentialsStore storeOf(ModelObject context) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                return store;
            }
        }
        throw new AssertionError(context);
    }
}
