package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.regex.Pattern;

/** Reads the answer of an OAuth token endpoint (RFC 6749 sections 5.1 and 5.2), in the shapes the vendor really sends. */
final class TokenResponseParser {

    static final Duration DEFAULT_LIFETIME = HttpResponseParser.DEFAULT_LIFETIME;

    /** As RFC 6749 section 5.2 and its extensions spell them; frameworks say "Not Found" in the same field. */
    private static final Pattern OAUTH_ERROR = Pattern.compile("[a-z]+(_[a-z]+)+");

    private final HttpResponseParser answer;
    private final HttpResponseParser.Refusals refusals;

    /** @param secret what was sent, so that it can be struck out of messages */
    TokenResponseParser(OneShotHttpClient.Answer answer, String secret) {
        this(answer, secret, TokenResponseParser::classify);
    }

    TokenResponseParser(OneShotHttpClient.Answer answer, String secret, HttpResponseParser.Refusals refusals) {
        this.answer = new HttpResponseParser(answer, secret);
        this.refusals = refusals;
    }

    boolean isSuccess() {
        return answer.isSuccess();
    }

    /**
     * Whether there is no token endpoint at the path of the request: 404 or 405, without an error of OAuth's. Such an
     * answer comes of routing, by method and path, before anything has looked at the token in the body.
     */
    boolean isNoTokenEndpoint() {
        return (answer.status() == 404 || answer.status() == 405)
                && !OAUTH_ERROR.matcher(errorCode()).matches();
    }

    TokenResponse response() throws TokenRequestException {
        JsonNode json = answer.object();
        String refreshToken = HttpResponseParser.text(json, "refresh_token");
        String type = HttpResponseParser.text(json, "token_type");
        if (type != null && !type.equalsIgnoreCase("bearer")) {
            throw answer.unintelligible("with a token_type that is not Bearer", refreshToken);
        }
        AccessToken accessToken = answer.accessToken(
                HttpResponseParser.text(json, "access_token"), json.path("expires_in"), refreshToken);
        return new TokenResponse(accessToken, refreshToken);
    }

    /** The grant, or the exception that says why there is none. */
    TokenResponse grantOrFailure() throws TokenRequestException {
        if (!isSuccess()) {
            throw failure();
        }
        return response();
    }

    /** The exception for an answer that is not a success. */
    TokenRequestException failure() {
        return answer.failure(refusals);
    }

    /** RFC 6749's name of the error, or VMware Cloud Director's; empty where there is none. */
    String errorCode() {
        return answer.errorCode();
    }

    private static TokenError classify(int status, String code, String message) {
        if (code.equals("invalid_grant")) {
            return TokenError.SPENT_OR_REVOKED;
        }
        return switch (status) {
            case 401, 403 -> TokenError.FORBIDDEN;
            case 404, 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
