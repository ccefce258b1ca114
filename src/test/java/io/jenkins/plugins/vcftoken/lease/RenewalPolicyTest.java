package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RenewalPolicyTest {

    private static final Instant ISSUED = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "0,    PT1000S, PT0S,    PT750S",
        "0.5,  PT1000S, PT0S,    PT725S",
        "1,    PT1000S, PT0S,    PT700S",
        "0,    PT1000S, PT500S,  PT250S",
        "0,    PT1000S, PT749S,  PT1S",
        "0,    PT1000S, PT749.5S, PT0.5S",
        "0,    PT1000S, PT749.6S, PT0.5S",
        "0,    PT1000S, PT2000S, PT0.5S",
        "0,    PT0.4S,  PT0S,    PT0.5S"
    })
    void pause_isThreeQuartersOfTheLifetimeMinusJitter(double random, Duration lifetime, Duration age, Duration pause) {
        AccessToken accessToken = new AccessToken("b", ISSUED, ISSUED.plus(lifetime));
        assertThat(new RenewalPolicy(() -> random).pause(accessToken, ISSUED.plus(age)))
                .isEqualTo(pause);
    }

    @ParameterizedTest
    @CsvSource({
        "PT1H,   PT1M",
        "PT3M3S, PT1M",
        "PT3M,   PT1M",
        "PT2M57S, PT59S",
        "PT3S,   PT1S",
        "PT1S,   PT0.5S",
        "PT0S,   PT0.5S",
        "PT-3S,  PT1M"
    })
    void pauseAfterFailure_isAThirdOfTheRemainingTime(Duration remaining, Duration pause) {
        AccessToken accessToken = new AccessToken("b", ISSUED, ISSUED.plusSeconds(3600));
        Instant now = accessToken.expiresAt().minus(remaining);
        assertThat(new RenewalPolicy(() -> 0).pauseAfterFailure(accessToken, now, null))
                .isEqualTo(pause);
    }

    @ParameterizedTest
    @CsvSource({
        "PT45S, PT30S, PT30S",
        "PT-3S, PT7S,  PT7S",
        "PT10M, PT9M,  PT1M",
        "PT45S, PT0S,  PT15S",
        "PT-3S, PT-1S, PT1M",
        "PT45S, PT0.1S, PT0.5S"
    })
    void pauseAfterFailure_withAKnownNextRequest_lastsUntilIt(
            Duration remaining, Duration untilNextAllowed, Duration pause) {
        AccessToken accessToken = new AccessToken("b", ISSUED, ISSUED.plusSeconds(3600));
        Instant now = accessToken.expiresAt().minus(remaining);
        assertThat(new RenewalPolicy(() -> 0).pauseAfterFailure(accessToken, now, now.plus(untilNextAllowed)))
                .isEqualTo(pause);
    }
}
