package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Locale;

/**
 * Requests access tokens of SDDC Manager and VCF Installer with username and password, or with an API key. The response
 * contains an access token and the ID of a refresh token. The ID can be used any number of times within a day to
 * refresh the access token; it is the session of the {@link TokenResponse}.
 *
 * <p>From the vendor's OpenAPI document: the bodies of PATCH and DELETE, and of the response to PATCH, are JSON
 * strings. From recorded responses: the status of POST is 200 instead of the documented 201, or an undocumented 401.
 */
public final class SddcManagerTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "SDDC Manager";

    /** @param account its name is the username; empty if the secret is an API key */
    public SddcManagerTokenClient(AtMostOnceHttpClient client, Account account) {
        super(client, account, false);
    }

    @Override
    public TokenResponse requestToken(String secret) throws TokenRequestException {
        ObjectNode login = JsonNodeFactory.instance.objectNode();
        if (account().name().isEmpty()) {
            login.put("apiKey", secret);
        } else {
            login.put("username", account().name()).put("password", secret);
        }
        TokenResponseParser response = send("POST", "v1/tokens", login, secret);
        JsonNode pair = response.object();
        JsonNode refreshToken = pair.path("refreshToken");
        // An object in the OpenAPI document, a string in guides for older builds.
        String session =
                refreshToken.isTextual() ? refreshToken.textValue() : TokenResponseParser.text(refreshToken, "id");
        return new TokenResponse(
                response.accessToken(TokenResponseParser.text(pair, "accessToken"), MissingNode.getInstance(), null),
                null,
                session);
    }

    /**
     * Sends the secret if the session is rejected with any 4xx status: 400 or 404 for an unknown refresh token
     * according to the OpenAPI document, 401 for an expired one in other builds. None of these refers to the password.
     */
    @Override
    public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        TokenResponseParser response =
                send("PATCH", "v1/tokens/access-token/refresh", TextNode.valueOf(session), session);
        if (!response.isSuccess()) {
            TokenRequestException failure = response.failure();
            if (failure instanceof TokenRequestException.Rejected && response.status() / 100 == 4) {
                return requestToken(secret);
            }
            throw failure;
        }
        return new TokenResponse(
                response.accessToken(accessToken(response), MissingNode.getInstance(), null), null, session);
    }

    @Override
    public void revokeSession(String session) throws TokenRequestException {
        TokenResponseParser response = send("DELETE", "v1/tokens/refresh-token", TextNode.valueOf(session), session);
        if (!response.isSuccess() && response.status() != 404) {
            throw response.failure().forNonRotatingSecret();
        }
    }

    private TokenResponseParser send(String method, String path, JsonNode body, String secret)
            throws TokenRequestException {
        return new TokenResponseParser(
                client.sendJson(method, url(path), body), secret, SddcManagerTokenClient::classify);
    }

    /**
     * A JSON string in the OpenAPI document; an object or plain text in other builds. Plain text has to be a JWT, to
     * exclude HTML pages of portals.
     */
    @CheckForNull
    private static String accessToken(TokenResponseParser response) {
        JsonNode json = response.json();
        if (json.isTextual()) {
            return json.textValue();
        }
        if (json.isObject()) {
            return TokenResponseParser.text(json, "accessToken");
        }
        String plain = response.body().trim();
        return JwtClaims.of(plain).isJwt() ? plain : null;
    }

    /** The status 401 for a failed login is undocumented. */
    private static TokenErrorType classify(int status, String code, String message) {
        if (message.toLowerCase(Locale.ROOT).contains("locked")) {
            return TokenErrorType.LOCKED_OUT;
        }
        if (status == 401 || code.equals("IDENTITY_UNAUTHORIZED_ENTITY")) {
            return TokenErrorType.WRONG_SECRET;
        }
        return TokenErrorType.ofStatus(status);
    }
}
