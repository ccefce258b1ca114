package io.jenkins.plugins.vcftoken.oauth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The client credentials grant of an OAuth app in Cloud Services
 * (<a href="https://www.rfc-editor.org/rfc/rfc6749#section-4.4">RFC 6749 section 4.4</a>).
 */
public final class CspClientCredentialsClient extends AbstractTokenClient {

    private final App app;

    /**
     * The parameters of the request.
     *
     * @param id the ID of the app, for Basic authentication
     * @param scope names of roles and permissions separated by spaces; empty for all of the app's
     * @param validitySeconds lifetime of the access token, shorter than the app's own setting; 0 for that setting
     */
    public record App(String id, String scope, int validitySeconds) {

        /** The {@link Account#name()}: tells apart access tokens of the same secret. */
        public String account() {
            return id
                    + (scope.isEmpty() ? "" : " for " + scope)
                    + (validitySeconds == 0 ? "" : " for " + validitySeconds + " s");
        }
    }

    /**
     * @param account its organization is an ID; empty for the organization that owns the app
     */
    public CspClientCredentialsClient(OneShotHttpClient client, Account account, App app) {
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
        // Without the form encoding that RFC 6749 section 2.3.1 asks for, as Cloud Services' own clients send it.
        String basic =
                Base64.getEncoder().encodeToString((app.id() + ':' + appSecret).getBytes(StandardCharsets.UTF_8));
        OneShotHttpClient.Answer answer =
                client.postForm(url("csp/gateway/am/api/auth/token"), form, Map.of("Authorization", "Basic " + basic));
        TokenResponse response = new TokenResponseParser(
                        answer,
                        appSecret,
                        (status, code, message) ->
                                CspApiTokenClient.classify(status, code, message, TokenError.WRONG_SECRET))
                .response();
        // A refresh token in the response is not the successor of the app's secret.
        return new TokenResponse(response.accessToken(), null);
    }
}
