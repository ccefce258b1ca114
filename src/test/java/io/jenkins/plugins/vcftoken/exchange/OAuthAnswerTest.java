package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OAuthAnswerTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest
    @CsvSource({"3600, PT1H", "'\"1799\"', PT29M59S", "99999999999, P1D"})
    void expiresInCounts(String expiresIn, Duration lifetime) throws Exception {
        assertThat(granted("{\"access_token\":\"a.b.c\",\"expires_in\":" + expiresIn + "}")
                        .lifetime())
                .isEqualTo(lifetime);
    }

    @Test
    void aJwtTellsItsLifetimeWhateverTheServersClockSays() throws Exception {
        String jwt = jwt("{\"iat\":1000,\"exp\":4600}");
        Bearer bearer = granted("{\"access_token\":\"" + jwt + "\"}");
        assertThat(bearer.expiresAt()).isEqualTo(NOW.plusSeconds(3600));
    }

    @Test
    void withoutIatTheServersDateCounts() throws Exception {
        Instant serverNow = NOW.minusSeconds(7200);
        String jwt = jwt("{\"exp\":" + serverNow.plusSeconds(600).getEpochSecond() + "}");
        TokenClient.Answer answer =
                new TokenClient.Answer(200, "{\"access_token\":\"" + jwt + "\"}", NOW, serverNow, null, null);
        assertThat(new OAuthAnswer(answer, "s").grant().bearer().expiresAt()).isEqualTo(NOW.plusSeconds(600));
    }

    @Test
    void anOpaqueBearerGetsTheDefault() throws Exception {
        assertThat(granted("{\"access_token\":\"opaque\"}").lifetime()).isEqualTo(OAuthAnswer.DEFAULT_LIFETIME);
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
    void anUnusableBearerDoesNotCostTheRefreshTokenThatCameWithIt(String body) {
        ExchangeException.Unintelligible e =
                catchThrowableOfType(ExchangeException.Unintelligible.class, () -> granted(body));
        assertThat(e.refreshToken()).isEqualTo("next");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "42", "\"text\"", "{", "<html>", "{\"access_token\":"})
    void whatIsNoJsonObjectIsNotUnderstood(String body) {
        assertThat(catchThrowableOfType(ExchangeException.class, () -> granted(body)))
                .isInstanceOf(ExchangeException.Unintelligible.class)
                .hasNoCause();
    }

    @Test
    void understandsTheOlderErrorShape() {
        ExchangeException e =
                failure(400, "{\"minorErrorCode\":\"invalid_grant\",\"message\":\"Invalid refresh token\"}");
        assertThat(e.problem()).isEqualTo(Problem.SPENT_OR_REVOKED);
    }

    @Test
    void strikesOutTheTokenThatAServerQuotes() {
        String secret = "short-secret";
        ExchangeException e = failure(
                400,
                "{\"message\":\"invalid_grant: Invalid refresh token: " + secret + " or kGh7tRz2Qw8XyLm4Nb6VcPd1\"}");
        assertThat(e.detail()).isEqualTo("HTTP 400: invalid_grant: Invalid refresh token: **** or ****");
    }

    @Test
    void messagesAreOneShortLine() {
        ExchangeException e = failure(400, "{\"message\":\"a\\n\\u001b[31mred\\u202e " + "word ".repeat(100) + "\"}");
        assertThat(e.detail()).startsWith("HTTP 400: a [31mred word").hasSizeLessThan(230);
        assertThat(e.detail().chars().noneMatch(Character::isISOControl)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"7, PT7S", "'Thu, 01 Jan 2026 00:01:00 GMT', PT1M", "nonsense, PT10S", "999999999, PT1H"})
    void retryAfterIsHonouredWithinBounds(String retryAfter, Duration wait) {
        TokenClient.Answer answer = new TokenClient.Answer(429, "", NOW, null, retryAfter, null);
        ExchangeException.Throttled e = (ExchangeException.Throttled) new OAuthAnswer(answer, "test-secret").failure();
        assertThat(e.retryAfter()).isEqualTo(wait);
    }

    private static Bearer granted(String body) throws ExchangeException {
        return new OAuthAnswer(new TokenClient.Answer(200, body, NOW, null, null, null), "test-secret")
                .grant()
                .bearer();
    }

    private static ExchangeException failure(int status, String body) {
        return new OAuthAnswer(new TokenClient.Answer(status, body, NOW, null, null, null), "short-secret").failure();
    }

    private static String jwt(String claims) {
        return "e30."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".sig";
    }
}
