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
 * Parses a response of a token API: OAuth token responses and errors (RFC 6749 sections <a
 * href="https://www.rfc-editor.org/rfc/rfc6749#section-5.1">5.1</a> and <a
 * href="https://www.rfc-editor.org/rfc/rfc6749#section-5.2">5.2</a>) in the vendor's variants, and other JSON with the
 * same statuses, errors and lifetimes.
 */
final class TokenResponseParser {

    /** Used if neither the response nor the JWT has a lifetime; the shortest one in all APIs. */
    static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(30);

    /** Longer lifetimes are reduced to this one. */
    static final Duration MAX_LIFETIME = Duration.ofDays(1);

    /** Servers may encode "never expires" as year 9999: times from this one on are no expiry. */
    static final Instant NEVER = Instant.parse("9999-01-01T00:00:00Z");

    /** Values from this one are in milliseconds: 3.5 days in seconds, 5 minutes in milliseconds. */
    private static final long MIN_MILLISECONDS = 300_000;

    /** The {@code Date} header has no fractions of seconds. */
    private static final Duration DATE_RESOLUTION = Duration.ofSeconds(1);

    private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);

    /**
     * Characters that are safe in an {@code Authorization} header and in a shell:
     * <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750 section 2.1</a>, and '%'.
     */
    private static final Pattern ACCESS_TOKEN = Pattern.compile("[A-Za-z0-9._~+/=%:-]+");

    /** Error codes of RFC 6749 section 5.2 and its extensions; web frameworks put "Not Found" into the same field. */
    private static final Pattern OAUTH_ERROR = Pattern.compile("[a-z]+(_[a-z]+)+");

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendPattern("[XXX][XX][X]")
            .toFormatter(Locale.ROOT);

    /** Maps a rejection to an error, for one API. */
    @FunctionalInterface
    interface ErrorClassifier {
        /**
         * @param code error code of the server, or empty
         * @param message error message of the server, or empty
         */
        TokenErrorType classify(int status, String code, String message);
    }

    private final AtMostOnceHttpClient.HttpResponse httpResponse;
    private final String secret;
    private final ErrorClassifier classifier;
    private final JsonNode json;

    /** @param secret the secret in the request, which is removed from messages */
    TokenResponseParser(AtMostOnceHttpClient.HttpResponse httpResponse, String secret, ErrorClassifier classifier) {
        this.httpResponse = httpResponse;
        this.secret = secret;
        this.classifier = classifier;
        this.json = parse(httpResponse.body());
    }

    private static JsonNode parse(String body) {
        try {
            return AtMostOnceHttpClient.JSON.readTree(body);
        } catch (JsonProcessingException e) {
            // Not kept as a cause, because its message contains the response.
            return MissingNode.getInstance();
        }
    }

    int status() {
        return httpResponse.status();
    }

    Instant requestedAt() {
        return httpResponse.requestedAt();
    }

    String body() {
        return httpResponse.body();
    }

    /** @return the access token in the response header of VCF Automation, or null */
    @CheckForNull
    String accessTokenHeader() {
        return httpResponse.accessToken();
    }

    /** The body as JSON of any type; a missing node if it is not JSON. */
    JsonNode json() {
        return json;
    }

    boolean isSuccess() {
        return httpResponse.status() / 100 == 2;
    }

    /**
     * Whether there is no token endpoint at the requested path: 404 or 405 without an OAuth error. Such a response
     * results from routing by method and path, so no endpoint has read the token in the body.
     */
    boolean isTokenEndpointMissing() {
        return (httpResponse.status() == 404 || httpResponse.status() == 405)
                && !OAUTH_ERROR.matcher(errorCode()).matches();
    }

    /**
     * @throws TokenRequestException the {@link #failure()}, or {@code InvalidResponse} if the body is not a JSON object
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

    /** Parses an OAuth token response; for exceptions, see {@link #object()} and {@link #accessToken}. */
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

    /** @return the text of a field; null if it is missing, blank or of another type */
    @CheckForNull
    static String text(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isTextual() && !value.textValue().isBlank() ? value.textValue() : null;
    }

    /**
     * @param text ISO 8601 time, in UTC if it has no offset
     * @return null if the text is null or invalid
     */
    @CheckForNull
    static Instant parseTime(@CheckForNull String text) {
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
     * Validates an access token and computes its expiry.
     *
     * @param expiresIn in seconds, as a number or text; a missing node if the response has none
     * @param refreshToken the refresh token in the same response, for the exception
     * @throws TokenRequestException {@code InvalidResponse} if the access token is not valid
     */
    AccessToken accessToken(@CheckForNull String value, JsonNode expiresIn, @CheckForNull String refreshToken)
            throws TokenRequestException {
        String valid = validate(value, refreshToken);
        return accessToken(valid, lifetime(expiresIn, valid), refreshToken);
    }

    /**
     * Like {@link #accessToken(String, JsonNode, String)}, for a response with the expiry by the clock of the server.
     * The lifetime starts at the {@code Date} of the response.
     *
     * @param expiresAt in epoch milliseconds; missing or 0 if the response has none
     */
    AccessToken accessTokenUntil(@CheckForNull String value, JsonNode expiresAt) throws TokenRequestException {
        String valid = validate(value, null);
        Duration lifetime = expiresAt.asLong() == 0
                ? DEFAULT_LIFETIME
                : Duration.between(serverNow().plus(DATE_RESOLUTION), Instant.ofEpochMilli(expiresAt.asLong()));
        return accessToken(valid, lifetime, null);
    }

    private String validate(@CheckForNull String value, @CheckForNull String refreshToken)
            throws TokenRequestException {
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
        Instant expiresAt =
                httpResponse.requestedAt().plus(lifetime.compareTo(MAX_LIFETIME) > 0 ? MAX_LIFETIME : lifetime);
        return new AccessToken(value, httpResponse.requestedAt(), expiresAt);
    }

    /** @param description follows "HTTP 200 " in the message */
    TokenRequestException.InvalidResponse invalid(String description, @CheckForNull String refreshToken) {
        return new TokenRequestException.InvalidResponse(
                "HTTP " + httpResponse.status() + ' ' + description, refreshToken);
    }

    /** Creates the exception for a response without success status. */
    TokenRequestException failure() {
        int status = httpResponse.status();
        if (status == 429) {
            return new TokenRequestException.Throttled(redacted(), retryAfter());
        }
        if (status == 408 || status >= 500) {
            boolean hasRetryAfter = status == 503 && httpResponse.retryAfter() != null;
            return new TokenRequestException.OutcomeUnknown(
                    redacted(), null, hasRetryAfter ? retryAfter() : Duration.ZERO);
        }
        if (status / 100 == 3) {
            String location = httpResponse.location();
            String target = location == null ? "" : " to " + SecretRedactor.redact(withoutQuery(location), secret);
            return new TokenRequestException.Rejected(TokenErrorType.REDIRECTED, "HTTP " + status + target);
        }
        return new TokenRequestException.Rejected(classifier.classify(status, errorCode(), message()), redacted());
    }

    /** In redirects of portals, the query may contain tokens. */
    private static String withoutQuery(String location) {
        return location.split("[?#]", 2)[0];
    }

    /** @return the error code of OAuth, Cloud Director, SDDC Manager or Cloud Services, or empty */
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

    /** Status, error code and message without secrets. */
    private String redacted() {
        String code = errorCode();
        String message = message();
        return "HTTP " + httpResponse.status()
                + (code.isEmpty() ? "" : ", " + SecretRedactor.redact(code, secret))
                + (message.isEmpty() ? "" : ": " + SecretRedactor.redact(message, secret));
    }

    /**
     * Computes a duration, so that the clock of the server does not matter: {@code exp} is compared with {@code iat} or
     * with the {@code Date} of the same server. Returns the shorter one of the response and the JWT, because services
     * use the JWT to validate the token.
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

    /** A value much longer than a day is taken as milliseconds: at worst, the token is renewed too early. */
    private static Duration seconds(long expiresIn) {
        long seconds = expiresIn < MIN_MILLISECONDS ? expiresIn : expiresIn / 1_000;
        return Duration.ofSeconds(Math.max(-1, Math.min(seconds, MAX_LIFETIME.toSeconds())));
    }

    private Instant serverNow() {
        Instant date = httpResponse.date();
        return date != null ? date : httpResponse.requestedAt();
    }

    /**
     * <a href="https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3">RFC 9110 section 10.2.3</a>: seconds or a date.
     */
    private Duration retryAfter() {
        String header = httpResponse.retryAfter();
        String value = header == null ? "" : header.trim();
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
