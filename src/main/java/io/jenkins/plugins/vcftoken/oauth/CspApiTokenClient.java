package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;

/**
 * Requests access tokens with a user's API token for Cloud Services, hosted by VMware or Tanzu or on premises. Error
 * messages of the server contain the rejected API token.
 */
public final class CspApiTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "Cloud Services";

    private static final String API = "csp/gateway/am/api/auth/api-tokens/";

    public CspApiTokenClient(AtMostOnceHttpClient client, Account account) {
        super(client, account, false);
    }

    /** The parameter {@code refresh_token}, and the parameter in the query, are deprecated. */
    @Override
    public TokenResponse requestToken(String apiToken) throws TokenRequestException {
        AtMostOnceHttpClient.HttpResponse httpResponse =
                client.postForm(url(API + "authorize"), Map.of("api_token", apiToken));
        try {
            TokenResponse response =
                    new TokenResponseParser(httpResponse, apiToken, CspApiTokenClient::classify).response();
            client.capabilities().setRejected(account(), apiToken, false);
            return response;
        } catch (TokenRequestException e) {
            recordRejection(e, apiToken);
            throw e;
        }
    }

    private void recordRejection(TokenRequestException e, String apiToken) {
        if (e.errorType() == TokenErrorType.API_TOKEN_REJECTED) {
            client.capabilities().setRejected(account(), apiToken, true);
        }
    }

    /** Does not send a token that was rejected and has not been accepted since then. */
    @CheckForNull
    @Override
    public Instant secretExpiry(String apiToken, @CheckForNull AccessToken accessToken) throws TokenRequestException {
        if (client.capabilities().isRejected(account(), apiToken)) {
            throw new TokenRequestException.Rejected(
                    TokenErrorType.API_TOKEN_REJECTED, "rejected before, and not sent again");
        }
        JsonNode query = JsonNodeFactory.instance.objectNode().put("tokenValue", apiToken);
        AtMostOnceHttpClient.HttpResponse httpResponse = client.sendJson("POST", url(API + "details"), query);
        try {
            return parseExpiry(new TokenResponseParser(httpResponse, apiToken, CspApiTokenClient::classifyDetails)
                    .object()
                    .path("expiresAt"));
        } catch (TokenRequestException e) {
            recordRejection(e, apiToken);
            throw e.forNonRotatingSecret();
        }
    }

    /** @param expiresAt in seconds according to the vendor's schema; in milliseconds in some observed responses */
    @CheckForNull
    static Instant parseExpiry(JsonNode expiresAt) {
        long time = expiresAt.isTextual() && expiresAt.textValue().matches("\\d{1,15}")
                ? Long.parseLong(expiresAt.textValue())
                : expiresAt.asLong();
        if (time <= 0) {
            return null;
        }
        return time < JwtClaims.MIN_MILLISECONDS
                ? Instant.ofEpochSecond(time)
                : Instant.ofEpochMilli(Math.min(time, 1L << 50));
    }

    /** The request for details has no organization, so a 404 with an error refers to the token. */
    private static TokenErrorType classifyDetails(int status, String code, String message) {
        TokenErrorType errorType = classify(status, code, message);
        return errorType == TokenErrorType.WRONG_ORGANIZATION ? TokenErrorType.API_TOKEN_REJECTED : errorType;
    }

    private static TokenErrorType classify(int status, String code, String message) {
        return classify(status, code, message, TokenErrorType.API_TOKEN_REJECTED);
    }

    /** @param refused the error for 400 and 401, both of which mean a wrong secret */
    static TokenErrorType classify(int status, String code, String message, TokenErrorType refused) {
        return switch (status) {
            case 400, 401 -> refused;
            case 404 ->
                code.isEmpty() && message.isEmpty()
                        ? TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND
                        : TokenErrorType.WRONG_ORGANIZATION;
            default -> TokenErrorType.ofStatus(status);
        };
    }
}
