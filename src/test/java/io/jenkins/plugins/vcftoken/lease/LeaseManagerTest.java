package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseManagerTest extends LeaseTestBase {

    private LeaseManager leases;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        leases = leases(core.families);
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void renew_givesTheNewAccessTokenToOpenLeases() throws Exception {
        assertThat(leases.list()).isEmpty();
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        assertThat(leases.list()).containsExactly(lease);
        assertThat(lease.location()).isEqualTo(handle.location());
        assertThat(lease.owner()).isEqualTo(block.who());
        clock.advance(Duration.ofSeconds(1));
        AccessToken renewed = leases.renew(handle);
        assertThat(renewed).isNotEqualTo(first);
        assertThat(lease.accessToken()).isEqualTo(renewed);
        assertThat(block.expected).containsExactly(first, renewed);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.renew(handle)).isInstanceOf(TokenUnavailableException.class);
        assertThat(lease.accessToken()).isEqualTo(renewed);
        lease.close();
        assertThat(leases.list()).isEmpty();
    }

    @Test
    void renewedAtThreeQuartersAndMaskedBeforeItIsSeen() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        block.lease = lease;
        AccessToken first = lease.accessToken();
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        assertThat(block.expected).containsExactly(first, lease.accessToken());
        assertThat(block.visibleWhenExpected).containsExactly(null, first);
        assertThat(simulator.accessTokens()).hasSize(2);
        lease.close();
    }

    /** Saving a large store locks it for a second, and all of Jenkins shares the timer. */
    @Test
    void timerThread_readsNoStore() throws Exception {
        List<Thread> lookers = new CopyOnWriteArrayList<>();
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Account account) {
                lookers.add(Thread.currentThread());
                return null;
            }
        };
        CredentialHandle kept =
                new CredentialHandle(handle.name(), handle.location(), handle.token(), handle.client(), writer);
        Lease lease = leases.open(kept, TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        assertThat(lookers).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @Test
    void connectionTest_requestsAnAccessTokenAndSaysWhetherTheSecretRotated() throws Exception {
        leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.connectionTest(handle, true).rotated()).isTrue();
        assertThat(simulator.rotations()).isEqualTo(2);
        simulator.setRotation("ci", false);
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.connectionTest(handle, true).rotated()).isFalse();
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aWrongPasswordInAFormIsNotSentTwice() {
        simulator.sddcManager().addUser(USER, "pass");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> leases.connectionTest(typed(core.sddcManager(USER), "wrong"), false))
                    .hasMessageContaining("rejected the credentials");
        }
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(1);
    }

    @Test
    void aSecretThatCameBackDifferentFromATrialIsFoundWhenTheFormIsSaved() throws Exception {
        simulator.cloudServices().addApiToken("api-token-one", Instant.parse("2099-01-01T00:00:00Z"));
        simulator.cloudServices().replaceAtNextUse("api-token-one", "api-token-two");
        assertThat(leases.connectionTest(typed(core.cspApiToken(), "api-token-one"), false)
                        .rotated())
                .isTrue();
        clock.advance(Duration.ofHours(2));
        leases.issueWithoutLease(core.handle("saved", core.cspApiToken(), "api-token-one"), TEN_MINUTES, "user");
        CredentialLocation elsewhere = new CredentialLocation("folder:other", "saved");
        CredentialHandle other =
                new CredentialHandle("x", elsewhere, "api-token-one", core.cspApiToken(), (family, token, again) -> {});
        assertThatThrownBy(() -> leases.issueWithoutLease(other, TEN_MINUTES, "user"))
                .hasMessageContaining("has already replaced it");
        assertThat(core.ledger.loadAll())
                .singleElement()
                .satisfies(record ->
                        assertThat(record.locations()).containsExactly(new CredentialLocation("system", "saved")));
    }

    private static CredentialHandle typed(TokenEndpointClient service, String secret) {
        return new CredentialHandle(
                "typed", CredentialLocation.ofUnsaved("system"), secret, service, (family, token, again) -> {});
    }

    @Test
    void leasesOfAFamilyShareOneAccessTokenAndOneTimer() throws Exception {
        List<Lease> open = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            open.add(leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()));
        }
        assertThat(timer.pauses).hasSize(1);
        assertThat(simulator.requests()).isEqualTo(1);
        open.subList(1, 100).forEach(Lease::close);
        assertThat(leases.accessTokens()).isEqualTo(1);
        open.get(0).close();
        open.get(0).close();
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.isPending()).isFalse();
    }

    @Test
    void aBlockDoesNotStartOnAnAccessTokenAboutToExpire() throws Exception {
        leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).close();
        clock.advance(Duration.ofMinutes(51));
        Lease second = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(second.accessToken().remaining(clock.instant())).isEqualTo(Duration.ofHours(1));
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aShortLivedAccessTokenIsGoodForHalfItsLife() throws Exception {
        simulator.setLifetime(Duration.ofMinutes(4));
        leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).close();
        clock.advance(Duration.ofMinutes(1));
        leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).close();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aBlockThatOpensLaterBringsItsFresherAccessTokenToAll() throws Exception {
        RecordingLeaseOwner early = new RecordingLeaseOwner();
        Lease first = leases.open(handle, TEN_MINUTES, early);
        clock.advance(Duration.ofMinutes(55));
        Lease second = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(first.accessToken()).isEqualTo(second.accessToken());
        assertThat(early.expected).contains(second.accessToken());
    }

    @Test
    void aBlockThatOpensAfterALostAnswer_waitsForTheOneMoreRequest() throws Exception {
        simulator.inject(Fault.STATUS_502);
        CompletableFuture<Lease> opening = CompletableFuture.supplyAsync(() -> {
            try {
                return leases.open(handle, TEN_MINUTES, block);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await(() -> timer.pauses.size() == 1);
        assertThat(timer.pauses).containsExactly(TestTokenService.PLENTY);
        assertThat(block.warnings).singleElement().asString().endsWith("This block waits until then.");
        clock.advance(TestTokenService.PLENTY);
        timer.fire();
        assertThat(opening.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS)
                        .accessToken()
                        .isAlive(clock.instant()))
                .isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    @Test
    void aLostAnswerToARenewal_healsBeforeTheAccessTokenEnds() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        timer.fire();
        await(() -> timer.pauses.size() == 2);
        while (clock.instant().isBefore(first.expiresAt().minusSeconds(15))) {
            int tries = timer.pauses.size();
            clock.advance(timer.pauses.get(tries - 1));
            fireUntil(() -> timer.pauses.size() > tries);
        }
        await(() -> lease.accessToken() != first);
        assertThat(first.remaining(clock.instant())).isEqualTo(Duration.ofSeconds(15));
        assertThat(simulator.requests()).isEqualTo(3);
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    @Test
    void open_whenTheNextRequestIsFarAway_failsWithItsTime() throws Exception {
        simulator.setRetryAfter(Duration.ofHours(1));
        simulator.inject(Fault.STATUS_503_RETRY_AFTER_0);
        assertThatThrownBy(() -> leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()))
                .hasMessageContaining("is sent once more at 2026-01-01T01:00:00Z");
        assertThat(timer.pauses).isEmpty();
    }

    @Test
    void refreshRenewsAtOnceAndMovesTheTimer() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(20));
        AccessToken second = lease.refresh();
        assertThat(second).isNotEqualTo(first).isEqualTo(lease.accessToken());
        assertThat(block.expected).containsExactly(first, second);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(45));
        assertThat(timer.pending()).isEqualTo(1);
    }

    /** The end of an access token from the future is unknown. */
    @Test
    void afterTheClockWasSetBack_oneRequestBringsAValidAccessToken() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken before = lease.accessToken();
        clock.advance(Duration.ofHours(-2));
        AccessToken refreshed = lease.refresh();
        assertThat(refreshed).isNotEqualTo(before).isEqualTo(lease.accessToken());
        assertThat(leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).accessToken())
                .isEqualTo(refreshed);
        assertThat(leases.issueWithoutLease(handle, TEN_MINUTES, "who")).isEqualTo(refreshed);
        assertThat(simulator.requests()).isEqualTo(2);

        clock.advance(Duration.ofHours(-2));
        timer.fire();
        await(() -> !lease.accessToken().equals(refreshed));
        assertThat(leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).accessToken())
                .isEqualTo(lease.accessToken());
        assertThat(simulator.requests()).isEqualTo(3);
        assertThat(timer.pending()).isEqualTo(1);
    }

    /** Also after the clock was set back, when the access token that all have seems to last longer than any new one. */
    @ParameterizedTest
    @ValueSource(ints = {1, -120})
    void manyRefreshesAtOnce_areOneRequest(int minutes) throws Exception {
        List<Lease> open = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            open.add(leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()));
        }
        clock.advance(Duration.ofMinutes(minutes));
        simulator.setDelay(Duration.ofMillis(200));
        List<Thread> threads = new ArrayList<>();
        List<AccessToken> got = new CopyOnWriteArrayList<>();
        for (Lease lease : open) {
            Thread thread = new Thread(() -> {
                try {
                    got.add(lease.refresh());
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(got).hasSize(10).containsOnly(open.get(0).accessToken());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aTokenTypedInMidBlockCountsFromTheNextRenewal() throws Exception {
        InMemoryCredential store = new InMemoryCredential("system", handle.token());
        Lease lease = leases.open(store.handle(core.service("acme")), TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        store.type(simulator.reauthorize("ci"));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        core.awaitWriteBacks();
        assertThat(store.get()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aSessionEndsWithItsLastLease() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease one = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        Lease two = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        clock.advance(Duration.ofMinutes(45));
        AccessToken first = one.accessToken();
        timer.fire();
        await(() -> two.accessToken() != first);
        assertThat(sddc.renewals()).isEqualTo(1);
        one.close();
        assertThat(sddc.openSessions()).isEqualTo(1);
        two.close();
        two.close();
        await(() -> sddc.releases() == 1);
        assertThat(sddc.openSessions()).isZero();
    }

    /** The health pages read it there; an access token that was revoked at the server is of no other use. */
    @Test
    void recordAfterItsSessionEnded_hasTheTimeOfRenewalAndNoAccessToken() throws Exception {
        CredentialHandle user = sddcUser();
        Lease lease = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        Instant renewed = lease.accessToken().issuedAt();
        lease.close();
        await(() -> simulator.sddcManager().releases() == 1);
        for (Duration later : List.of(Duration.ZERO, Duration.ofSeconds(30), Duration.ofHours(3))) {
            clock.advance(later);
            TokenFamily record = core.families.snapshot().find(user.client().account(), user.token(), user.location());
            assertThat(record.accessToken()).isNotNull();
            assertThat(record.accessToken().issuedAt()).isEqualTo(renewed);
            assertThat(record.accessToken().value()).isEmpty();
            assertThat(record.accessToken().isAlive(clock.instant())).isFalse();
            assertThat(record.accessToken().isAlive(renewed.minusSeconds(30)))
                    .as("after the clock was set back")
                    .isFalse();
        }
        assertThat(core.families.cached(user)).isNull();
    }

    @Test
    void open_afterTheLastBlockClosed_logsInAgain() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease first = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        first.close();
        await(() -> sddc.releases() == 1);
        Lease second = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(second.accessToken()).isNotEqualTo(first.accessToken());
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.releases() == 2);
    }

    @Test
    void concurrentBlocks_neverHaveAnEndedSession() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        ExecutorService builds = Executors.newFixedThreadPool(8);
        List<Future<Boolean>> done = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            done.add(builds.submit(() -> {
                try (Lease lease = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner())) {
                    return sddc.isOpen(lease.accessToken().value());
                }
            }));
        }
        for (Future<Boolean> build : done) {
            assertThat(build.get()).isTrue();
        }
        builds.shutdown();
        await(() -> sddc.openSessions() == 0);
        assertThat(simulator.violations()).isEmpty();
    }

    @Test
    void aBlockThatOpensWhileTheLastOneClosesGetsAnAccessTokenOfItsOwn() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease first = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        TokenEndpointClient closing = new InterceptingClient(user.client(), () -> {
            first.close();
            await(() -> sddc.releases() == 1);
        });
        Lease second = leases.open(
                new CredentialHandle(user.name(), user.location(), user.token(), closing, user.writer()),
                TEN_MINUTES,
                new RecordingLeaseOwner());
        assertThat(sddc.isOpen(second.accessToken().value())).isTrue();
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.openSessions() == 0);
    }

    @Test
    void revocationThatFails_hasNoEffect() throws Exception {
        CredentialHandle user = sddcUser();
        Lease lease = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        simulator.inject(Fault.STATUS_500);
        lease.close();
        await(() -> simulator.requests() == 2);
        leases.open(user, TEN_MINUTES, new RecordingLeaseOwner()).close();
    }

    @Test
    void awaitLiving_duringARenewal_waitsForIt() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        assertThat(lease.accessToken()).as("from memory").isEqualTo(first);
        timer.fire();
        leases.renewOverdue();
        lease.awaitLiving(TestTokenService.PLENTY);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void awaitLiving_afterItsLimit_leavesTheOldAccessToken() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        lease.awaitLiving(Duration.ZERO);
        assertThat(lease.accessToken()).isEqualTo(first);
        await(() -> lease.accessToken() != first);
    }

    @Test
    void tokenStoredDuringARenewal_isUsedAfterIt() throws Exception {
        InMemoryCredential store = new InMemoryCredential("system", handle.token());
        Lease lease = leases.open(store.handle(core.service("acme")), TEN_MINUTES, new RecordingLeaseOwner());
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(45));
        simulator.setDelay(Duration.ofMillis(300));
        timer.fire();
        await(() -> simulator.requests() == 2);
        store.type(simulator.addAccount("typed", "acme"));
        leases.renewChanged(location -> true);
        await(() -> simulator.isIssuedTo("typed", lease.accessToken().value()));
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void renew_leavesLeasesOfOtherAccounts() throws Exception {
        CredentialHandle other = core.newAccount("other", "acme");
        Lease lease = leases.open(other, TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken its = lease.accessToken();
        leases.renew(handle);
        assertThat(lease.accessToken()).isEqualTo(its);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void anAccessTokenForOnceThatHasEnded_keepsNoSession() throws Exception {
        CredentialHandle user = sddcUser();
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        Lease lease = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        lease.close();
        await(() -> simulator.sddcManager().openSessions() == 0);
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @Test
    void aBlockThatOpensOnARefusedToken_failsAtOnce() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()))
                .isInstanceOfSatisfying(
                        TokenUnavailableException.class,
                        e -> assertThat(e.retry()).isNull());
        assertThat(timer.pauses).isEmpty();
    }

    /** A renewal sets the timer before it is over, and one that runs is not begun again. */
    private void fireUntil(BooleanSupplier condition) throws InterruptedException {
        await(() -> {
            timer.fire();
            return condition.getAsBoolean();
        });
    }
}
