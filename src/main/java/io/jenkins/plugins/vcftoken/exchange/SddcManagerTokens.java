package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Locale;
import okhttp3.HttpUrl;

/**
 * The token pairs of SDDC Manager and VCF Installer. A user and password, or an API key, buy an access token and the ID
 * of a refresh token; that ID renews the access token as often as wanted for a day and is the session here.
 *
 * <p>From the vendor's OpenAPI document: bodies of PATCH and DELETE, and the answer to PATCH, are JSON strings. From
 * recordings: POST answers 200 where the document says 201, and 401 where it says nothing.
 */
public final class SddcManagerTokens implements TokenService {

    public static final String SYSTEM = "SDDC Manager";

    private final TokenClient client;
    private final Endpoint endpoint;
    private final HttpUrl base;

    /**
     * @param endpoint its account is the user's name; empty when the secret is an API key
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public SddcManagerTokens(TokenClient client, Endpoint endpoint) {
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

    @Override
    public Grant exchange(String secret) throws ExchangeException {
        ObjectNode who = Json.MAPPER.createObjectNode();
        if (endpoint.account().isEmpty()) {
            who.put("apiKey", secret);
        } else {
            who.put("username", endpoint.account()).put("password", secret);
        }
        ServerAnswer answer = new ServerAnswer(client.sendJson("POST", url("v1/tokens"), Json.text(who)), secret);
        if (!answer.isSuccess()) {
            throw answer.failure(SddcManagerTokens::meaning);
        }
        JsonNode pair = answer.object();
        JsonNode refreshToken = pair.path("refreshToken");
        // An object, says the document; a string, say guides made from older builds.
        String session = refreshToken.isTextual() ? refreshToken.textValue() : ServerAnswer.text(refreshToken, "id");
        Bearer bearer = answer.bearer(ServerAnswer.text(pair, "accessToken"), MissingNode.getInstance(), null);
        return new Grant(bearer, null, session);
    }

    /**
     * The document names 400 and 404 for a refresh token that is unknown; others answer 401 to one that has expired. A
     * refusal says nothing about the password, whatever its status.
     */
    @Override
    public Grant renew(String secret, String session) throws ExchangeException {
        ServerAnswer answer = new ServerAnswer(
                client.sendJson("PATCH", url("v1/tokens/access-token/refresh"), quoted(session)), session);
        if (!answer.isSuccess()) {
            ExchangeException failure = answer.failure(SddcManagerTokens::meaning);
            if (failure instanceof ExchangeException.Refused && answer.status() / 100 == 4) {
                return exchange(secret);
            }
            throw failure;
        }
        return new Grant(answer.bearer(accessToken(answer), MissingNode.getInstance(), null), null, session);
    }

    @Override
    public void release(String session) throws ExchangeException {
        ServerAnswer answer =
                new ServerAnswer(client.sendJson("DELETE", url("v1/tokens/refresh-token"), quoted(session)), session);
        if (!answer.isSuccess() && answer.status() != 404) {
            throw answer.failure(SddcManagerTokens::meaning).harmless();
        }
    }

    /**
     * A JSON string, says the document; the bare text or an object come from other builds. Bare text has to be a JWT, or
     * any page of a portal would do.
     */
    @CheckForNull
    private static String accessToken(ServerAnswer answer) {
        JsonNode json = answer.any();
        if (json.isTextual()) {
            return json.textValue();
        }
        if (json.isObject()) {
            return ServerAnswer.text(json, "accessToken");
        }
        String bare = answer.body().trim();
        return JwtClaims.of(bare).isJwt() ? bare : null;
    }

    private static String quoted(String session) {
        return Json.text(TextNode.valueOf(session));
    }

    private HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }

    /** A refused login is a 401 on live systems; no document has it. */
    private static Problem meaning(int status, String code, String message) {
        String words = message.toLowerCase(Locale.ROOT);
        if (words.contains("locked")) {
            return Problem.LOCKED_OUT;
        }
        if (status == 401 || code.equals("IDENTITY_UNAUTHORIZED_ENTITY")) {
            return Problem.WRONG_SECRET;
        }
        return switch (status) {
            case 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }
}
