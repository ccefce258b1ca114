package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.regex.Pattern;

/** Reads the answer of an OAuth token endpoint (RFC 6749 sections 5.1 and 5.2), in the shapes the vendor really sends. */
final class OAuthAnswer {

    static final Duration DEFAULT_LIFETIME = ServerAnswer.DEFAULT_LIFETIME;

    /** As RFC 6749 section 5.2 and its extensions spell them; frameworks say "Not Found" in the same field. */
    private static final Pattern OAUTH_ERROR = Pattern.compile("[a-z]+(_[a-z]+)+");

    private final ServerAnswer answer;
    private final ServerAnswer.Refusals refusals;

    /** @param secret what was sent, so that it can be struck out of messages */
    OAuthAnswer(TokenClient.Answer answer, String secret) {
        this(answer, secret, OAuthAnswer::meaning);
    }

    OAuthAnswer(TokenClient.Answer answer, String secret, ServerAnswer.Refusals refusals) {
        this.answer = new ServerAnswer(answer, secret);
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

    Grant grant() throws ExchangeException {
        JsonNode json = answer.object();
        String refreshToken = ServerAnswer.text(json, "refresh_token");
        String type = ServerAnswer.text(json, "token_type");
        if (type != null && !type.equalsIgnoreCase("bearer")) {
            throw answer.unintelligible("with a token_type that is not Bearer", refreshToken);
        }
        Bearer bearer = answer.bearer(ServerAnswer.text(json, "access_token"), json.path("expires_in"), refreshToken);
        return new Grant(bearer, refreshToken);
    }

    /** The grant, or the exception that says why there is none. */
    Grant grantOrFailure() throws ExchangeException {
        if (!isSuccess()) {
            throw failure();
        }
        return grant();
    }

    /** The exception for an answer that is not a success. */
    ExchangeException failure() {
        return answer.failure(refusals);
    }

    /** RFC 6749's name of the error, or VMware Cloud Director's; empty where there is none. */
    String errorCode() {
        return answer.errorCode();
    }

    private static Problem meaning(int status, String code, String message) {
        if (code.equals("invalid_grant")) {
            return Problem.SPENT_OR_REVOKED;
        }
        return switch (status) {
            case 401, 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }
}
