package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RetryPolicyTest {

    private static final TokenResponse RESPONSE =
            new TokenResponse(new AccessToken("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60)), null);
    private static final Throwable CAUSE = new IOException("text of a server");

    private final MutableClock clock = new MutableClock();
    private final List<Duration> delays = new ArrayList<>();
    private final Queue<TokenRequestException> failures = new ArrayDeque<>();
    private int requests;
    private int renewals;
    private Duration latency = Duration.ZERO;
    private boolean rotates;

    @Test
    void request_afterFailures_isRepeatedWithIncreasingDelays() throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        assertThat(retrying().requestToken("s")).isEqualTo(RESPONSE);
        assertThat(delays).containsExactly(Duration.ofMillis(500), Duration.ofSeconds(1));
    }

    @Test
    void request_afterThreeFailures_failsWithoutWarningAboutLostSecret() {
        for (int i = 0; i < 5; i++) {
            failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        }
        TokenRequestException e = failure();
        assertThat(e).isInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.NO_RESPONSE);
        assertThat(requests).isEqualTo(3);
    }

    @Test
    void request_afterAProbableRejection_isRepeatedOnce() {
        for (int i = 0; i < 5; i++) {
            failures.add(new TokenRequestException.OutcomeUnknown("HTTP 500", null)
                    .copy(TokenErrorType.API_TOKEN_REJECTED_OR_SERVER_ERROR, "HTTP 500", null));
        }
        assertThat(failure().errorType()).isEqualTo(TokenErrorType.API_TOKEN_REJECTED_OR_SERVER_ERROR);
        assertThat(requests).isEqualTo(2);
    }

    @Test
    void request_afterASlowFailure_isNotRepeated() {
        latency = Duration.ofSeconds(30);
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        failure();
        assertThat(requests).isEqualTo(1);
    }

    static List<Function<Duration, TokenRequestException>> failuresWithRetryAfter() {
        return List.of(
                delay -> new TokenRequestException.Throttled("HTTP 429", delay),
                delay -> new TokenRequestException.OutcomeUnknown("HTTP 503", null, delay));
    }

    @ParameterizedTest
    @MethodSource("failuresWithRetryAfter")
    void request_withRetryAfter_waitsAsRequestedWithinTheLimit(Function<Duration, TokenRequestException> failure)
            throws Exception {
        failures.add(failure.apply(Duration.ofSeconds(4)));
        retrying().requestToken("s");
        assertThat(delays).containsExactly(Duration.ofMillis(4500));
        failures.add(failure.apply(Duration.ofMinutes(10)));
        failure();
        assertThat(requests).isEqualTo(3);
    }

    @Test
    void request_afterARejectionOrAnInvalidResponse_isNotRepeated() {
        for (TokenRequestException e : List.of(
                new TokenRequestException.Rejected(TokenErrorType.WRONG_SECRET, "HTTP 401"),
                new TokenRequestException.Rejected(TokenErrorType.REJECTED, "HTTP 400"),
                new TokenRequestException.InvalidResponse("HTML", null),
                new TokenRequestException.NotSent(TokenErrorType.NOT_TRUSTED, "certificate", null))) {
            failures.add(e);
            requests = 0;
            failure();
            assertThat(requests).isEqualTo(1);
        }
    }

    @Test
    void refreshSession_afterTwoLostResponses_sendsTheSecret() throws Exception {
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 500", null));
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        assertThat(retrying().refreshSession("s", "session")).isEqualTo(RESPONSE);
        assertThat(renewals).isEqualTo(2);
        assertThat(requests).isEqualTo(3);
    }

    @Test
    void refreshSession_thatWasNotSent_isRepeatedWithTheSession() throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ZERO));
        assertThat(retrying().refreshSession("s", "session")).isEqualTo(RESPONSE);
        assertThat(renewals).isEqualTo(3);
        assertThat(requests).isEqualTo(3);
    }

    @Test
    void request_withASecretThatRotates_isNotRepeated() {
        rotates = true;
        for (TokenClient decorated : List.of(policy().decorate(client), policy().decorateWithoutServerText(client))) {
            assertThat(decorated).isSameAs(client);
        }
        failures.add(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        failure();
        assertThat(requests).isEqualTo(1);
    }

    @Test
    void request_interruptedDuringDelay_failsAndStaysInterrupted() {
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        RetryPolicy interrupted = new RetryPolicy(
                clock,
                delay -> {
                    throw new InterruptedException();
                },
                () -> 0);
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> interrupted.decorate(client).requestToken("s"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(e.errorType()).isEqualTo(TokenErrorType.NO_RESPONSE);
        assertThat(requests).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"0, PT0.5S, PT1S", "0.5, PT0.75S, PT1.5S", "0.998, PT0.999S, PT1.998S"})
    void delays_haveJitter(double random, Duration first, Duration second) throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        new RetryPolicy(clock, delays::add, () -> random).decorate(client).requestToken("s");
        assertThat(delays).containsExactly(first, second);
    }

    /** The delay of ten seconds includes a jitter of half a second. */
    @ParameterizedTest
    @CsvSource({"9500, 2", "9501, 1"})
    void request_withRetryAfter_waitsTenSecondsAtMost(long millis, int expected) {
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ofMillis(millis)));
        failure();
        assertThat(requests).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"PT19.5S, 2", "PT19.501S, 1"})
    void request_isRepeatedWithinTwentySecondsOnly(Duration requestTime, int expected) {
        latency = requestTime;
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        failure();
        assertThat(requests).isEqualTo(expected);
    }

    static List<TokenRequestException> failuresWithServerText() {
        return List.of(
                new TokenRequestException.Rejected(TokenErrorType.WRONG_SECRET, "HTTP 401, CODE: text of a server"),
                new TokenRequestException.Throttled("HTTP 429: text of a server", Duration.ofSeconds(17)),
                new TokenRequestException.OutcomeUnknown("HTTP 502: text of a server", CAUSE),
                new TokenRequestException.InvalidResponse("HTTP 200 text of a server", "rescued"),
                new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "HTTP 407 text of a server", CAUSE));
    }

    @ParameterizedTest
    @MethodSource("failuresWithServerText")
    void withoutServerText_eachCallFailsWithStatusOnly(TokenRequestException failure) {
        TokenClient decorated = policy().decorateWithoutServerText(client);
        for (Call call : List.<Call>of(
                () -> decorated.requestToken("s"),
                () -> decorated.refreshSession("s", "session"),
                () -> decorated.secretExpiry("s", RESPONSE.accessToken()))) {
            failures.clear();
            failures.addAll(List.of(failure, failure, failure));
            TokenRequestException redacted = catchThrowableOfType(TokenRequestException.class, call::run);
            assertThat(redacted).isExactlyInstanceOf(failure.getClass()).hasNoCause();
            assertThat(redacted.errorType()).isEqualTo(failure.errorType().forNonRotatingSecret());
            assertThat(redacted.detail()).isEqualTo(failure.detail().substring(0, 8));
            assertThat(redacted.getMessage())
                    .isEqualTo(redacted.errorType().explanation() + " (" + redacted.detail() + ")");
            assertThat(redacted.retryAfter()).isEqualTo(failure.retryAfter());
            if (redacted instanceof TokenRequestException.InvalidResponse invalid) {
                assertThat(invalid.refreshToken()).isEqualTo("rescued");
            }
        }
    }

    @Test
    void withoutServerText_failureWithoutResponse_isUnchanged() {
        TokenRequestException.NotSent failure = new TokenRequestException.NotSent(
                TokenErrorType.UNREACHABLE, "POST https://host: ConnectException", CAUSE);
        failures.addAll(List.of(failure, failure, failure));
        TokenClient decorated = policy().decorateWithoutServerText(client);
        assertThat(catchThrowableOfType(TokenRequestException.class, () -> decorated.requestToken("s")))
                .isSameAs(failure);
    }

    @ParameterizedTest
    @MethodSource("failuresWithServerText")
    void forNonRotatingSecret_changesErrorOnly(TokenRequestException failure) {
        TokenRequestException converted = failure.forNonRotatingSecret();
        assertThat(converted).isExactlyInstanceOf(failure.getClass()).hasCause(failure.getCause());
        assertThat(converted.detail()).isEqualTo(failure.detail());
        assertThat(converted.retryAfter()).isEqualTo(failure.retryAfter());
        assertThat(converted.errorType()).isEqualTo(failure.errorType().forNonRotatingSecret());
        assertThat(converted.errorType().explanation()).doesNotContain("rotated away");
        if (converted instanceof TokenRequestException.InvalidResponse invalid) {
            assertThat(invalid.refreshToken()).isEqualTo("rescued");
        }
    }

    @Test
    void decoratedClient_delegates() throws Exception {
        for (TokenClient decorated : List.of(retrying(), policy().decorateWithoutServerText(client))) {
            assertThat(decorated.account()).isEqualTo(client.account());
            assertThat(decorated.rotates()).isFalse();
            assertThat(decorated.needsSecret()).isFalse();
            assertThat(decorated.requestToken("s")).isSameAs(RESPONSE);
            assertThat(decorated.refreshSession("s", "session")).isSameAs(RESPONSE);
            assertThat(decorated.secretExpiry("s", null)).isEqualTo(Instant.EPOCH);
            assertThat(decorated.expiryNeedsAccessToken()).isTrue();
            assertThat(decorated.secretExpiry("s", RESPONSE.accessToken())).isEqualTo(Instant.MAX);
            assertThat(decorated.warning(RESPONSE.accessToken())).isEqualTo("warning");
        }
    }

    private interface Call {
        Object run() throws TokenRequestException;
    }

    private RetryPolicy policy() {
        return new RetryPolicy(clock, delays::add, () -> 0);
    }

    private TokenClient retrying() {
        return policy().decorate(client);
    }

    private TokenRequestException failure() {
        return catchThrowableOfType(
                TokenRequestException.class, () -> retrying().requestToken("s"));
    }

    private final TokenClient client = new TokenClient() {
        @Override
        public Account account() {
            return new Account("system", URI.create("https://host"), "");
        }

        @Override
        public boolean rotates() {
            return rotates;
        }

        @Override
        public boolean needsSecret() {
            return false;
        }

        @Override
        public TokenResponse requestToken(String secret) throws TokenRequestException {
            requests++;
            clock.advance(latency);
            TokenRequestException failure = failures.poll();
            if (failure != null) {
                throw failure;
            }
            return RESPONSE;
        }

        @Override
        public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
            renewals++;
            return requestToken(secret);
        }

        @Override
        public Instant secretExpiry(String secret, AccessToken accessToken) throws TokenRequestException {
            requestToken(secret);
            return accessToken == null ? Instant.EPOCH : Instant.MAX;
        }

        @Override
        public boolean expiryNeedsAccessToken() {
            return true;
        }

        @Override
        public String warning(AccessToken accessToken) {
            return "warning";
        }
    };
}
