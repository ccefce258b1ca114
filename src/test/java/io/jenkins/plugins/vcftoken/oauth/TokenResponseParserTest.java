package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.LongNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenResponseParserTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "3600, PT1H",
        "1, PT1S",
        "'\"1799\"', PT29M59S",
        "'\"1 h\"', PT30M",
        "'\"\"', PT30M",
        "null, PT30M",
        "86400, P1D",
        "86401, P1D",
        "299999, P1D",
        // Milliseconds
        "300000, PT5M",
        "3600000, PT1H",
        "'\"1800000\"', PT30M",
        "86400001, P1D",
        "99999999999, P1D"
    })
    void expiresIn_isLifetime(String expiresIn, Duration lifetime) throws Exception {
        assertThat(parse("{\"access_token\":\"a.b.c\",\"expires_in\":" + expiresIn + "}")
                        .lifetime())
                .isEqualTo(lifetime);
    }

    @Test
    void jwtLifetime_isIndependentOfServerClock() throws Exception {
        String jwt = UnsignedJwt.of("{\"iat\":1000,\"exp\":4600}");
        AccessToken accessToken = parse("{\"access_token\":\"" + jwt + "\"}");
        assertThat(accessToken.expiresAt()).isEqualTo(NOW.plusSeconds(3600));
    }

    @ParameterizedTest
    @CsvSource({
        "3600, 1000, 2800, PT30M",
        "1800, 1000, 4600, PT30M",
        "3600, , 1767226500, PT1H",
        "3600000, 1000, 2800, PT30M",
        "null, 1767225600000, 1767229200000, PT1H",
        "null, 1767225600, 1767229200000, PT1H",
        "86400, 1767225600000, 1767229200000, PT1H"
    })
    void lifetime_isTheShorterOneOfResponseAndJwt(String expiresIn, String issued, String expires, Duration lifetime)
            throws Exception {
        String jwt =
                UnsignedJwt.of("{" + (issued == null ? "" : "\"iat\":" + issued + ",") + "\"exp\":" + expires + "}");
        assertThat(parse("{\"access_token\":\"" + jwt + "\",\"expires_in\":" + expiresIn + "}")
                        .lifetime())
                .isEqualTo(lifetime);
    }

    @Test
    void jwtLifetime_isLimitedToOneDay() throws Exception {
        assertThat(parse("{\"access_token\":\"" + UnsignedJwt.of("{\"iat\":1000,\"exp\":87401}") + "\"}")
                        .lifetime())
                .isEqualTo(TokenResponseParser.MAX_LIFETIME);
    }

    @Test
    void retryAfterDate_isComparedWithDateOfResponse() {
        assertThat(parser(503, "", NOW.minusSeconds(7200), "Wed, 31 Dec 2025 22:00:30 GMT")
                        .failure()
                        .retryAfter())
                .isEqualTo(Duration.ofSeconds(30));
    }

    /** With 503, a gateway may respond after its server has processed the request; with 429, before that. */
    @ParameterizedTest
    @CsvSource({"7, PT7S", "0, PT0S", ", PT0S", "nonsense, PT10S", "999999999, PT1H"})
    void failure_withStatus503_isOutcomeUnknownWithRetryAfter(String retryAfter, Duration expected) {
        TokenRequestException e = parser(503, "", null, retryAfter).failure();
        assertThat(e).isExactlyInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(e.retryAfter()).isEqualTo(expected);
        assertThat(e.forNonRotatingSecret().retryAfter()).isEqualTo(expected);
        assertThat(e.withoutServerText().retryAfter()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 500, 502, 504})
    void failure_withOtherStatus_ignoresRetryAfter(int status) {
        assertThat(parser(status, "", null, "7").failure().retryAfter()).isEqualTo(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer", "bearer", "BEARER"})
    void tokenType_isCaseInsensitive(String type) throws Exception {
        assertThat(parse("{\"access_token\":\"a\",\"token_type\":\"" + type + "\"}")
                        .value())
                .isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_grant, REFRESH_TOKEN_REJECTED",
        "401, invalid_grant, REFRESH_TOKEN_REJECTED",
        "401, '', FORBIDDEN",
        "403, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "405, '', TOKEN_ENDPOINT_NOT_FOUND",
        "400, invalid_request, REJECTED",
        "410, '', REJECTED"
    })
    void rejection_isClassified(int status, String code, TokenErrorType errorType) {
        TokenRequestException e = failure(status, "{\"error\":\"" + code + "\"}");
        assertThat(e).isInstanceOf(TokenRequestException.Rejected.class);
        assertThat(e.errorType()).isEqualTo(errorType);
    }

    /** A rejection is final if the same secret cannot succeed later, or may lock the account. */
    @ParameterizedTest
    @EnumSource(TokenErrorType.class)
    void rejection_ofWrongSecret_isFinal(TokenErrorType errorType) {
        assertThat(new TokenRequestException.Rejected(errorType, "HTTP 400").isFinal())
                .isEqualTo(Set.of(
                                TokenErrorType.REFRESH_TOKEN_REJECTED,
                                TokenErrorType.API_TOKEN_REJECTED,
                                TokenErrorType.WRONG_SECRET,
                                TokenErrorType.PASSWORD_NOT_ACCEPTED,
                                TokenErrorType.LOCKED_OUT)
                        .contains(errorType));
    }

    /** IDs and names that identify the request in the server log are kept. */
    @ParameterizedTest
    @CsvSource({
        "12345678-1234-1234-1234-123456789abc, 12345678-1234-1234-1234-123456789abc",
        "IDENTITY_UNAUTHORIZED_ENTITY_FOUND, IDENTITY_UNAUTHORIZED_ENTITY_FOUND",
        "kGh7tRz2Qw8XyLm4Nb6VcPd, kGh7tRz2Qw8XyLm4Nb6VcPd",
        "kGh7tRz2Qw8XyLm4Nb6VcPd1, ****",
        "12345678-1234-1234-1234-123456789abcdef0, ****",
        "IDENTITYUNAUTHORIZEDENTITYFOUND, ****",
        "sun.security.provider.certpath.SunCertPathBuilderException, sun.security.provider.certpath.SunCertPathBuilderException",
        "java.security.cert.CertificateNotYetValidException, java.security.cert.CertificateNotYetValidException",
        "javax.net.ssl.SSLPeerUnverifiedException, javax.net.ssl.SSLPeerUnverifiedException",
        "SunCertPathBuilderFailureException, ****",
        "kGh7tRz2Qw8XyLm4Nb6VcPd1.cert.SomeException, ****",
        "sun.security.provider.certpath.kGh7tRz2Qw8XyLm4Nb6VcPd1, ****"
    })
    void redact_removesTokensAndKeepsNames(String word, String shown) {
        assertThat(SecretRedactor.redact("x " + word + " y", "")).isEqualTo("x " + shown + " y");
    }

    @Test
    void redact_keepsCertificateError() {
        String text = "(certificate_unknown) PKIX path building failed: "
                + "sun.security.provider.certpath.SunCertPathBuilderException: "
                + "unable to find valid certification path to requested target";
        assertThat(SecretRedactor.redact(text, "")).isEqualTo(text);
    }

    /** URLs are kept, because they identify the server that sent a redirect or did not respond. */
    @ParameterizedTest
    @CsvSource({
        "https://vcf.lab.example.com:8443/tm/login/tenant/acme, https://vcf.lab.example.com:8443/tm/login/tenant/acme",
        "http://automation.example.com/, http://automation.example.com/",
        "https://vcf.example.com/t/kGh7tRz2Qw8XyLm4Nb6VcPd1/x, https://vcf.example.com/t/****/x",
        "https://kGh7tRz2Qw8XyLm4Nb6VcPd1.example.com/x, https://****.example.com/x",
        "https://vcf.example.com/t?token=kGh7tRz2Qw8XyLm4Nb6VcPd1, https://vcf.example.com/t?****",
        "//vcf.lab.example.com/tm/login/tenant, ****"
    })
    void redact_keepsUrlsWithoutTokens(String address, String shown) {
        assertThat(SecretRedactor.redact("to " + address + " now", "")).isEqualTo("to " + shown + " now");
    }

    @Test
    void redact_limitsLength() {
        String text = "word ".repeat(39) + "tail!";
        assertThat(SecretRedactor.redact(text, "")).isEqualTo(text).hasSize(200);
        assertThat(SecretRedactor.redact(text + "!", "")).isEqualTo(text + "…");
    }

    @Test
    void jwtLifetime_withoutIat_startsAtDateOfResponse() throws Exception {
        Instant serverNow = NOW.minusSeconds(7200);
        String jwt = UnsignedJwt.of("{\"exp\":" + serverNow.plusSeconds(600).getEpochSecond() + "}");
        assertThat(parser(200, "{\"access_token\":\"" + jwt + "\"}", serverNow, null)
                        .response()
                        .accessToken()
                        .expiresAt())
                .isEqualTo(NOW.plusSeconds(600));
    }

    @Test
    void opaqueAccessToken_hasDefaultLifetime() throws Exception {
        assertThat(parse("{\"access_token\":\"opaque\"}").lifetime()).isEqualTo(TokenResponseParser.DEFAULT_LIFETIME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"access_token\":\"a b\",\"refresh_token\":\"next\"}",
                "{\"access_token\":\"a\\nb\",\"refresh_token\":\"next\"}",
                "{\"access_token\":\"a\\u001b[31m\",\"refresh_token\":\"next\"}",
                "{\"access_token\":\"$(id)\",\"refresh_token\":\"next\"}",
                "{\"access_token\":\"a\",\"expires_in\":0,\"refresh_token\":\"next\"}",
                "{\"access_token\":\"a\",\"expires_in\":-5,\"refresh_token\":\"next\"}",
                "{\"access_token\":\"a\",\"token_type\":\"mac\",\"refresh_token\":\"next\"}",
                "{\"access_token\":7,\"refresh_token\":\"next\"}",
                "{\"refresh_token\":\"next\"}"
            })
    void invalidAccessToken_keepsRefreshToken(String body) {
        TokenRequestException.InvalidResponse e =
                catchThrowableOfType(TokenRequestException.InvalidResponse.class, () -> parse(body));
        assertThat(e.refreshToken()).isEqualTo("next");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "42", "\"text\"", "{", "<html>", "{\"access_token\":"})
    void response_thatIsNotAJsonObject_isInvalid(String body) {
        assertThat(catchThrowableOfType(TokenRequestException.class, () -> parse(body)))
                .isInstanceOf(TokenRequestException.InvalidResponse.class)
                .hasNoCause();
    }

    @Test
    void failure_withOlderErrorFormat_isClassified() {
        TokenRequestException e =
                failure(400, "{\"minorErrorCode\":\"invalid_grant\",\"message\":\"Invalid refresh token\"}");
        assertThat(e.errorType()).isEqualTo(TokenErrorType.REFRESH_TOKEN_REJECTED);
    }

    @Test
    void failure_withTokenInMessage_isRedacted() {
        String secret = "short-secret";
        TokenRequestException e = failure(
                400,
                "{\"message\":\"invalid_grant: Invalid refresh token: " + secret + " or kGh7tRz2Qw8XyLm4Nb6VcPd1\"}");
        assertThat(e.detail()).isEqualTo("HTTP 400: invalid_grant: Invalid refresh token: **** or ****");
    }

    @Test
    void failure_hasOneShortLine() {
        TokenRequestException e =
                failure(400, "{\"message\":\"a\\n\\u001b[31mred\\u202e " + "word ".repeat(100) + "\"}");
        assertThat(e.detail()).startsWith("HTTP 400: a [31mred word").hasSizeLessThan(230);
        assertThat(e.detail().chars().noneMatch(Character::isISOControl)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "7, PT7S",
        "' 7 ', PT7S",
        "0, PT0S",
        "'Thu, 01 Jan 2026 00:01:00 GMT', PT1M",
        "'Wed, 31 Dec 2025 23:59:00 GMT', PT0S",
        "'Thu, 01 Jan 2026 02:00:00 GMT', PT1H",
        "3601, PT1H",
        "9999999999, PT10S",
        "nonsense, PT10S",
        ", PT10S",
        "999999999, PT1H"
    })
    void retryAfter_isLimited(String retryAfter, Duration expected) {
        TokenRequestException e = parser(429, "", null, retryAfter).failure();
        assertThat(e).isExactlyInstanceOf(TokenRequestException.Throttled.class);
        assertThat(e.retryAfter()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 1, Long.MIN_VALUE})
    void accessTokenUntil_inThePast_isInvalid(long expiresAt) {
        assertThat(catchThrowableOfType(
                                TokenRequestException.InvalidResponse.class,
                                () -> parser(200, "", NOW, null).accessTokenUntil("t", LongNode.valueOf(expiresAt)))
                        .detail())
                .contains("expired already");
    }

    private static AccessToken parse(String body) throws TokenRequestException {
        return parser(200, body, null, null).response().accessToken();
    }

    private static TokenRequestException failure(int status, String body) {
        return parser(status, body, null, null).failure();
    }

    private static TokenResponseParser parser(int status, String body, Instant date, String retryAfter) {
        return new TokenResponseParser(
                new AtMostOnceHttpClient.HttpResponse(status, body, NOW, date, retryAfter, null, null),
                "short-secret",
                VcfaTokenClient::classify);
    }
}
