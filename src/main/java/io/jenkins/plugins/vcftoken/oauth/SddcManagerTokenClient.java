package io.jenkins.plugins.vcftoken.oauth;

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
public final class SddcManagerTokenClient implements TokenEndpointClient {

    public static final String SYSTEM = "SDDC Manager";

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;

    /**
     * @param account its account is the user's name; empty when the secret is an API key
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public SddcManagerTokenClient(OneShotHttpClient client, Account account) {
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

    @Override
    public TokenResponse requestToken(String secret) throws TokenRequestException {
        ObjectNode who = WipingJson.MAPPER.createObjectNode();
        if (account.name().isEmpty()) {
            who.put("apiKey", secret);
        } else {
            who.put("username", account.name()).put("password", secret);
        }
        HttpResponseParser answer =
                new HttpResponseParser(client.sendJson("POST", url("v1/tokens"), WipingJson.text(who)), secret);
        if (!answer.isSuccess()) {
            throw answer.failure(SddcManagerTokenClient::classify);
        }
        JsonNode pair = answer.object();
        JsonNode refreshToken = pair.path("refreshToken");
        // An object, says the document; a string, say guides made from older builds.
        String session =
                refreshToken.isTextual() ? refreshToken.textValue() : HttpResponseParser.text(refreshToken, "id");
        AccessToken accessToken =
                answer.accessToken(HttpResponseParser.text(pair, "accessToken"), MissingNode.getInstance(), null);
        return new TokenResponse(accessToken, null, session);
    }

    /**
     * The document names 400 and 404 for a refresh token that is unknown; others answer 401 to one that has expired. A
     * refusal says nothing about the password, whatever its status.
     */
    @Override
    public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        HttpResponseParser answer = new HttpResponseParser(
                client.sendJson("PATCH", url("v1/tokens/access-token/refresh"), quoted(session)), session);
        if (!answer.isSuccess()) {
            TokenRequestException failure = answer.failure(SddcManagerTokenClient::classify);
            if (failure instanceof TokenRequestException.Rejected && answer.status() / 100 == 4) {
                return requestToken(secret);
            }
            throw failure;
        }
        return new TokenResponse(
                answer.accessToken(accessToken(answer), MissingNode.getInstance(), null), null, session);
    }

    @Override
    public void revokeSession(String session) throws TokenRequestException {
        HttpResponseParser answer = new HttpResponseParser(
                client.sendJson("DELETE", url("v1/tokens/refresh-token"), quoted(session)), session);
        if (!answer.isSuccess() && answer.status() != 404) {
            throw answer.failure(SddcManagerTokenClient::classify).forNonRotatingSecret();
        }
    }

    /**
     * A JSON string, says the document; the bare text or an object come from other builds. Bare text has to be a JWT, or
     * any page of a portal would do.
     */
    @CheckForNull
    private static String accessToken(HttpResponseParser answer) {
        JsonNode json = answer.any();
        if (json.isTextual()) {
            return json.textValue();
        }
        if (json.isObject()) {
            return HttpResponseParser.text(json, "accessToken");
        }
        String bare = answer.body().trim();
        return JwtClaims.of(bare).isJwt() ? bare : null;
    }

    private static String quoted(String session) {
        return WipingJson.text(TextNode.valueOf(session));
    }

    private HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }

    /** A refused login is a 401 on live systems; no document has it. */
    private static TokenError classify(int status, String code, String message) {
        String words = message.toLowerCase(Locale.ROOT);
        if (words.contains("locked")) {
            return TokenError.LOCKED_OUT;
        }
        if (status == 401 || code.equals("IDENTITY_UNAUTHORIZED_ENTITY")) {
            return TokenError.WRONG_SECRET;
        }
        return switch (status) {
            case 403 -> TokenError.FORBIDDEN;
            case 404, 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
