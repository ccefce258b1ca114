package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Leases in a folder and in its copy, whose credentials store the same token until one of them is changed, possibly by
 * a user without access to the other.
 */
class CopiedCredentialLeaseTest extends LeaseTestBase {

    private final RecordingLeaseOwner originalOwner = new RecordingLeaseOwner();
    private final RecordingLeaseOwner copyOwner = new RecordingLeaseOwner();
    private TokenClient client;
    private InMemoryCredential original;
    private InMemoryCredential copy;

    @BeforeEach
    void start() throws Exception {
        leases = leaseManager(core.families);
        client = core.service("acme");
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
    }

    /** With and without the first lease, with the timer and on demand. */
    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void renewal_afterTheOriginalGotAnotherToken_keepsTheAccountOfTheCopy(boolean isFirstClosed, boolean onDemand)
            throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        String initialToken = simulator.addAccount("administrator", "acme");
        original.set(initialToken);
        if (isFirstClosed) {
            first.close();
        }
        AccessToken before = second.accessToken();
        renew(second, onDemand);
        await(() -> !second.accessToken().equals(before));
        await(() -> isFirstClosed || !first.accessToken().equals(before) || onDemand);
        core.awaitWriteBacks();
        assertThat(copy.get()).isEqualTo(simulator.currentToken("ci"));
        boolean isUnused = simulator.currentToken("administrator").equals(initialToken);
        assertThat(isUnused).as("no lease uses the token of the administrator").isEqualTo(isFirstClosed || onDemand);
        assertThat(simulator.grants()).isEqualTo(isUnused ? 2 : 3);
        if (!isUnused) {
            assertThat(first.accessToken()).isNotEqualTo(second.accessToken());
            assertThat(original.get()).isEqualTo(simulator.currentToken("administrator"));
        }
        assertThat(copyOwner.published).containsExactly(before, second.accessToken());
    }

    /** Another folder may have the former name now. */
    @Test
    void open_afterTheFolderWasRenamed_sharesTheAccessToken() throws Exception {
        openOriginal();
        String before = original.location().context();
        original.moveTo("folder:renamed");
        core.families.administration().moved(before, "folder:renamed");
        open(original.handle(client));
        assertThat(leases.tokenCount()).isEqualTo(1);
        InMemoryCredential another = new InMemoryCredential(before, original.get());
        open(another.handle(client));
        assertThat(leases.tokenCount()).isEqualTo(2);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void renewal_withAWrongTokenInTheOriginal_doesNotAffectTheCopy(boolean onDemand) throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        original.set("wrong-token");
        AccessToken before = second.accessToken();
        clock.advance(Duration.ofMinutes(45));
        if (onDemand) {
            assertThatThrownBy(first::refresh).isInstanceOf(TokenUnavailableException.class);
            assertThatThrownBy(first::refresh).hasMessageContaining("less than 10 s ago");
            second.refresh();
        } else {
            timer.fireAll();
            await(() -> !second.accessToken().equals(before) && originalOwner.warnings.size() == 1);
        }
        assertThat(second.accessToken()).isNotEqualTo(before);
        assertThat(first.accessToken()).isEqualTo(before);
        assertThat(copyOwner.warnings).isEmpty();
        assertThat(simulator.grants()).isEqualTo(2);
    }

    /** Both renewals read their stores before either of them sends a request. */
    @ParameterizedTest
    @ValueSource(strings = {"rotating", "fixed", "session"})
    void renewalOfBoth_sendsOneRequest(String kind) throws Exception {
        String token = "non-rotating-secret";
        switch (kind) {
            case "rotating" -> token = simulator.addAccount("ci", "acme");
            case "fixed" -> {
                client = core.cspApiToken();
                simulator.cloudServices().addApiToken(token, Instant.parse("2099-01-01T00:00:00Z"));
            }
            default -> {
                client = core.sddcManager(USER);
                simulator.sddcManager().addUser(USER, token);
            }
        }
        Lease first = openOriginal(token);
        Lease second = openCopy();
        assertThat(leases.tokenCount()).isEqualTo(2);
        assertThat(simulator.requests()).isEqualTo(1);
        CyclicBarrier bothRead = new CyclicBarrier(2);
        original.onRead = () -> await(bothRead);
        copy.onRead = () -> await(bothRead);
        for (int renewals = 1; renewals <= 3; renewals++) {
            AccessToken before = first.accessToken();
            assertThat(second.accessToken()).isEqualTo(before);
            clock.advance(Duration.ofMinutes(45));
            timer.fireAll();
            await(() ->
                    !first.accessToken().equals(before) && !second.accessToken().equals(before));
            // An access token is visible before the next renewal is scheduled; firing only one would block at the
            // barrier.
            await(() -> timer.fireableCount() == 2);
            assertThat(simulator.requests()).isEqualTo(1 + renewals);
        }
        assertThat(first.accessToken()).isEqualTo(second.accessToken());
        assertThat(simulator.sddcManager().renewals()).isEqualTo(kind.equals("session") ? 3 : 0);
        assertThat(originalOwner.warnings).isEmpty();
        assertThat(copyOwner.warnings).isEmpty();
    }

    @Test
    void renew_ofOneCredential_renewsTheOtherWithoutAnotherRequest() throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        clock.advance(Duration.ofSeconds(1));
        AccessToken renewed = leases.renew(original.handle(client));
        assertThat(first.accessToken()).isEqualTo(renewed);
        await(() -> second.accessToken().equals(renewed));
        assertThat(simulator.grants()).isEqualTo(2);
        simulator.inject(Fault.STATUS_403);
        clock.advance(Duration.ofSeconds(1));
        assertThatThrownBy(() -> leases.renew(copy.handle(client))).isInstanceOf(TokenUnavailableException.class);
        assertThat(second.accessToken()).isEqualTo(renewed);
    }

    @Test
    void close_ofTheLastLeaseOfBoth_endsTheSessionOnce() throws Exception {
        SddcManager server = simulator.sddcManager();
        client = core.sddcManager(USER);
        server.addUser(USER, "the-password");
        Lease first = openOriginal("the-password");
        Lease second = openCopy();
        first.close();
        // A request to end the session would have acquired the lock of the family before this renewal.
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        await(() -> server.renewals() == 1);
        assertThat(server.isOpen(second.accessToken().value())).isTrue();
        assertThat(server.releases()).isZero();
        second.close();
        await(() -> server.openSessions() == 0);
        assertThat(server.releases()).isEqualTo(1);
        assertThat(server.logins()).isEqualTo(1);
    }

    private Lease openOriginal() throws Exception {
        return openOriginal(simulator.addAccount("ci", "acme"));
    }

    private Lease openOriginal(String token) throws Exception {
        original = new InMemoryCredential("folder:original", token);
        Lease lease = open(original.handle(client), originalOwner);
        core.awaitWriteBacks();
        return lease;
    }

    private Lease openCopy() throws Exception {
        copy = new InMemoryCredential("folder:copy", original.get());
        return open(copy.handle(client), copyOwner);
    }

    private void renew(Lease lease, boolean onDemand) throws Exception {
        clock.advance(Duration.ofMinutes(45));
        if (onDemand) {
            lease.refresh();
        } else {
            timer.fireAll();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
