package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.regex.Pattern;

/** Reads the answer of an OAuth token endpoint (RFC 6749 sections 5.1 and 5.2), in the shapes the vendor really sends. */
final class OAuthAnswer {

    /** Used when neither {@code expires_in} nor the JWT tells: the shortest life of a bearer in the four systems. */
    static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(30);

    /** No bearer is trusted for longer, whatever a server claims. */
    static final Duration MAX_LIFETIME = Duration.ofDays(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** What an {@code Authorization} header and a shell variable carry unharmed: RFC 6750 section 2.1, plus '%'. */
    private static final Pattern BEARER = Pattern.compile("[A-Za-z0-9._~+/=%:-]+");

    private final TokenClient.Answer answer;
    private final String secret;

    /** @param secret what was sent, so that it can be struck out of messages */
    OAuthAnswer(TokenClient.Answer answer, String secret) {
        this.answer = answer;
        this.secret = secret;
    }

    boolean isSuccess() {
        return answer.status() / 100 == 2;
    }

    Grant grant() throws ExchangeException {
        JsonNode json = parse();
        String refreshToken = text(json, "refresh_token");
        String accessToken = text(json, "access_token");
        if (accessToken == null) {
            throw new ExchangeException.Unintelligible(
                    "HTTP " + answer.status() + " without an access_token", refreshToken);
        }
        if (!BEARER.matcher(accessToken).matches()) {
            throw new ExchangeException.Unintelligible(
                    "HTTP " + answer.status() + " with characters in its access_token that no bearer has",
                    refreshToken);
        }
        String type = text(json, "token_type");
        if (type != null && !type.equalsIgnoreCase("bearer")) {
            throw new ExchangeException.Unintelligible(
                    "HTTP " + answer.status() + " with a token_type that is not Bearer", refreshToken);
        }
        Duration lifetime = lifetime(json, accessToken);
        if (lifetime.isNegative() || lifetime.isZero()) {
            throw new ExchangeException.Unintelligible(
                    "HTTP " + answer.status() + " with an access_token that has expired already", refreshToken);
        }
        Instant expiresAt = answer.askedAt().plus(lifetime.compareTo(MAX_LIFETIME) > 0 ? MAX_LIFETIME : lifetime);
        return new Grant(new Bearer(accessToken, answer.askedAt(), expiresAt), refreshToken);
    }

    /** The exception for an answer that is not a success. */
    ExchangeException failure() {
        int status = answer.status();
        if (status == 429 || status == 503 && answer.retryAfter() != null) {
            return new ExchangeException.Throttled(said(), retryAfter());
        }
        if (status == 408 || status >= 500) {
            return new ExchangeException.OutcomeUnknown(said(), null);
        }
        if (status / 100 == 3) {
            String location = answer.location();
            String where = location == null ? "" : " to " + Redaction.redact(location, secret);
            return new ExchangeException.Refused(Problem.REDIRECTED, "HTTP " + status + where);
        }
        return new ExchangeException.Refused(refusal(status), said());
    }

    private Problem refusal(int status) {
        if ("invalid_grant".equals(errorCode(parseLeniently()))) {
            return Problem.SPENT_OR_REVOKED;
        }
        return switch (status) {
            case 401, 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }

    private String said() {
        JsonNode json = parseLeniently();
        String code = errorCode(json);
        String description = text(json, "error_description");
        if (description == null) {
            description = text(json, "message");
        }
        StringBuilder said = new StringBuilder("HTTP ").append(answer.status());
        if (code != null) {
            said.append(", ").append(Redaction.redact(code, secret));
        }
        if (description != null) {
            said.append(": ").append(Redaction.redact(description, secret));
        }
        return said.toString();
    }

    /** RFC 6749 says {@code error}; VMware Cloud Director's own shape says {@code minorErrorCode}. */
    @CheckForNull
    private static String errorCode(JsonNode json) {
        String code = text(json, "error");
        return code != null ? code : text(json, "minorErrorCode");
    }

    private JsonNode parse() throws ExchangeException {
        try {
            JsonNode json = JSON.readTree(answer.body());
            if (json != null && json.isObject()) {
                return json;
            }
        } catch (JsonProcessingException e) {
            // Not passed on as a cause: its message quotes the answer.
        }
        throw new ExchangeException.Unintelligible(
                "HTTP " + answer.status() + " whose body is not a JSON object", null);
    }

    private JsonNode parseLeniently() {
        try {
            return parse();
        } catch (ExchangeException e) {
            return MissingNode.getInstance();
        }
    }

    @CheckForNull
    private static String text(JsonNode json, String field) {
        JsonNode value = json.path(field);
        return value.isTextual() && !value.textValue().isBlank() ? value.textValue() : null;
    }

    /**
     * A span, not a point in time, so that a server whose clock is wrong does no harm: {@code exp} is held against the
     * server's own {@code iat} or {@code Date}, never against ours.
     */
    private Duration lifetime(JsonNode json, String accessToken) {
        JsonNode expiresIn = json.path("expires_in");
        if (expiresIn.isNumber()
                || expiresIn.isTextual() && expiresIn.textValue().matches("-?\\d{1,18}")) {
            return seconds(expiresIn.asLong());
        }
        JsonNode claims = claims(accessToken);
        if (claims.path("exp").isNumber()) {
            long exp = claims.path("exp").asLong();
            if (claims.path("iat").isNumber()) {
                return seconds(exp - claims.path("iat").asLong());
            }
            return seconds(exp - serverNow().getEpochSecond());
        }
        return DEFAULT_LIFETIME;
    }

    private Instant serverNow() {
        Instant date = answer.date();
        return date != null ? date : answer.askedAt();
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(Math.max(-1, Math.min(seconds, MAX_LIFETIME.toSeconds())));
    }

    private static JsonNode claims(String jwt) {
        String[] parts = jwt.split("\\.", -1);
        if (parts.length != 3) {
            return MissingNode.getInstance();
        }
        try {
            JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
            return claims == null ? MissingNode.getInstance() : claims;
        } catch (IllegalArgumentException | java.io.IOException e) {
            return MissingNode.getInstance();
        }
    }

    private Duration retryAfter() {
        String given = answer.retryAfter();
        String value = given == null ? "" : given.trim();
        Duration wait;
        if (value.matches("\\d{1,9}")) {
            wait = Duration.ofSeconds(Long.parseLong(value));
        } else {
            try {
                Instant until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                wait = Duration.between(serverNow(), until);
            } catch (DateTimeException e) {
                wait = Duration.ofSeconds(10);
            }
        }
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : wait;
    }
}
