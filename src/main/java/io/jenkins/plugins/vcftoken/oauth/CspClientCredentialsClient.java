package io.jenkins.plugins.vcftoken.oauth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import okhttp3.HttpUrl;

/** The client credentials grant of an OAuth app in Cloud Services. */
public final class CspClientCredentialsClient implements TokenEndpointClient {

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;
    private final App app;

    /**
     * What is asked for.
     *
     * @param id the app's ID, half of the Basic authentication
     * @param scope names of roles and permissions separated by spaces; empty for all that the app has
     * @param validitySeconds how long the access token shall live, shorter than the app's own setting; 0 for that setting
     */
    public record App(String id, String scope, int validitySeconds) {

        /** Tells apart what the same secret may be used for. */
        public String account() {
            return id
                    + (scope.isEmpty() ? "" : " for " + scope)
                    + (validitySeconds == 0 ? "" : " for " + validitySeconds + " s");
        }
    }

    /**
     * @param account its organization is the organization's ID; empty for the one that owns the app
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public CspClientCredentialsClient(OneShotHttpClient client, Account account, App app) {
        this.client = client;
        this.account = account;
        this.base = account.base();
        this.app = app;
    }

    @Override
    public Account account() {
        return account;
    }

    @Override
    public boolean rotates() {
        return false;
    }

    /** A public app has none. */
    @Override
    public boolean needsSecret() {
        return false;
    }

    /** @param appSecret empty for a public app */
    @Override
    public TokenResponse requestToken(String appSecret) throws TokenRequestException {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        if (!account.organization().isEmpty()) {
            form.put("orgId", account.organization());
        }
        if (!app.scope().isEmpty()) {
            form.put("scope", app.scope());
        }
        if (app.validitySeconds() > 0) {
            form.put("accessTokenValiditySeconds", String.valueOf(app.validitySeconds()));
        }
        HttpUrl url = base.newBuilder()
                .addPathSegments("csp/gateway/am/api/auth/token")
                .build();
        // Not form-encoded before, as RFC 6749 would have it: Cloud Services' own clients do not either.
        String basic =
                Base64.getEncoder().encodeToString((app.id() + ':' + appSecret).getBytes(StandardCharsets.UTF_8));
        OneShotHttpClient.Answer answer = client.postForm(url, form, Map.of("Authorization", "Basic " + basic));
        return withoutRefreshToken(
                new TokenResponseParser(answer, appSecret, CspClientCredentialsClient::classify).grantOrFailure());
    }

    /** A refresh token beside an access token would be no successor of the app's secret. */
    private static TokenResponse withoutRefreshToken(TokenResponse response) {
        return new TokenResponse(response.accessToken(), null);
    }

    /** 400 stands for a bad secret as well as 401 does. */
    private static TokenError classify(int status, String code, String message) {
        return switch (status) {
            case 400, 401 -> TokenError.WRONG_SECRET;
            case 403 -> TokenError.FORBIDDEN;
            case 404 ->
                code.isEmpty() && message.isEmpty() ? TokenError.NO_SUCH_SERVICE : TokenError.WRONG_ORGANIZATION;
            case 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
