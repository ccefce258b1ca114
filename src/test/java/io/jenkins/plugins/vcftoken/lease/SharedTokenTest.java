package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
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
 * A folder and its copy: their credentials store the same token until a person types another one into one of them, who may
 * have nothing to say about the other.
 */
class SharedTokenTest extends LeaseTestBase {

    private final RecordingLeaseOwner inOriginal = new RecordingLeaseOwner();
    private final RecordingLeaseOwner inCopy = new RecordingLeaseOwner();
    private LeaseManager leases;
    private TokenEndpointClient service;
    private InMemoryCredential original;
    private InMemoryCredential copy;

    @BeforeEach
    void start() throws Exception {
        leases = leases(core.families);
        service = core.service("acme");
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
    }

    /** In each order of opening, with and without the first lease, for each of the two. */
    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void aBlockKeepsToItsOwnCredentialsAccount(boolean firstHasLeft, boolean onDemand) throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        String initialToken = simulator.addAccount("administrator", "acme");
        original.type(initialToken);
        if (firstHasLeft) {
            first.close();
        }
        AccessToken before = second.accessToken();
        renew(second, onDemand);
        await(() -> !second.accessToken().equals(before));
        await(() -> firstHasLeft || !first.accessToken().equals(before) || onDemand);
        core.awaitWriteBacks();
        assertThat(copy.get()).isEqualTo(simulator.currentToken("ci"));
        boolean another = simulator.currentToken("administrator").equals(initialToken);
        assertThat(another).as("no owner of the administrator's token asked").isEqualTo(firstHasLeft || onDemand);
        assertThat(simulator.grants()).isEqualTo(another ? 2 : 3);
        if (!another) {
            assertThat(first.accessToken()).isNotEqualTo(second.accessToken());
            assertThat(original.get()).isEqualTo(simulator.currentToken("administrator"));
        }
        assertThat(inCopy.expected).containsExactly(before, second.accessToken());
    }

    /** The name that a folder had may be another folder's by now. */
    @Test
    void blocksKeepToTheirFolderThroughItsRenaming() throws Exception {
        openOriginal();
        String before = original.location().context();
        original.rename("folder:renamed");
        core.families.administration().moved(before, "folder:renamed");
        leases.open(original.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(leases.accessTokens()).isEqualTo(1);
        InMemoryCredential another = new InMemoryCredential(before, original.get());
        leases.open(another.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(leases.accessTokens()).isEqualTo(2);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatOneTypedWronglyIsNotTheOthersTrouble(boolean onDemand) throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        original.type("typed-wrongly");
        AccessToken before = second.accessToken();
        clock.advance(Duration.ofMinutes(45));
        if (onDemand) {
            assertThatThrownBy(first::refresh).isInstanceOf(TokenUnavailableException.class);
            assertThatThrownBy(first::refresh).hasMessageContaining("less than 10 s ago");
            second.refresh();
        } else {
            timer.fireAll();
            await(() -> !second.accessToken().equals(before) && inOriginal.warnings.size() == 1);
        }
        assertThat(second.accessToken()).isNotEqualTo(before);
        assertThat(first.accessToken()).isEqualTo(before);
        assertThat(inCopy.warnings).isEmpty();
        assertThat(simulator.grants()).isEqualTo(2);
    }

    /** Both are due at the same time, and look into their stores before either of them asks the server. */
    @ParameterizedTest
    @ValueSource(strings = {"rotating", "fixed", "session"})
    void renewalOfBoth_sendsOneRequest(String kind) throws Exception {
        String token = "a-secret-that-stays";
        switch (kind) {
            case "rotating" -> token = simulator.addAccount("ci", "acme");
            case "fixed" -> {
                service = core.cspApiToken();
                simulator.cloudServices().addApiToken(token, Instant.parse("2099-01-01T00:00:00Z"));
            }
            default -> {
                service = core.sddcManager(USER);
                simulator.sddcManager().addUser(USER, token);
            }
        }
        Lease first = openOriginal(token);
        Lease second = openCopy();
        assertThat(leases.accessTokens()).isEqualTo(2);
        assertThat(simulator.requests()).isEqualTo(1);
        CyclicBarrier both = new CyclicBarrier(2);
        original.whenLookedAt = () -> pass(both);
        copy.whenLookedAt = () -> pass(both);
        for (int renewals = 1; renewals <= 3; renewals++) {
            AccessToken before = first.accessToken();
            assertThat(second.accessToken()).isEqualTo(before);
            clock.advance(Duration.ofMinutes(45));
            timer.fireAll();
            await(() ->
                    !first.accessToken().equals(before) && !second.accessToken().equals(before));
            // An access token is seen a moment before its timer is set, and one alone would wait for the other for
            // good.
            await(() -> timer.due() == 2);
            assertThat(simulator.requests()).isEqualTo(1 + renewals);
        }
        assertThat(first.accessToken()).isEqualTo(second.accessToken());
        assertThat(simulator.sddcManager().renewals()).isEqualTo(kind.equals("session") ? 3 : 0);
        assertThat(inOriginal.warnings).isEmpty();
        assertThat(inCopy.warnings).isEmpty();
    }

    @Test
    void renew_ofOneCredential_renewsTheOtherWithoutAnotherRequest() throws Exception {
        Lease first = openOriginal();
        Lease second = openCopy();
        clock.advance(Duration.ofSeconds(1));
        AccessToken renewed = leases.renew(original.handle(service));
        assertThat(first.accessToken()).isEqualTo(renewed);
        await(() -> second.accessToken().equals(renewed));
        assertThat(simulator.grants()).isEqualTo(2);
        simulator.inject(Fault.STATUS_403);
        clock.advance(Duration.ofSeconds(1));
        assertThatThrownBy(() -> leases.renew(copy.handle(service))).isInstanceOf(TokenUnavailableException.class);
        assertThat(second.accessToken()).isEqualTo(renewed);
    }

    @Test
    void aSessionEndsOnceWithTheLastLeaseOfBoth() throws Exception {
        SddcManager server = simulator.sddcManager();
        service = core.sddcManager(USER);
        server.addUser(USER, "the-password");
        Lease first = openOriginal("the-password");
        Lease second = openCopy();
        first.close();
        // An end of the session that had been asked for would have the family's lock before this.
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
        Lease lease = leases.open(original.handle(service), TEN_MINUTES, inOriginal);
        core.awaitWriteBacks();
        return lease;
    }

    private Lease openCopy() throws Exception {
        copy = new InMemoryCredential("folder:copy", original.get());
        return leases.open(copy.handle(service), TEN_MINUTES, inCopy);
    }

    private void renew(Lease lease, boolean onDemand) throws Exception {
        clock.advance(Duration.ofMinutes(45));
        if (onDemand) {
            lease.refresh();
        } else {
            timer.fireAll();
        }
    }

    private static void pass(CyclicBarrier barrier) {
        try {
            barrier.await(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
