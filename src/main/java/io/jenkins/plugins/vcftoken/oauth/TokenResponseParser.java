package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Parses one response of a token API: token responses and errors of OAuth (RFC 6749 sections
 * <a href="https://www.rfc-editor.org/rfc/rfc6749#section-5.1">5.1</a> and
 * <a href="https://www.rfc-editor.org/rfc/rfc6749#section-5.2">5.2</a>) in the forms that the vendor sends, and other
 * JSON with the same statuses, errors and lifetimes.
 */
final class TokenResponseParser {

    /** Used when neither the response nor the JWT says: the shortest lifetime of an access token in all APIs. */
    static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(30);

    /** The longest lifetime that an access token is used for, whatever a server says. */
    static final Duration MAX_LIFETIME = Duration.ofDays(1);

    /** As seconds this is three days and a half, as milliseconds five minutes. */
    private static final long SURELY_MILLISECONDS = 300_000;

    /** The {@code Date} of a response has no fractions of seconds. */
    private static final Duration DATE_RESOLUTION = Duration.ofSeconds(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);

    /**
     * Characters that are safe in an {@code Authorization} header and in a shell:
     * <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750 section 2.1</a>, and '%'.
     */
    private static final Pattern ACCESS_TOKEN = Pattern.compile("[A-Za-z0-9._~+/=%:-]+");

    /** As RFC 6749 section 5.2 and its extensions spell them; frameworks put "Not Found" into the same field. */
    private static final Pattern OAUTH_ERROR = Pattern.compile("[a-z]+(_[a-z]+)+");

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendPattern("[XXX][XX][X]")
            .toFormatter(Locale.ROOT);

    /** Says what a rejection means in one API. */
    @FunctionalInterface
    interface ErrorClassifier {
        /**
         * @param code the server's name of the error, empty without one
         * @param message the server's message, empty without one
         */
        TokenError classify(int status, String code, String message);
    }

    private final OneShotHttpClient.Answer answer;
    private final String secret;
    private final ErrorClassifier classifier;
    private final JsonNode json;

    /** @param secret the secret that was sent, which is removed from messages */
    TokenResponseParser(OneShotHttpClient.Answer answer, String secret, ErrorClassifier classifier) {
        this.answer = answer;
        this.secret = secret;
        this.classifier = classifier;
        this.json = parse(answer.body());
    }

    private static JsonNode parse(String body) {
        try {
            return OneShotHttpClient.JSON.readTree(body);
        } catch (JsonProcessingException e) {
            // Not passed on as a cause: its message quotes the response.
            return MissingNode.getInstance();
        }
    }

    int status() {
        return answer.status();
    }

    Instant askedAt() {
        return answer.askedAt();
    }

    String body() {
        return answer.body();
    }

    /** The access token of VCF Automation's header; null without it. */
    @CheckForNull
    String accessTokenHeader() {
        return answer.accessToken();
    }

    /** The body as JSON of any type; missing where it is no JSON. */
    JsonNode json() {
        return json;
    }

    boolean isSuccess() {
        return answer.status() / 100 == 2;
    }

    /**
     * Whether there is no token endpoint at the path of the request: 404 or 405, without an error of OAuth. Such a
     * response comes from routing by method and path, before the token in the body was read.
     */
    boolean isNoTokenEndpoint() {
        return (answer.status() == 404 || answer.status() == 405)
                && !OAUTH_ERROR.matcher(errorCode()).matches();
    }

    /**
     * @throws TokenRequestException the {@link #failure()}, or {@code InvalidResponse} when the body is no JSON object
     */
    JsonNode object() throws TokenRequestException {
        if (!isSuccess()) {
            throw failure();
        }
        if (!json.isObject()) {
            throw invalid("whose body is not a JSON object", null);
        }
        return json;
    }

    /** The token response of OAuth; throws as {@link #object()} and {@link #accessToken} do. */
    TokenResponse response() throws TokenRequestException {
        JsonNode object = object();
        String refreshToken = text(object, "refresh_token");
        String type = text(object, "token_type");
        if (type != null && !type.equalsIgnoreCase("bearer")) {
            throw invalid("with a token_type that is not Bearer", refreshToken);
        }
        AccessToken accessToken = accessToken(text(object, "access_token"), object.path("expires_in"), refreshToken);
        return new TokenResponse(accessToken, refreshToken);
    }

    /** The text of a field; null where it is missing, blank or of another type. */
    @CheckForNull
    static String text(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isTextual() && !value.textValue().isBlank() ? value.textValue() : null;
    }

    /** The time of an ISO 8601 text, in UTC where it has no offset; null where there is none. */
    @CheckForNull
    static Instant time(@CheckForNull String text) {
        if (text == null) {
            return null;
        }
        try {
            TemporalAccessor time = TIME.parseBest(text.trim(), OffsetDateTime::from, LocalDateTime::from);
            return time instanceof OffsetDateTime withOffset
                    ? withOffset.toInstant()
                    : LocalDateTime.from(time).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }

    /**
     * Checks an access token and computes when it expires.
     *
     * @param expiresIn seconds, as a number or as text; missing where the response has none
     * @param refreshToken of the same response, which the exception passes on
     * @throws TokenRequestException {@code InvalidResponse} when the access token cannot be used
     */
    AccessToken accessToken(@CheckForNull String value, JsonNode expiresIn, @CheckForNull String refreshToken)
            throws TokenRequestException {
        String usable = usable(value, refreshToken);
        return accessToken(usable, lifetime(expiresIn, usable), refreshToken);
    }

    /**
     * As {@link #accessToken(String, JsonNode, String)}, for a response with the time of the expiry by the clock of the
     * server. The lifetime is the time from the response's own {@code Date} to that.
     *
     * @param expiresAt milliseconds since 1970; missing or 0 where the response has none
     */
    AccessToken accessTokenUntil(@CheckForNull String value, JsonNode expiresAt) throws TokenRequestException {
        String usable = usable(value, null);
        Duration lifetime = expiresAt.asLong() == 0
                ? DEFAULT_LIFETIME
                : Duration.between(serverNow().plus(DATE_RESOLUTION), Instant.ofEpochMilli(expiresAt.asLong()));
        return accessToken(usable, lifetime, null);
    }

    private String usable(@CheckForNull String value, @CheckForNull String refreshToken) throws TokenRequestException {
        if (value == null) {
            throw invalid("without an access token", refreshToken);
        }
        if (!ACCESS_TOKEN.matcher(value).matches()) {
            throw invalid("with characters in its access token that no access token has", refreshToken);
        }
        return value;
    }

    private AccessToken accessToken(String value, Duration lifetime, @CheckForNull String refreshToken)
            throws TokenRequestException {
        if (lifetime.isNegative() || lifetime.isZero()) {
            throw invalid("with an access token that has expired already", refreshToken);
        }
        Instant expiresAt = answer.askedAt().plus(lifetime.compareTo(MAX_LIFETIME) > 0 ? MAX_LIFETIME : lifetime);
        return new AccessToken(value, answer.askedAt(), expiresAt);
    }

    /** @param what completes "HTTP 200 …" */
    TokenRequestException.InvalidResponse invalid(String what, @CheckForNull String refreshToken) {
        return new TokenRequestException.InvalidResponse("HTTP " + answer.status() + ' ' + what, refreshToken);
    }

    /** The exception for a response that is not a success. */
    TokenRequestException failure() {
        int status = answer.status();
        if (status == 429) {
            return new TokenRequestException.Throttled(redacted(), retryAfter());
        }
        if (status == 408 || status >= 500) {
            boolean saysWhen = status == 503 && answer.retryAfter() != null;
            return new TokenRequestException.OutcomeUnknown(redacted(), null, saysWhen ? retryAfter() : Duration.ZERO);
        }
        if (status / 100 == 3) {
            String location = answer.location();
            String where = location == null ? "" : " to " + SecretRedactor.redact(withoutQuery(location), secret);
            return new TokenRequestException.Rejected(TokenError.REDIRECTED, "HTTP " + status + where);
        }
        return new TokenRequestException.Rejected(classifier.classify(status, errorCode(), message()), redacted());
    }

    /** Portals put request parameters, tokens among them, behind the path. */
    private static String withoutQuery(String location) {
        return location.split("[?#]", 2)[0];
    }

    /**
     * The server's name of the error: OAuth's, Cloud Director's, SDDC Manager's or Cloud Services'; empty without one.
     */
    String errorCode() {
        return firstText("error", "minorErrorCode", "errorCode", "cspErrorCode");
    }

    private String message() {
        return firstText("error_description", "message");
    }

    private String firstText(String... fields) {
        for (String field : fields) {
            String value = text(json, field);
            if (value != null) {
                return value;
            }
        }
        return "";
    }

    /** Status, code and message without secrets. */
    private String redacted() {
        String code = errorCode();
        String message = message();
        return "HTTP " + answer.status()
                + (code.isEmpty() ? "" : ", " + SecretRedactor.redact(code, secret))
                + (message.isEmpty() ? "" : ": " + SecretRedactor.redact(message, secret));
    }

    /**
     * The lifetime as a span, so that a wrong clock of the server has no effect: {@code exp} is compared with the
     * server's own {@code iat} or {@code Date}. The shorter one of the response and the JWT counts, because the
     * services that check the token read the JWT.
     */
    private Duration lifetime(JsonNode expiresIn, String accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken);
        if (expiresIn.isNumber()
                || (expiresIn.isTextual() && expiresIn.textValue().matches("-?\\d{1,18}"))) {
            Duration ofResponse = seconds(expiresIn.asLong());
            Duration ofJwt = claims.lifetime();
            return ofJwt == null || ofJwt.compareTo(ofResponse) > 0 ? ofResponse : ofJwt;
        }
        Duration ofJwt = claims.lifetime(serverNow().getEpochSecond());
        return ofJwt != null ? ofJwt : DEFAULT_LIFETIME;
    }

    /** Much more than a day is taken as milliseconds: a renewal that is too early does no harm. */
    private static Duration seconds(long expiresIn) {
        long seconds = expiresIn < SURELY_MILLISECONDS ? expiresIn : expiresIn / 1_000;
        return Duration.ofSeconds(Math.max(-1, Math.min(seconds, MAX_LIFETIME.toSeconds())));
    }

    private Instant serverNow() {
        Instant date = answer.date();
        return date != null ? date : answer.askedAt();
    }

    /**
     * Seconds or a date (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3">RFC 9110 section 10.2.3</a>).
     */
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
