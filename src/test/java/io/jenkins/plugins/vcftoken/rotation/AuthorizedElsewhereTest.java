package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A token in doubt, of which a new authorization has made a former one without the asker knowing. */
class AuthorizedElsewhereTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    private String initialToken;

    @BeforeEach
    void start() throws Exception {
        initialToken = simulator.addAccount("ci", "acme");
    }

    /** Two controllers on one home directory, and the account is authorized again at one of them. */
    @Test
    void theOtherControllerFollowsAnAuthorization() throws Exception {
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(handleOf(core, "ci"), ANY))
                    .hasMessageContaining("may have rotated");
            CredentialHandle there = handleOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(there, ANY)).hasMessageContaining("may have rotated");
            authorize(core.families, there);
            assertThat(other.families.await(there, ANY).error()).isNull();
            assertThat(simulator.mostReceived()).isEqualTo(1);
        }
    }

    /** The same, where the family of before has another place still. */
    @Test
    void authorizationOfOneOfTwoLocations_isFollowedByTheOtherController() throws Exception {
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            core.families.await(handleOf(core, "ci"), ANY);
            initialToken = simulator.currentToken("ci");
            core.families.await(handleOf(core, "twin"), ANY);
            clock.advance(Duration.ofHours(2));
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(handleOf(core, "ci"), ANY));
            CredentialHandle there = handleOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(there, ANY));
            authorize(core.families, there);
            assertThat(other.families.await(there, ANY).error()).isNull();
            assertThatThrownBy(() -> other.families.await(handleOf(other, "twin"), ANY))
                    .hasMessageContaining("may have rotated");
            assertThat(simulator.mostReceived()).isEqualTo(1);
        }
    }

    /** The first one tried in vain, and what it remembers of that is out of date. */
    @Test
    void aTokenThatTheOtherControllerHasRotatedIsNotSentForAnotherOrganization() throws Exception {
        TokenEndpointClient unreachable = new TestClient(core.service("acme").account(), secret -> {
            throw new TokenRequestException.NotSent(TokenError.UNREACHABLE, "no route", null);
        });
        assertThatThrownBy(() -> core.families.await(core.handle("ci", unreachable, initialToken), ANY))
                .hasMessageContaining("no route");
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            other.families.await(handleOf(other, "ci"), ANY);
        }
        assertThatThrownBy(() -> core.families.await(core.handle("ci", core.service("globex"), initialToken), ANY))
                .hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void anAuthorizationWhileAnotherOneWaitsForTheLock() throws Exception {
        InterceptingLedger hooked = new InterceptingLedger(core.ledger);
        TokenManager families = TestTokenService.manager(hooked, clock);
        CredentialHandle handle = handleOf(core, "ci");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> families.await(handle, ANY)).hasMessageContaining("may have rotated");
        hooked.lock = id -> {
            hooked.lock = same -> {};
            authorize(families, handle);
        };
        assertThat(families.await(handle, ANY).error()).isNull();
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    private CredentialHandle handleOf(TestTokenService controller, String name) {
        return controller.handle(name, controller.service("acme"), initialToken);
    }

    private void authorize(TokenManager families, CredentialHandle handle) throws IOException, InterruptedException {
        families.administration()
                .authorized(
                        handle.client().account(), handle.location(), initialToken, simulator.reauthorize("ci"), null);
    }
}
