package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryPolicyTest {

    private static final TokenResponse GRANT =
            new TokenResponse(new AccessToken("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60)), null);

    private final MutableClock clock = new MutableClock();
    private final List<Duration> pauses = new ArrayList<>();
    private final Queue<TokenRequestException> failures = new ArrayDeque<>();
    private int asked;
    private int renewed;
    private Duration latency = Duration.ZERO;
    private boolean rotates;

    @Test
    void asksAgainWithGrowingPauses() throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenError.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        assertThat(service().requestToken("s")).isEqualTo(GRANT);
        assertThat(pauses).containsExactly(Duration.ofMillis(500), Duration.ofSeconds(1));
    }

    @Test
    void givesUpAfterThreeAndDoesNotAlarm() {
        for (int i = 0; i < 5; i++) {
            failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        }
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(e).isInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(e.tokenError()).isEqualTo(TokenError.NO_ANSWER);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void beginsNothingLate() {
        latency = Duration.ofSeconds(30);
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void waitsAsLongAsAskedToWithinReason() throws Exception {
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ofSeconds(4)));
        service().requestToken("s");
        assertThat(pauses).containsExactly(Duration.ofMillis(4500));
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ofMinutes(10)));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void waitsForAnUnavailableServerAsLongAsItAsksTo() throws Exception {
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 503", null, Duration.ofSeconds(4)));
        service().requestToken("s");
        assertThat(pauses).containsExactly(Duration.ofMillis(4500));
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 503", null, Duration.ofMinutes(10)));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void takesNoForAnAnswer() {
        for (TokenRequestException e : List.of(
                new TokenRequestException.Rejected(TokenError.WRONG_SECRET, "HTTP 401"),
                new TokenRequestException.Rejected(TokenError.REJECTED, "HTTP 400"),
                new TokenRequestException.InvalidResponse("HTML", null),
                new TokenRequestException.NotSent(TokenError.NOT_TRUSTED, "certificate", null))) {
            failures.add(e);
            asked = 0;
            catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
            assertThat(asked).isEqualTo(1);
        }
    }

    @Test
    void renewsASessionTwiceAtMost_andThenSendsTheSecret() throws Exception {
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 500", null));
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        assertThat(service().refreshSession("s", "session")).isEqualTo(GRANT);
        assertThat(renewed).isEqualTo(2);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void keepsASessionThatTheServerNeverSaw() throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenError.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ZERO));
        assertThat(service().refreshSession("s", "session")).isEqualTo(GRANT);
        assertThat(renewed).isEqualTo(3);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void leavesWhatRotatesAlone() {
        rotates = true;
        failures.add(new TokenRequestException.NotSent(TokenError.UNREACHABLE, "refused", null));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void whoIsInterruptedWhileItWaitsStaysInterruptedAndIsToldWhatHappened() {
        failures.add(new TokenRequestException.OutcomeUnknown("HTTP 502", null));
        RetryPolicy retries = new RetryPolicy(
                clock,
                pause -> {
                    throw new InterruptedException();
                },
                () -> 0);
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> retries.of(service).requestToken("s"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(e.tokenError()).isEqualTo(TokenError.NO_ANSWER);
        assertThat(asked).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"0, PT0.5S, PT1S", "0.5, PT0.75S, PT1.5S", "0.998, PT0.999S, PT1.998S"})
    void thoseWhoFailedTogetherDoNotComeBackTogether(double random, Duration first, Duration second) throws Exception {
        failures.add(new TokenRequestException.NotSent(TokenError.UNREACHABLE, "refused", null));
        failures.add(new TokenRequestException.NotSent(TokenError.UNREACHABLE, "refused", null));
        new RetryPolicy(clock, pauses::add, () -> random).of(service).requestToken("s");
        assertThat(pauses).containsExactly(first, second);
    }

    /** Ten seconds, of which half a second is the jitter; then whoever renews comes back by itself. */
    @ParameterizedTest
    @CsvSource({"9500, 2", "9501, 1"})
    void aServerIsWaitedForTenSecondsAtMost(long millis, int asks) {
        failures.add(new TokenRequestException.Throttled("HTTP 429", Duration.ofMillis(millis)));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(asks);
    }

    @ParameterizedTest
    @CsvSource({"PT19.5S, 2", "PT19.501S, 1"})
    void noTryBeginsTwentySecondsAfterTheFirst(Duration took, int asks) {
        latency = took;
        failures.add(new TokenRequestException.OutcomeUnknown("timeout", null));
        catchThrowableOfType(TokenRequestException.class, () -> service().requestToken("s"));
        assertThat(asked).isEqualTo(asks);
    }

    private TokenEndpointClient service() {
        return new RetryPolicy(clock, pauses::add, () -> 0).of(service);
    }

    private final TokenEndpointClient service = new TokenEndpointClient() {
        @Override
        public Account account() {
            return new Account("system", URI.create("https://host"), "");
        }

        @Override
        public boolean rotates() {
            return rotates;
        }

        @Override
        public TokenResponse requestToken(String secret) throws TokenRequestException {
            asked++;
            clock.advance(latency);
            TokenRequestException failure = failures.poll();
            if (failure != null) {
                throw failure;
            }
            return GRANT;
        }

        @Override
        public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
            renewed++;
            return requestToken(secret);
        }
    };
}
