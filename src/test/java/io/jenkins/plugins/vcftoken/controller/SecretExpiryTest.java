package io.jenkins.plugins.vcftoken.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is asked when a secret ends, and with what. */
class SecretExpiryTest {

    private static final Instant END = Instant.parse("2026-03-01T00:00:00Z");

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private Core core;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        core.close();
        simulator.close();
    }

    @Test
    void nothingIsSentForWantOfABearer() throws Exception {
        Holder holder = user("own");
        assertThat(expiry(holder)).isEqualTo(new SecretExpiry(false, null));
        assertThat(simulator.requests()).isZero();
        Bearer bearer = core.families.await(holder, any -> true).bearer();
        assertThat(core.families.atHand(holder)).isEqualTo(bearer);
        assertThat(expiry(holder)).isEqualTo(new SecretExpiry(true, END));
        assertThat(simulator.apiTokens().lists()).isEqualTo(1);
        clock.advance(Duration.ofHours(1));
        assertThat(expiry(holder)).isEqualTo(new SecretExpiry(false, null));
        assertThat(simulator.apiTokens().lists()).isEqualTo(1);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Wherever else the same token is stored, its bearer was bought by somebody else. */
    @Test
    void aBearerIsAtHandWhereItWasBoughtAlone() throws Exception {
        Holder holder = user("own");
        core.families.await(holder, any -> true);
        Holder copy =
                new Holder("copy", new Place("folder:x", "copy"), holder.token(), holder.service(), holder.keeper());
        assertThat(core.families.atHand(copy)).isNull();
        Holder elsewhere = core.holder("own", core.service("other"), holder.token());
        assertThat(core.families.atHand(elsewhere)).isNull();
    }

    @Test
    void aRotatedTokenStillLeadsToItsBearer() throws Exception {
        Holder before = core.holder("own", core.service("acme"), simulator.addAccount("ci", "acme"));
        core.families.await(before, any -> true);
        Holder after = core.holder("own", core.service("acme"), simulator.currentToken("ci"));
        assertThat(after.token()).isNotEqualTo(before.token());
        assertThat(core.families.atHand(after)).isNotNull();
        assertThat(expiry(after)).isEqualTo(new SecretExpiry(true, null));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void whoTellsWithoutABearerIsAskedWithout() throws Exception {
        simulator.cloudServices().addApiToken("api-token-of-csp", END);
        Holder holder = core.holder("csp", core.cspApiToken(), "api-token-of-csp");
        assertThat(expiry(holder)).isEqualTo(new SecretExpiry(true, END));
        assertThat(simulator.bearers()).isEmpty();
    }

    @Test
    void whereNoSecretIsStoredNoneEnds() throws Exception {
        assertThat(expiry(core.holder("empty", core.service("acme"), " "))).isEqualTo(new SecretExpiry(true, null));
    }

    private Holder user(String name) {
        return core.holder(name, core.service("acme"), simulator.apiTokens().addUser("ann", "acme", "client-id", END));
    }

    private SecretExpiry expiry(Holder holder) throws ExchangeException {
        return SecretExpiry.of(holder, () -> core.families.atHand(holder));
    }
}
