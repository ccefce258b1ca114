package io.jenkins.plugins.vcftoken.exchange;

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

class RetriesTest {

    private static final Grant GRANT = new Grant(new Bearer("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60)), null);

    private final MutableClock clock = new MutableClock();
    private final List<Duration> pauses = new ArrayList<>();
    private final Queue<ExchangeException> failures = new ArrayDeque<>();
    private int asked;
    private int renewed;
    private Duration latency = Duration.ZERO;
    private boolean rotates;

    @Test
    void asksAgainWithGrowingPauses() throws Exception {
        failures.add(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        failures.add(new ExchangeException.OutcomeUnknown("HTTP 502", null));
        assertThat(service().exchange("s")).isEqualTo(GRANT);
        assertThat(pauses).containsExactly(Duration.ofMillis(500), Duration.ofSeconds(1));
    }

    @Test
    void givesUpAfterThreeAndDoesNotAlarm() {
        for (int i = 0; i < 5; i++) {
            failures.add(new ExchangeException.OutcomeUnknown("HTTP 502", null));
        }
        ExchangeException e =
                catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(e).isInstanceOf(ExchangeException.OutcomeUnknown.class);
        assertThat(e.problem()).isEqualTo(Problem.NO_ANSWER);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void beginsNothingLate() {
        latency = Duration.ofSeconds(30);
        failures.add(new ExchangeException.OutcomeUnknown("timeout", null));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void waitsAsLongAsAskedToWithinReason() throws Exception {
        failures.add(new ExchangeException.Throttled("HTTP 429", Duration.ofSeconds(4)));
        service().exchange("s");
        assertThat(pauses).containsExactly(Duration.ofMillis(4500));
        failures.add(new ExchangeException.Throttled("HTTP 429", Duration.ofMinutes(10)));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void waitsForAnUnavailableServerAsLongAsItAsksTo() throws Exception {
        failures.add(new ExchangeException.OutcomeUnknown("HTTP 503", null, Duration.ofSeconds(4)));
        service().exchange("s");
        assertThat(pauses).containsExactly(Duration.ofMillis(4500));
        failures.add(new ExchangeException.OutcomeUnknown("HTTP 503", null, Duration.ofMinutes(10)));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void takesNoForAnAnswer() {
        for (ExchangeException e : List.of(
                new ExchangeException.Refused(Problem.WRONG_SECRET, "HTTP 401"),
                new ExchangeException.Refused(Problem.REJECTED, "HTTP 400"),
                new ExchangeException.Unintelligible("HTML", null),
                new ExchangeException.NotSent(Problem.NOT_TRUSTED, "certificate", null))) {
            failures.add(e);
            asked = 0;
            catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
            assertThat(asked).isEqualTo(1);
        }
    }

    @Test
    void renewsASessionTwiceAtMost_andThenSendsTheSecret() throws Exception {
        failures.add(new ExchangeException.OutcomeUnknown("HTTP 500", null));
        failures.add(new ExchangeException.OutcomeUnknown("timeout", null));
        assertThat(service().renew("s", "session")).isEqualTo(GRANT);
        assertThat(renewed).isEqualTo(2);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void keepsASessionThatTheServerNeverSaw() throws Exception {
        failures.add(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        failures.add(new ExchangeException.Throttled("HTTP 429", Duration.ZERO));
        assertThat(service().renew("s", "session")).isEqualTo(GRANT);
        assertThat(renewed).isEqualTo(3);
        assertThat(asked).isEqualTo(3);
    }

    @Test
    void leavesWhatRotatesAlone() {
        rotates = true;
        failures.add(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(1);
    }

    @Test
    void whoIsInterruptedWhileItWaitsStaysInterruptedAndIsToldWhatHappened() {
        failures.add(new ExchangeException.OutcomeUnknown("HTTP 502", null));
        Retries retries = new Retries(
                clock,
                pause -> {
                    throw new InterruptedException();
                },
                () -> 0);
        ExchangeException e = catchThrowableOfType(
                ExchangeException.class, () -> retries.of(service).exchange("s"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(e.problem()).isEqualTo(Problem.NO_ANSWER);
        assertThat(asked).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"0, PT0.5S, PT1S", "0.5, PT0.75S, PT1.5S", "0.998, PT0.999S, PT1.998S"})
    void thoseWhoFailedTogetherDoNotComeBackTogether(double random, Duration first, Duration second) throws Exception {
        failures.add(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        failures.add(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        new Retries(clock, pauses::add, () -> random).of(service).exchange("s");
        assertThat(pauses).containsExactly(first, second);
    }

    /** Ten seconds, of which half a second is the jitter; then whoever renews comes back by itself. */
    @ParameterizedTest
    @CsvSource({"9500, 2", "9501, 1"})
    void aServerIsWaitedForTenSecondsAtMost(long millis, int asks) {
        failures.add(new ExchangeException.Throttled("HTTP 429", Duration.ofMillis(millis)));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(asks);
    }

    @ParameterizedTest
    @CsvSource({"PT19.5S, 2", "PT19.501S, 1"})
    void noTryBeginsTwentySecondsAfterTheFirst(Duration took, int asks) {
        latency = took;
        failures.add(new ExchangeException.OutcomeUnknown("timeout", null));
        catchThrowableOfType(ExchangeException.class, () -> service().exchange("s"));
        assertThat(asked).isEqualTo(asks);
    }

    private TokenService service() {
        return new Retries(clock, pauses::add, () -> 0).of(service);
    }

    private final TokenService service = new TokenService() {
        @Override
        public Endpoint endpoint() {
            return new Endpoint("system", URI.create("https://host"), "");
        }

        @Override
        public boolean rotates() {
            return rotates;
        }

        @Override
        public Grant exchange(String secret) throws ExchangeException {
            asked++;
            clock.advance(latency);
            ExchangeException failure = failures.poll();
            if (failure != null) {
                throw failure;
            }
            return GRANT;
        }

        @Override
        public Grant renew(String secret, String session) throws ExchangeException {
            renewed++;
            return exchange(secret);
        }
    };
}
