package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
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

    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        leases = leaseManager(core.families);
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void renew_givesTheNewAccessTokenToOpenLeases() throws Exception {
        assertThat(leases.list()).isEmpty();
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        assertThat(leases.list()).containsExactly(lease);
        assertThat(lease.location()).isEqualTo(handle.location());
        assertThat(lease.owner()).isEqualTo(owner.displayName());
        clock.advance(Duration.ofSeconds(1));
        AccessToken renewed = leases.renew(handle);
        assertThat(renewed).isNotEqualTo(first);
        assertThat(lease.accessToken()).isEqualTo(renewed);
        assertThat(owner.published).containsExactly(first, renewed);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.renew(handle)).isInstanceOf(TokenUnavailableException.class);
        assertThat(lease.accessToken()).isEqualTo(renewed);
        lease.close();
        assertThat(leases.list()).isEmpty();
    }

    @Test
    void renewal_atThreeQuartersOfTheLifetime_isMaskedBeforePublishing() throws Exception {
        Lease lease = open(handle, owner);
        owner.lease = lease;
        AccessToken first = lease.accessToken();
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        assertThat(owner.published).containsExactly(first, lease.accessToken());
        assertThat(owner.visibleBeforePublish).containsExactly(null, first);
        assertThat(simulator.accessTokens()).hasSize(2);
        lease.close();
    }

    /** Saving a large store holds its lock for up to a second, and Jenkins shares the timer. */
    @Test
    void timerThread_readsNoStore() throws Exception {
        List<Thread> readers = new CopyOnWriteArrayList<>();
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Account account) {
                readers.add(Thread.currentThread());
                return null;
            }
        };
        CredentialHandle recorded =
                new CredentialHandle(handle.name(), handle.location(), handle.token(), handle.client(), writer);
        Lease lease = open(recorded);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        assertThat(readers).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @Test
    void connectionTest_reportsWhetherTheSecretRotated() throws Exception {
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
    void connectionTest_withAWrongPassword_sendsItOnce() {
        simulator.sddcManager().addUser(USER, "pass");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() ->
                            leases.connectionTest(unsaved(core.handle("sddc", core.sddcManager(USER), "wrong")), false))
                    .hasMessageContaining("rejected the credentials");
        }
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(1);
    }

    @Test
    void connectionTest_thatRotatedTheSecret_bindsItWhenTheFormIsSaved() throws Exception {
        simulator.cloudServices().addApiToken("api-token-one", Instant.parse("2099-01-01T00:00:00Z"));
        simulator.cloudServices().replaceAtNextUse("api-token-one", "api-token-two");
        assertThat(leases.connectionTest(unsaved(core.handle("csp", core.cspApiToken(), "api-token-one")), false)
                        .rotated())
                .isTrue();
        clock.advance(Duration.ofHours(2));
        leases.issueWithoutLease(core.handle("saved", core.cspApiToken(), "api-token-one"), TEN_MINUTES, "user");
        CredentialLocation otherLocation = new CredentialLocation("folder:other", "saved");
        CredentialHandle other = new CredentialHandle(
                "x", otherLocation, "api-token-one", core.cspApiToken(), (family, token, again) -> {});
        assertThatThrownBy(() -> leases.issueWithoutLease(other, TEN_MINUTES, "user"))
                .hasMessageContaining("has already replaced it");
        assertThat(core.ledger.loadAll())
                .singleElement()
                .satisfies(record ->
                        assertThat(record.locations()).containsExactly(new CredentialLocation("system", "saved")));
    }

    @Test
    void leases_ofOneFamily_shareOneAccessTokenAndOneTimer() throws Exception {
        List<Lease> opened = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            opened.add(open(handle));
        }
        assertThat(timer.pauses).hasSize(1);
        assertThat(simulator.requests()).isEqualTo(1);
        opened.subList(1, 100).forEach(Lease::close);
        assertThat(leases.tokenCount()).isEqualTo(1);
        opened.get(0).close();
        opened.get(0).close();
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.isPending()).isFalse();
    }

    @Test
    void open_withACachedAccessTokenAboutToExpire_requestsAnother() throws Exception {
        open(handle).close();
        clock.advance(Duration.ofMinutes(51));
        Lease second = open(handle);
        assertThat(second.accessToken().remaining(clock.instant())).isEqualTo(Duration.ofHours(1));
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void open_withAShortLivedAccessToken_acceptsHalfItsLifetime() throws Exception {
        simulator.setLifetime(Duration.ofMinutes(4));
        open(handle).close();
        clock.advance(Duration.ofMinutes(1));
        open(handle).close();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void open_withANewerAccessToken_givesItToOpenLeases() throws Exception {
        RecordingLeaseOwner firstOwner = new RecordingLeaseOwner();
        Lease first = open(handle, firstOwner);
        clock.advance(Duration.ofMinutes(55));
        Lease second = open(handle);
        assertThat(first.accessToken()).isEqualTo(second.accessToken());
        assertThat(firstOwner.published).contains(second.accessToken());
    }

    @Test
    void open_afterALostResponse_waitsForTheRetry() throws Exception {
        simulator.inject(Fault.STATUS_502);
        CompletableFuture<Lease> opening = CompletableFuture.supplyAsync(() -> {
            try {
                return open(handle, owner);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await(() -> timer.pauses.size() == 1);
        assertThat(timer.pauses).containsExactly(TestTokenService.MAX_WAIT);
        assertThat(owner.warnings).singleElement().asString().endsWith("This block waits until then.");
        clock.advance(TestTokenService.MAX_WAIT);
        timer.fire();
        assertThat(opening.get(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS)
                        .accessToken()
                        .isAlive(clock.instant()))
                .isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    @Test
    void renewal_afterALostResponse_recoversBeforeExpiry() throws Exception {
        Lease lease = open(handle);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        timer.fire();
        await(() -> timer.pauses.size() == 2);
        while (clock.instant().isBefore(first.expiresAt().minusSeconds(15))) {
            int attempts = timer.pauses.size();
            clock.advance(timer.pauses.get(attempts - 1));
            fireUntil(() -> timer.pauses.size() > attempts);
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
        assertThatThrownBy(() -> open(handle)).hasMessageContaining("is sent once more at 2026-01-01T01:00:00Z");
        assertThat(timer.pauses).isEmpty();
    }

    @Test
    void refresh_renewsAndReschedules() throws Exception {
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(20));
        AccessToken second = lease.refresh();
        assertThat(second).isNotEqualTo(first).isEqualTo(lease.accessToken());
        assertThat(owner.published).containsExactly(first, second);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(45));
        assertThat(timer.pendingCount()).isEqualTo(1);
    }

    /** The remaining validity of an access token from the future is unknown. */
    @Test
    void refresh_afterTheClockWasSetBack_sendsOneRequest() throws Exception {
        Lease lease = open(handle, owner);
        AccessToken before = lease.accessToken();
        clock.advance(Duration.ofHours(-2));
        AccessToken refreshed = lease.refresh();
        assertThat(refreshed).isNotEqualTo(before).isEqualTo(lease.accessToken());
        assertThat(open(handle).accessToken()).isEqualTo(refreshed);
        assertThat(leases.issueWithoutLease(handle, TEN_MINUTES, "user")).isEqualTo(refreshed);
        assertThat(simulator.requests()).isEqualTo(2);

        clock.advance(Duration.ofHours(-2));
        timer.fire();
        await(() -> !lease.accessToken().equals(refreshed));
        assertThat(open(handle).accessToken()).isEqualTo(lease.accessToken());
        assertThat(simulator.requests()).isEqualTo(3);
        assertThat(timer.pendingCount()).isEqualTo(1);
    }

    /** Also after the clock was set back, when the shared access token seems to expire later than any new one. */
    @ParameterizedTest
    @ValueSource(ints = {1, -120})
    void refresh_byManyLeasesConcurrently_sendsOneRequest(int minutes) throws Exception {
        List<Lease> opened = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            opened.add(open(handle));
        }
        clock.advance(Duration.ofMinutes(minutes));
        simulator.setDelay(Duration.ofMillis(200));
        List<Thread> threads = new ArrayList<>();
        List<AccessToken> refreshed = new CopyOnWriteArrayList<>();
        for (Lease lease : opened) {
            Thread thread = new Thread(() -> {
                try {
                    refreshed.add(lease.refresh());
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
        assertThat(refreshed).hasSize(10).containsOnly(opened.get(0).accessToken());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void tokenStoredDuringABlock_isUsedByTheNextRenewal() throws Exception {
        InMemoryCredential store = new InMemoryCredential("system", handle.token());
        Lease lease = open(store.handle(core.service("acme")));
        AccessToken first = lease.accessToken();
        store.set(simulator.reauthorize("ci"));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.accessToken() != first);
        core.awaitWriteBacks();
        assertThat(store.get()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void close_ofTheLastLease_endsTheSession() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease one = open(user);
        Lease two = open(user);
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

    /** For the health pages, which show the time of the last renewal. */
    @Test
    void record_afterItsSessionEnded_hasTheRenewalTimeAndNoAccessToken() throws Exception {
        CredentialHandle user = sddcUser();
        Lease lease = open(user);
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
    void open_afterTheLastLeaseClosed_logsInAgain() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease first = open(user);
        first.close();
        await(() -> sddc.releases() == 1);
        Lease second = open(user);
        assertThat(second.accessToken()).isNotEqualTo(first.accessToken());
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.releases() == 2);
    }

    @Test
    void concurrentLeases_neverHaveAnEndedSession() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        ExecutorService executor = Executors.newFixedThreadPool(8);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            results.add(executor.submit(() -> {
                try (Lease lease = open(user)) {
                    return sddc.isOpen(lease.accessToken().value());
                }
            }));
        }
        for (Future<Boolean> result : results) {
            assertThat(result.get()).isTrue();
        }
        executor.shutdown();
        await(() -> sddc.openSessions() == 0);
        assertThat(simulator.violations()).isEmpty();
    }

    @Test
    void open_duringTheCloseOfTheLastLease_requestsAnotherAccessToken() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        CredentialHandle user = sddcUser();
        Lease first = open(user);
        TokenClient client = new InterceptingClient(user.client(), () -> {
            first.close();
            await(() -> sddc.releases() == 1);
        });
        Lease second = open(new CredentialHandle(user.name(), user.location(), user.token(), client, user.writer()));
        assertThat(sddc.isOpen(second.accessToken().value())).isTrue();
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.openSessions() == 0);
    }

    @Test
    void revocationThatFails_hasNoEffect() throws Exception {
        CredentialHandle user = sddcUser();
        Lease lease = open(user);
        simulator.inject(Fault.STATUS_500);
        lease.close();
        await(() -> simulator.requests() == 2);
        open(user).close();
    }

    @Test
    void awaitValid_duringARenewal_waitsForIt() throws Exception {
        Lease lease = open(handle);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        assertThat(lease.accessToken()).as("from memory").isEqualTo(first);
        timer.fire();
        leases.renewOverdue();
        lease.awaitValid(TestTokenService.MAX_WAIT);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void awaitValid_afterTheLimit_keepsTheOldAccessToken() throws Exception {
        Lease lease = open(handle);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        lease.awaitValid(Duration.ZERO);
        assertThat(lease.accessToken()).isEqualTo(first);
        await(() -> lease.accessToken() != first);
    }

    @Test
    void tokenStoredDuringARenewal_isUsedAfterIt() throws Exception {
        InMemoryCredential store = new InMemoryCredential("system", handle.token());
        Lease lease = open(store.handle(core.service("acme")));
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(45));
        simulator.setDelay(Duration.ofMillis(300));
        timer.fire();
        await(() -> simulator.requests() == 2);
        store.set(simulator.addAccount("replacement", "acme"));
        leases.renewChanged(location -> true);
        await(() -> simulator.isIssuedTo("replacement", lease.accessToken().value()));
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void renew_doesNotRenewLeasesOfOtherAccounts() throws Exception {
        CredentialHandle other = core.newAccount("other", "acme");
        Lease lease = open(other);
        AccessToken before = lease.accessToken();
        leases.renew(handle);
        assertThat(lease.accessToken()).isEqualTo(before);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void issueWithoutLease_afterExpiry_keepsNoSession() throws Exception {
        CredentialHandle user = sddcUser();
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        Lease lease = open(user);
        lease.close();
        await(() -> simulator.sddcManager().openSessions() == 0);
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        leases.issueWithoutLease(user, TEN_MINUTES, "a step");
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @Test
    void open_withARejectedToken_failsWithoutWaiting() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> open(handle))
                .isInstanceOfSatisfying(
                        TokenUnavailableException.class,
                        e -> assertThat(e.retry()).isNull());
        assertThat(timer.pauses).isEmpty();
    }

    /** Fires repeatedly: a renewal schedules the next one before it ends, and a running one is not started again. */
    private void fireUntil(BooleanSupplier condition) throws InterruptedException {
        await(() -> {
            timer.fire();
            return condition.getAsBoolean();
        });
    }
}
