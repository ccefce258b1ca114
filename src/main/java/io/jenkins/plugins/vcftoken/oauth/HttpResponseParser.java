package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;

/** Reads what all four systems have in common: statuses, the shapes of their errors, how long an access token lives. */
final class HttpResponseParser {

    /** Used when neither the answer nor the JWT tells: the shortest life of an access token in the four systems. */
    static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(30);

    /** No access token is trusted for longer, whatever a server claims. */
    static final Duration MAX_LIFETIME = Duration.ofDays(1);

    /** As seconds this is three days and a half, as milliseconds five minutes. */
    private static final long SURELY_MILLISECONDS = 300_000;

    private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);
    /** What an {@code Authorization} header and a shell variable carry unharmed: RFC 6750 section 2.1, plus '%'. */
    private static final Pattern AccessToken = Pattern.compile("[A-Za-z0-9._~+/=%:-]+");

    /** What a refusal means in one system. */
    @FunctionalInterface
    interface Refusals {
        /**
         * @param code the server's own name for the error, empty where it gave none
         * @param message its words, empty where it gave none
         */
        TokenError classify(int status, String code, String message);
    }

    private final OneShotHttpClient.Answer answer;
    private final String secret;

    /** @param secret what was sent, so that it can be struck out of messages */
    HttpResponseParser(OneShotHttpClient.Answer answer, String secret) {
        this.answer = answer;
        this.secret = secret;
    }

    int status() {
        return answer.status();
    }

    String body() {
        return answer.body();
    }

    boolean isSuccess() {
        return answer.status() / 100 == 2;
    }

    /** @throws TokenRequestException when the body is not a JSON object */
    JsonNode object() throws TokenRequestException {
        JsonNode json = any();
        if (!json.isObject()) {
            throw unintelligible("whose body is not a JSON object", null);
        }
        return json;
    }

    /** Whatever JSON it is; missing where it is none. */
    JsonNode any() {
        try {
            return WipingJson.MAPPER.readTree(answer.body());
        } catch (JsonProcessingException e) {
            // Not passed on as a cause: its message quotes the answer.
            return MissingNode.getInstance();
        }
    }

    @CheckForNull
    static String text(JsonNode json, String field) {
        JsonNode value = json.path(field);
        return value.isTextual() && !value.textValue().isBlank() ? value.textValue() : null;
    }

    /**
     * @param expiresIn seconds, as a number or as text; missing where the answer has none
     * @param refreshToken what else the answer brought: not lost when the access token is unusable
     */
    AccessToken accessToken(@CheckForNull String value, JsonNode expiresIn, @CheckForNull String refreshToken)
            throws TokenRequestException {
        if (value == null) {
            throw unintelligible("without an access token", refreshToken);
        }
        if (!AccessToken.matcher(value).matches()) {
            throw unintelligible("with characters in its access token that no access token has", refreshToken);
        }
        Duration lifetime = lifetime(expiresIn, value);
        if (lifetime.isNegative() || lifetime.isZero()) {
            throw unintelligible("with an access token that has expired already", refreshToken);
        }
        Instant expiresAt = answer.askedAt().plus(lifetime.compareTo(MAX_LIFETIME) > 0 ? MAX_LIFETIME : lifetime);
        return new AccessToken(value, answer.askedAt(), expiresAt);
    }

    TokenRequestException.InvalidResponse unintelligible(String what, @CheckForNull String refreshToken) {
        return new TokenRequestException.InvalidResponse("HTTP " + answer.status() + ' ' + what, refreshToken);
    }

    /** The exception for an answer that is not a success. */
    TokenRequestException failure(Refusals refusals) {
        int status = answer.status();
        if (status == 429) {
            return new TokenRequestException.Throttled(logged(), retryAfter());
        }
        if (status == 503 && answer.retryAfter() != null) {
            return new TokenRequestException.OutcomeUnknown(logged(), null, retryAfter());
        }
        if (status == 408 || status >= 500) {
            return new TokenRequestException.OutcomeUnknown(logged(), null);
        }
        if (status / 100 == 3) {
            String location = answer.location();
            String where = location == null ? "" : " to " + SecretRedactor.redact(withoutQuery(location), secret);
            return new TokenRequestException.Rejected(TokenError.REDIRECTED, "HTTP " + status + where);
        }
        return new TokenRequestException.Rejected(refusals.classify(status, errorCode(), message()), logged());
    }

    /** Portals put what they were asked, and whole tokens, behind the path. */
    private static String withoutQuery(String location) {
        return location.split("[?#]", 2)[0];
    }

    /** The server's own name for what went wrong, in whichever shape it has; empty where it gave none. */
    String errorCode() {
        return first("error", "minorErrorCode", "errorCode", "cspErrorCode");
    }

    private String message() {
        return first("error_description", "message");
    }

    private String first(String... fields) {
        JsonNode json = any();
        for (String field : fields) {
            String value = text(json, field);
            if (value != null) {
                return value;
            }
        }
        return "";
    }

    /** For messages: status, code and words, free of secrets. */
    String logged() {
        String code = errorCode();
        String message = message();
        return "HTTP " + answer.status()
                + (code.isEmpty() ? "" : ", " + SecretRedactor.redact(code, secret))
                + (message.isEmpty() ? "" : ": " + SecretRedactor.redact(message, secret));
    }

    /**
     * A span, not a point in time, so that a server whose clock is wrong does no harm: {@code exp} is held against the
     * server's own {@code iat} or {@code Date}, never against ours. Of what the answer and the token itself say, the
     * shorter one counts: who checks the token goes by what is in it.
     */
    private Duration lifetime(JsonNode expiresIn, String accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken);
        if (expiresIn.isNumber()
                || (expiresIn.isTextual() && expiresIn.textValue().matches("-?\\d{1,18}"))) {
            Duration given = seconds(expiresIn.asLong());
            Duration signed = claims.lifetime();
            return signed == null || signed.compareTo(given) > 0 ? given : signed;
        }
        Duration told = claims.lifetime(serverNow().getEpochSecond());
        return told != null ? told : DEFAULT_LIFETIME;
    }

    /** What is far more than a day is rather given in milliseconds: to renew too early does no harm. */
    private static Duration seconds(long expiresIn) {
        long seconds = expiresIn < SURELY_MILLISECONDS ? expiresIn : expiresIn / 1_000;
        return Duration.ofSeconds(Math.max(-1, Math.min(seconds, MAX_LIFETIME.toSeconds())));
    }

    private Instant serverNow() {
        Instant date = answer.date();
        return date != null ? date : answer.askedAt();
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
