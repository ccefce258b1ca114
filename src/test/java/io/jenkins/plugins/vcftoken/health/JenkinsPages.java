package io.jenkins.plugins.vcftoken.health;

import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.NameValuePair;
import org.jvnet.hudson.test.JenkinsRule;

/**
 * HTTP requests for users by name; null is the anonymous user. JavaScript and CSS are disabled, because they take ten
 * times as long as loading the page.
 */
public final class JenkinsPages {

    private final JenkinsRule jenkins;
    private final Map<String, JenkinsRule.WebClient> clients = new HashMap<>();

    public JenkinsPages(JenkinsRule jenkins) {
        this.jenkins = jenkins;
    }

    /** Returns the logged-in client of the user. */
    public JenkinsRule.WebClient as(String user) throws Exception {
        JenkinsRule.WebClient client = clients.get(user);
        if (client == null) {
            client = newClient(jenkins).withThrowExceptionOnFailingStatusCode(false);
            clients.put(user, user == null ? client : client.login(user));
        }
        return client;
    }

    /** Opens a page as the anonymous user; throws an exception if the status is an error. */
    HtmlPage open(String path) throws Exception {
        return newClient(jenkins).goTo(path);
    }

    public static JenkinsRule.WebClient newClient(JenkinsRule jenkins) {
        return newClientWithScripts(jenkins).withJavaScriptEnabled(false);
    }

    /** For pages whose forms need JavaScript. */
    public static JenkinsRule.WebClient newClientWithScripts(JenkinsRule jenkins) {
        JenkinsRule.WebClient client = jenkins.createWebClient();
        client.getOptions().setCssEnabled(false);
        return client;
    }

    int get(String user, String path) throws Exception {
        return send(user, request(HttpMethod.GET, path)).getStatusCode();
    }

    public int post(String user, String path, NameValuePair... parameters) throws Exception {
        return send(user, postRequest(user, path, parameters)).getStatusCode();
    }

    public String postForText(String user, String path, NameValuePair... parameters) throws Exception {
        return send(user, postRequest(user, path, parameters)).getContentAsString();
    }

    public int postWithoutCrumb(String user, String path, NameValuePair... parameters) throws Exception {
        return send(user, request(HttpMethod.POST, path, parameters)).getStatusCode();
    }

    /** Returns the response as it is: a page would redirect a 403 of the anonymous user to the login page. */
    public WebResponse send(String user, WebRequest request) throws Exception {
        return as(user).loadWebResponse(request);
    }

    public WebRequest postRequest(String user, String path, NameValuePair... parameters) throws Exception {
        WebRequest request = request(HttpMethod.POST, path, parameters);
        as(user).addCrumb(request);
        return request;
    }

    public WebRequest request(HttpMethod method, String path, NameValuePair... parameters) throws Exception {
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path), method);
        request.setRequestParameters(new ArrayList<>(List.of(parameters)));
        return request;
    }

    JSONObject json(String path) throws Exception {
        return jenkins.getJSON(path).getJSONObject();
    }

    static NameValuePair confirmed() {
        return new NameValuePair("confirmed", "true");
    }
}
