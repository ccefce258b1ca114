package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * The API token of a person in Cloud Services, on VMware's host, on Tanzu's, or on premises. Answers to it quote the
 * token when they refuse it.
 */
public final class CspApiTokens implements TokenService {

    public static final String SYSTEM = "Cloud Services";

    private static final String API = "csp/gateway/am/api/auth/api-tokens";

    /** As seconds this is the year 5138, as milliseconds 1973. */
    private static final long SURELY_MILLISECONDS = 100_000_000_000L;

    private final TokenClient client;
    private final Endpoint endpoint;
    private final HttpUrl base;

    /** @throws IllegalArgumentException when the endpoint's URL is no address of a server */
    public CspApiTokens(TokenClient client, Endpoint endpoint) {
        this.client = client;
        this.endpoint = endpoint;
        this.base = endpoint.base();
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public boolean rotates() {
        return false;
    }

    /** The parameter was once called {@code refresh_token}, and once went into the query: both are deprecated. */
    @Override
    public Grant exchange(String apiToken) throws ExchangeException {
        HttpUrl url = base.newBuilder()
                .addPathSegments(API)
                .addPathSegment("authorize")
                .build();
        TokenClient.Answer answer = client.postForm(url, Map.of("api_token", apiToken));
        try {
            Grant grant = new OAuthAnswer(answer, apiToken, CspApiTokens::meaning).grantOrFailure();
            client.hosts().setRefused(endpoint, apiToken, false);
            return grant;
        } catch (ExchangeException.Refused e) {
            throw remembered(e, apiToken);
        }
    }

    private ExchangeException.Refused remembered(ExchangeException.Refused e, String apiToken) {
        if (e.problem() == Problem.API_TOKEN_REFUSED) {
            client.hosts().setRefused(endpoint, apiToken, true);
        }
        return e;
    }

    /**
     * The only one of the four systems that tells those who have the secret alone. A token that was refused is not looked up
     * again, unless it has been accepted since.
     */
    @CheckForNull
    @Override
    public Instant secretExpiry(String apiToken) throws ExchangeException {
        if (client.hosts().isRefused(endpoint, apiToken)) {
            throw new ExchangeException.Refused(Problem.API_TOKEN_REFUSED, "refused before, and not sent again");
        }
        HttpUrl url =
                base.newBuilder().addPathSegments(API).addPathSegment("details").build();
        String question = Json.text(Json.MAPPER.createObjectNode().put("tokenValue", apiToken));
        ServerAnswer answer = new ServerAnswer(client.sendJson("POST", url, question), apiToken);
        if (!answer.isSuccess()) {
            ExchangeException e = answer.failure(CspApiTokens::detailsMeaning).harmless();
            throw e instanceof ExchangeException.Refused refused ? remembered(refused, apiToken) : e;
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
    private static Problem detailsMeaning(int status, String code, String message) {
        Problem problem = meaning(status, code, message);
        return problem == Problem.WRONG_ORGANIZATION ? Problem.API_TOKEN_REFUSED : problem;
    }

    private static Problem meaning(int status, String code, String message) {
        return switch (status) {
            case 400, 401 -> Problem.API_TOKEN_REFUSED;
            case 403 -> Problem.FORBIDDEN;
            case 404 -> code.isEmpty() && message.isEmpty() ? Problem.NO_SUCH_SERVICE : Problem.WRONG_ORGANIZATION;
            case 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }
}
