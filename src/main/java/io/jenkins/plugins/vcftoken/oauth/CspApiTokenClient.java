package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * The API token of a person in Cloud Services, on VMware's host, on Tanzu's, or on premises. Answers to it quote the
 * token when they refuse it.
 */
public final class CspApiTokenClient implements TokenEndpointClient {

    public static final String SYSTEM = "Cloud Services";

    private static final String API = "csp/gateway/am/api/auth/api-tokens";

    /** As seconds this is the year 5138, as milliseconds 1973. */
    private static final long SURELY_MILLISECONDS = 100_000_000_000L;

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;

    /** @throws IllegalArgumentException when the endpoint's URL is no address of a server */
    public CspApiTokenClient(OneShotHttpClient client, Account account) {
        this.client = client;
        this.account = account;
        this.base = account.base();
    }

    @Override
    public Account account() {
        return account;
    }

    @Override
    public boolean rotates() {
        return false;
    }

    /** The parameter was once called {@code refresh_token}, and once went into the query: both are deprecated. */
    @Override
    public TokenResponse requestToken(String apiToken) throws TokenRequestException {
        HttpUrl url = base.newBuilder()
                .addPathSegments(API)
                .addPathSegment("authorize")
                .build();
        OneShotHttpClient.Answer answer = client.postForm(url, Map.of("api_token", apiToken));
        try {
            TokenResponse response =
                    new TokenResponseParser(answer, apiToken, CspApiTokenClient::classify).grantOrFailure();
            client.hosts().setRefused(account, apiToken, false);
            return response;
        } catch (TokenRequestException.Rejected e) {
            throw remembered(e, apiToken);
        }
    }

    private TokenRequestException.Rejected remembered(TokenRequestException.Rejected e, String apiToken) {
        if (e.tokenError() == TokenError.API_TOKEN_REFUSED) {
            client.hosts().setRefused(account, apiToken, true);
        }
        return e;
    }

    /**
     * The only one of the four systems that tells those who have the secret alone. A token that was refused is not looked up
     * again, unless it has been accepted since.
     */
    @CheckForNull
    @Override
    public Instant secretExpiry(String apiToken) throws TokenRequestException {
        if (client.hosts().isRefused(account, apiToken)) {
            throw new TokenRequestException.Rejected(
                    TokenError.API_TOKEN_REFUSED, "refused before, and not sent again");
        }
        HttpUrl url =
                base.newBuilder().addPathSegments(API).addPathSegment("details").build();
        String question = WipingJson.text(WipingJson.MAPPER.createObjectNode().put("tokenValue", apiToken));
        HttpResponseParser answer = new HttpResponseParser(client.sendJson("POST", url, question), apiToken);
        if (!answer.isSuccess()) {
            TokenRequestException e =
                    answer.failure(CspApiTokenClient::detailsMeaning).forNonRotatingSecret();
            throw e instanceof TokenRequestException.Rejected refused ? remembered(refused, apiToken) : e;
        }
        JsonNode expiresAt = answer.object().path("expiresAt");
        long time = expiresAt.isTextual() && expiresAt.textValue().matches("\\d{1,15}")
                ? Long.parseLong(expiresAt.textValue())
                : expiresAt.asLong();
        if (time <= 0) {
            return null;
        }
        // Seconds in the vendor's schema, milliseconds in what some clients saw.
        return time < SURELY_MILLISECONDS
                ? Instant.ofEpochSecond(time)
                : Instant.ofEpochMilli(Math.min(time, 1L << 50));
    }

    /** There, an organization does not come into it: what is not found is the token. */
    private static TokenError detailsMeaning(int status, String code, String message) {
        TokenError tokenError = classify(status, code, message);
        return tokenError == TokenError.WRONG_ORGANIZATION ? TokenError.API_TOKEN_REFUSED : tokenError;
    }

    private static TokenError classify(int status, String code, String message) {
        return switch (status) {
            case 400, 401 -> TokenError.API_TOKEN_REFUSED;
            case 403 -> TokenError.FORBIDDEN;
            case 404 ->
                code.isEmpty() && message.isEmpty() ? TokenError.NO_SUCH_SERVICE : TokenError.WRONG_ORGANIZATION;
            case 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
