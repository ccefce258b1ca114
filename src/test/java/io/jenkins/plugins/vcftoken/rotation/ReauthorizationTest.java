package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Accounts that are authorized again while the outcome of a request is unknown, with two controllers on one home. */
class ReauthorizationTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    private String initialToken;

    @BeforeEach
    void start() throws Exception {
        initialToken = simulator.addAccount("ci", "acme");
    }

    @Test
    void reauthorization_byOneController_isUsedByTheOther() throws Exception {
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(handleOf(core, "ci"), ANY))
                    .hasMessageContaining("may have replaced");
            CredentialHandle otherHandle = handleOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(otherHandle, ANY)).hasMessageContaining("may have replaced");
            authorize(core.families, otherHandle);
            assertThat(other.families.await(otherHandle, ANY).error()).isNull();
            assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        }
    }

    @Test
    void reauthorization_ofOneOfTwoLocations_isUsedByTheOtherController() throws Exception {
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            core.families.await(handleOf(core, "ci"), ANY);
            initialToken = simulator.currentToken("ci");
            core.families.await(handleOf(core, "copy"), ANY);
            clock.advance(Duration.ofHours(2));
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(handleOf(core, "ci"), ANY));
            CredentialHandle otherHandle = handleOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(otherHandle, ANY));
            authorize(core.families, otherHandle);
            assertThat(other.families.await(otherHandle, ANY).error()).isNull();
            assertThatThrownBy(() -> other.families.await(handleOf(other, "copy"), ANY))
                    .hasMessageContaining("may have replaced");
            assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        }
    }

    /** The first controller has cached the token as not yet accepted. */
    @Test
    void tokenRotatedByAnotherController_isNotSentForAnotherOrganization() throws Exception {
        TokenClient unreachable = new TestClient(core.service("acme").account(), secret -> {
            throw new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "no route", null);
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
    void reauthorization_whileARequestWaitsForTheLock_isUsedByTheRequest() throws Exception {
        InterceptingLedger interceptingLedger = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(interceptingLedger, clock);
        CredentialHandle handle = handleOf(core, "ci");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> manager.await(handle, ANY)).hasMessageContaining("may have replaced");
        interceptingLedger.beforeLock = id -> {
            interceptingLedger.beforeLock = same -> {};
            authorize(manager, handle);
        };
        assertThat(manager.await(handle, ANY).error()).isNull();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    private CredentialHandle handleOf(TestTokenService controller, String name) {
        return controller.handle(name, controller.service("acme"), initialToken);
    }

    private void authorize(TokenManager manager, CredentialHandle handle) throws IOException, InterruptedException {
        manager.administration()
                .authorized(
                        handle.client().account(), handle.location(), initialToken, simulator.reauthorize("ci"), null);
    }
}
