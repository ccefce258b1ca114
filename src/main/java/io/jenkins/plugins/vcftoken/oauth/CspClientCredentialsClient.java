package io.jenkins.plugins.vcftoken.oauth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Client credentials grant for an OAuth app of Cloud Services
 * (<a href="https://www.rfc-editor.org/rfc/rfc6749#section-4.4">RFC 6749 section 4.4</a>).
 */
public final class CspClientCredentialsClient extends AbstractTokenClient {

    private final App app;

    /**
     * Request parameters.
     *
     * @param id the app ID, for Basic authentication
     * @param scope names of roles and permissions separated by spaces; empty for all roles and permissions of the app
     * @param validitySeconds lifetime of the access token, shorter than the setting of the app; 0 for that setting
     */
    public record App(String id, String scope, int validitySeconds) {

        /** The {@link Account#name()}, which is different for requests that result in different access tokens. */
        public String account() {
            return id
                    + (scope.isEmpty() ? "" : " for " + scope)
                    + (validitySeconds == 0 ? "" : " for " + validitySeconds + " s");
        }
    }

    /**
     * @param account its organization is an ID; empty for the organization that owns the app
     */
    public CspClientCredentialsClient(AtMostOnceHttpClient client, Account account, App app) {
        super(client, account, false);
        this.app = app;
    }

    /** A public app has no secret. */
    @Override
    public boolean needsSecret() {
        return false;
    }

    /** @param appSecret empty for a public app */
    @Override
    public TokenResponse requestToken(String appSecret) throws TokenRequestException {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        if (!account().organization().isEmpty()) {
            form.put("orgId", account().organization());
        }
        if (!app.scope().isEmpty()) {
            form.put("scope", app.scope());
        }
        if (app.validitySeconds() > 0) {
            form.put("accessTokenValiditySeconds", String.valueOf(app.validitySeconds()));
        }
        // Without the form encoding of RFC 6749 section 2.3.1, like the vendor's clients for Cloud Services.
        String basic =
                Base64.getEncoder().encodeToString((app.id() + ':' + appSecret).getBytes(StandardCharsets.UTF_8));
        AtMostOnceHttpClient.HttpResponse httpResponse =
                client.postForm(url("csp/gateway/am/api/auth/token"), form, Map.of("Authorization", "Basic " + basic));
        TokenResponse response = new TokenResponseParser(
                        httpResponse,
                        appSecret,
                        (status, code, message) ->
                                CspApiTokenClient.classify(status, code, message, TokenErrorType.WRONG_SECRET))
                .response();
        // A refresh token in the response does not replace the app secret.
        return new TokenResponse(response.accessToken(), null);
    }
}
