package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;

/**
 * Requests access tokens with a user's API token of Cloud Services: on VMware's host, on Tanzu's, or on premises. The
 * server quotes API tokens that it rejects.
 */
public final class CspApiTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "Cloud Services";

    private static final String API = "csp/gateway/am/api/auth/api-tokens/";

    /** As seconds this is the year 5138, as milliseconds 1973. */
    private static final long SURELY_MILLISECONDS = 100_000_000_000L;

    public CspApiTokenClient(OneShotHttpClient client, Account account) {
        super(client, account, false);
    }

    /** The older parameter {@code refresh_token}, and the one in the query, are deprecated. */
    @Override
    public TokenResponse requestToken(String apiToken) throws TokenRequestException {
        OneShotHttpClient.Answer answer = client.postForm(url(API + "authorize"), Map.of("api_token", apiToken));
        try {
            TokenResponse response = new TokenResponseParser(answer, apiToken, CspApiTokenClient::classify).response();
            client.capabilities().setRefused(account(), apiToken, false);
            return response;
        } catch (TokenRequestException e) {
            rememberRefusal(e, apiToken);
            throw e;
        }
    }

    private void rememberRefusal(TokenRequestException e, String apiToken) {
        if (e.tokenError() == TokenError.API_TOKEN_REFUSED) {
            client.capabilities().setRefused(account(), apiToken, true);
        }
    }

    /** Does not send a token that was rejected and has not been accepted since. */
    @CheckForNull
    @Override
    public Instant secretExpiry(String apiToken, @CheckForNull AccessToken accessToken) throws TokenRequestException {
        if (client.capabilities().isRefused(account(), apiToken)) {
            throw new TokenRequestException.Rejected(
                    TokenError.API_TOKEN_REFUSED, "refused before, and not sent again");
        }
        JsonNode query = JsonNodeFactory.instance.objectNode().put("tokenValue", apiToken);
        OneShotHttpClient.Answer answer = client.sendJson("POST", url(API + "details"), query);
        try {
            return expiry(new TokenResponseParser(answer, apiToken, CspApiTokenClient::classifyDetails)
                    .object()
                    .path("expiresAt"));
        } catch (TokenRequestException e) {
            rememberRefusal(e, apiToken);
            throw e.forNonRotatingSecret();
        }
    }

    /** Seconds in the vendor's schema, milliseconds in what some clients received. */
    @CheckForNull
    static Instant expiry(JsonNode expiresAt) {
        long time = expiresAt.isTextual() && expiresAt.textValue().matches("\\d{1,15}")
                ? Long.parseLong(expiresAt.textValue())
                : expiresAt.asLong();
        if (time <= 0) {
            return null;
        }
        return time < SURELY_MILLISECONDS
                ? Instant.ofEpochSecond(time)
                : Instant.ofEpochMilli(Math.min(time, 1L << 50));
    }

    /** The request for details names no organization: a 404 with an error is about the token. */
    private static TokenError classifyDetails(int status, String code, String message) {
        TokenError tokenError = classify(status, code, message);
        return tokenError == TokenError.WRONG_ORGANIZATION ? TokenError.API_TOKEN_REFUSED : tokenError;
    }

    private static TokenError classify(int status, String code, String message) {
        return classify(status, code, message, TokenError.API_TOKEN_REFUSED);
    }

    /** @param refused what 400 and 401 mean; both stand for a wrong secret */
    static TokenError classify(int status, String code, String message, TokenError refused) {
        return switch (status) {
            case 400, 401 -> refused;
            case 404 ->
                code.isEmpty() && message.isEmpty() ? TokenError.NO_SUCH_SERVICE : TokenError.WRONG_ORGANIZATION;
            default -> TokenError.ofStatus(status);
        };
    }
}
