package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.VcfaTenantTokenExchangeClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases during server failures, shutdown, and concurrent opening and closing. Runs on the test thread. */
class LeaseManagerErrorsTest extends LeaseTestBase {

    private Runnable onLeaseClosed = () -> {};
    private Runnable onRenewed = () -> {};
    private boolean isShuttingDown;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        Executor sameThread = task -> {
            if (isShuttingDown) {
                throw new RejectedExecutionException("shutting down");
            }
            task.run();
        };
        TokenEventListener listener = new TokenEventListener() {
            @Override
            public void leaseClosed(TokenIssuedEvent event) {
                onLeaseClosed.run();
            }

            @Override
            public void renewed(TokenIssuedEvent event) {
                onRenewed.run();
            }
        };
        TokenManager manager = new TokenManager(
                core.ledger,
                TestTokenService.HASH,
                sameThread,
                sameThread,
                clock,
                TestTokenService.MAX_WAIT,
                () -> true,
                listener);
        leases = leaseManager(manager);
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void open_withAFailedRequestAndAValidAccessToken_warns() throws Exception {
        leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        clock.advance(Duration.ofMinutes(55));
        simulator.inject(Fault.STATUS_429);
        Lease lease = open(handle, owner);
        assertThat(lease.accessToken().remaining(clock.instant())).isEqualTo(Duration.ofMinutes(5));
        assertThat(owner.warnings)
                .singleElement()
                .asString()
                .contains("HTTP 429")
                .endsWith("The current access token expires at 2026-01-01T01:00:00Z.");
    }

    @Test
    void open_withAnAccessTokenOfAnotherOrganization_warns() throws Exception {
        simulator.setClaimedOrganization("globex");
        open(handle, owner);
        assertThat(owner.warnings).singleElement().asString().contains("‘globex’", "‘acme’");
    }

    @Test
    void open_withoutAnError_doesNotWarn() throws Exception {
        open(handle, owner);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(owner.warnings).isEmpty();
    }

    @Test
    void renewal_thatFails_warnsWithTheRemainingTime_andIsRetriedAfterExpiry() throws Exception {
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        for (int minutes : new int[] {45, 14, 2}) {
            clock.advance(Duration.ofMinutes(minutes));
            simulator.inject(Fault.STATUS_403);
            timer.fire();
        }
        assertThat(owner.warnings).hasSize(3);
        assertThat(owner.warnings.get(0))
                .startsWith("Renewal failed. The current access token expires in 900 s; retrying. Credential ‘ci’")
                .contains("HTTP 403");
        assertThat(owner.warnings.get(1)).endsWith("The current access token expires in 60 s; retrying.");
        assertThat(owner.warnings.get(2)).endsWith("The current access token has expired.");
        assertThat(timer.pauses)
                .containsExactly(
                        Duration.ofMinutes(45), Duration.ofMinutes(1), Duration.ofSeconds(20), Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(timer.pendingCount()).isEqualTo(1);
    }

    /** A server may revoke the older one with the newer one, and another request would rotate the account. */
    @Test
    void renewal_withAShorterLifetime_replacesTheAccessToken() throws Exception {
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.setLifetime(Duration.ofMinutes(5));
        timer.fire();
        AccessToken shorter = lease.accessToken();
        assertThat(shorter.expiresAt()).isBefore(first.expiresAt());
        assertThat(owner.published).containsExactly(first, shorter);
        assertThat(owner.warnings).isEmpty();
        assertThat(timer.pauses).endsWith(Duration.ofMinutes(5).multipliedBy(3).dividedBy(4));
        assertThat(timer.pendingCount()).isEqualTo(1);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        AccessToken refreshed = lease.refresh();
        assertThat(refreshed).isNotEqualTo(shorter);
        assertThat(simulator.grants()).isEqualTo(3);
    }

    @Test
    void warning_ofTheSameFailure_isShortUntilItChanges() throws Exception {
        open(handle, owner);
        fail(Duration.ofMinutes(45), Fault.STATUS_403);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        RecordingLeaseOwner late = new RecordingLeaseOwner();
        leases.open(handle, Duration.ZERO, late);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        assertThat(owner.warnings).hasSize(3);
        assertThat(owner.warnings.get(0)).contains("HTTP 403", "expires in 900 s");
        assertThat(owner.warnings.get(1))
                .isEqualTo(
                        "Renewal failed again, for the same reason. The current access token expires in 840 s; retrying.");
        assertThat(owner.warnings.get(2)).endsWith("in 780 s; retrying.");
        assertThat(late.warnings).singleElement().asString().contains("HTTP 403");
        fail(Duration.ofMinutes(1), Fault.STATUS_429);
        assertThat(owner.warnings.get(3)).contains("HTTP 429");
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(owner.warnings).hasSize(4);
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(owner.warnings.get(4)).as("after a successful renewal").contains("HTTP 429");
    }

    private void fail(Duration later, Fault fault) {
        clock.advance(later);
        simulator.inject(fault);
        timer.fire();
    }

    @Test
    void ownerThatThrows_hasNoEffectOnOthers() throws Exception {
        LeaseOwnerCallback throwing = new RecordingLeaseOwner() {
            @Override
            public void warn(String message) {
                throw new IllegalStateException("log filter of another plugin");
            }
        };
        open(handle, throwing);
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(owner.warnings).hasSize(1);
        assertThat(timer.pendingCount()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
    }

    /** An access token that cannot be masked is not published; the renewal is retried. */
    @Test
    void ownerThatCannotMaskAnAccessToken_doesNotGetIt() throws Exception {
        boolean[] isFailing = new boolean[1];
        LeaseOwnerCallback throwing = new RecordingLeaseOwner() {
            @Override
            public void beforePublish(AccessToken accessToken) {
                if (isFailing[0]) {
                    throw new IllegalStateException("masking failed");
                }
            }
        };
        Lease lease = open(handle, throwing);
        AccessToken first = lease.accessToken();
        isFailing[0] = true;
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.accessToken()).isEqualTo(first);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(1));
        isFailing[0] = false;
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.grants())
                .as("the unpublished access token was cached")
                .isEqualTo(2);
    }

    @Test
    void listenerThatThrows_hasNoEffect() throws Exception {
        onRenewed = () -> {
            throw new IllegalStateException("listener");
        };
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(timer.pendingCount()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        assertThat(lease.refresh()).isNotEqualTo(first);
        clock.advance(Duration.ofMinutes(55));
        open(handle, owner).close();
        onLeaseClosed = onRenewed;
        lease.close();
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.pendingCount()).isZero();
    }

    /** It has no lease that ends, so it stays valid until it expires. */
    @Test
    void close_ofTheLastLease_keepsAnAccessTokenIssuedWithoutLease() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease lease = open(sddcUser(), owner);
        AccessToken unleased = leases.issueWithoutLease(sddcUser(), TEN_MINUTES, "user");
        lease.close();
        assertThat(server.isOpen(unleased.value())).isTrue();
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.pauses).endsWith(Duration.ofHours(1));
        clock.advance(Duration.ofHours(1));
        timer.fire();
        assertThat(server.openSessions()).as("after expiry").isZero();
    }

    /** Timers may stop while a machine is suspended, so the wall clock decides whether a renewal is overdue. */
    @Test
    void accessToken_afterASuspendOfTwoHours_renews() throws Exception {
        Lease lease = open(handle, owner);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        // The renewal runs on the test thread.
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        lease.awaitValid(TEN_MINUTES);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(timer.pendingCount()).isEqualTo(1);
    }

    @Test
    void renewOverdue_afterASuspendOfTwoHours_renewsOnce() throws Exception {
        open(handle, owner);
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofHours(2));
        leases.renewOverdue();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(owner.published).hasSize(2);
    }

    @Test
    void awaitValid_whileTheServerFailsAfterASuspend_sendsOneRequest() throws Exception {
        Lease lease = open(handle, owner);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_403);
        for (int i = 0; i < 5; i++) {
            lease.awaitValid(TEN_MINUTES);
            assertThat(lease.accessToken().isAlive(clock.instant())).isFalse();
        }
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(2));
        lease.awaitValid(TEN_MINUTES);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
    }

    @Test
    void accessToken_withASlightlyLateTimer_doesNotRenew() throws Exception {
        Lease lease = open(handle, owner);
        clock.advance(Duration.ofMinutes(45).plus(RenewalPolicy.OVERDUE));
        lease.accessToken();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofMillis(1));
        lease.accessToken();
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void renewChanged_afterAnotherTokenWasStored_renewsOpenLeases() throws Exception {
        InMemoryCredential store = new InMemoryCredential("folder:a", handle.token());
        Lease lease = open(store.handle(core.service("acme")), owner);
        AccessToken first = lease.accessToken();
        assertThat(store.get()).as("written back").isEqualTo(simulator.currentToken("ci"));
        leases.renewChanged(location -> true);
        assertThat(simulator.requests())
                .as("a rotated token belongs to the same family")
                .isEqualTo(1);
        store.set(simulator.reauthorize("ci"));
        leases.renewChanged(location -> location.context().equals("folder:b"));
        assertThat(lease.accessToken()).isEqualTo(first);
        leases.renewChanged(location -> location.context().equals("folder:a"));
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.requests()).isEqualTo(2);
        leases.renewChanged(location -> true);
        assertThat(simulator.requests()).isEqualTo(2);
        lease.close();
        store.set(simulator.reauthorize("ci"));
        leases.renewChanged(location -> true);
        assertThat(simulator.requests()).as("no lease is open").isEqualTo(2);
    }

    @Test
    void renewChanged_afterARotationOfTheProvider_doesNotRenewTenantTokens() throws Exception {
        simulator.tenants().add("acme");
        InMemoryCredential store = new InMemoryCredential("system", simulator.addAccount("provider", "System"));
        Account organization = new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme");
        CredentialHandle provider =
                new CredentialHandle("sa", store.location(), store.get(), core.service("System"), store);
        CredentialHandle tenantHandle = provider.derive(
                () -> TestTokenService.withRetries(new VcfaTenantTokenExchangeClient(core.client(), organization)));
        Lease lease = open(tenantHandle, owner);
        AccessToken first = lease.accessToken();
        assertThat(store.get()).isEqualTo(simulator.currentToken("provider"));
        leases.renewChanged(location -> true);
        assertThat(simulator.rotations()).isEqualTo(1);
        assertThat(lease.accessToken()).isEqualTo(first);
        store.set(simulator.reauthorize("provider"));
        clock.advance(Duration.ofSeconds(1));
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.rotations()).isEqualTo(2);
        leases.renewChanged(location -> true);
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    @Test
    void renewal_duringShutdown_warns() throws Exception {
        open(handle, owner);
        clock.advance(Duration.ofMinutes(45));
        isShuttingDown = true;
        timer.fire();
        assertThat(owner.warnings).singleElement().asString().contains("Jenkins is shutting down");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void renewal_whenTheStoreCannotBeRead_warns() throws Exception {
        CredentialWriter unreadable = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Account account) {
                throw new IllegalStateException("the store is gone");
            }
        };
        open(core.handle("ci", "acme", handle.token(), unreadable), owner);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(owner.warnings).singleElement().asString().endsWith(" the store is gone");
        assertThat(timer.pendingCount()).isEqualTo(1);
    }

    @Test
    void lease_afterTheTimerWasShutDown_opensAndCloses() throws Exception {
        timer.shutdownNow();
        Lease lease = open(handle, owner);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        lease.close();
        assertThat(leases.tokenCount()).isZero();
    }

    @Test
    void timerTask_afterItsLeaseWasClosed_doesNotRenew() throws Exception {
        open(handle, owner).close();
        clock.advance(Duration.ofMinutes(45));
        timer.fireEvenIfCanceled();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void close_duringARenewal_schedulesNoTask() throws Exception {
        Lease[] opened = new Lease[1];
        simulator.setPhaseListener(phase -> {
            if (opened[0] != null) {
                opened[0].close();
            }
        });
        opened[0] = open(handle, owner);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.pauses).hasSize(1);
        assertThat(timer.pendingCount()).isZero();
    }

    @Test
    void open_withAnOlderAccessToken_returnsTheSharedOne() throws Exception {
        Lease first = open(sddcUser());
        CredentialHandle late = intercepting(sddcUser(), () -> {
            clock.advance(Duration.ofMinutes(1));
            first.refresh();
        });
        Lease second = open(late, owner);
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        assertThat(owner.published).containsExactly(first.accessToken());
        assertThat(simulator.sddcManager().renewals()).isEqualTo(1);
    }

    /** While the last lease is being closed, its access token is still listed. */
    @Test
    void open_duringTheCloseOfTheLastLease_startsANewSession() throws Exception {
        CredentialHandle user = sddcUser();
        SddcManager server = simulator.sddcManager();
        Lease first = open(user);
        Lease[] second = new Lease[1];
        onLeaseClosed = () -> {
            onLeaseClosed = () -> {};
            try {
                second[0] = open(user, owner);
            } catch (TokenUnavailableException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        first.close();
        assertThat(leases.list()).singleElement().satisfies(lease -> {
            assertThat(lease.location()).isEqualTo(user.location());
            assertThat(lease.owner()).isEqualTo(owner.displayName());
        });
        assertThat(server.isOpen(second[0].accessToken().value())).isTrue();
        clock.advance(Duration.ofMinutes(45));
        AccessToken before = second[0].accessToken();
        timer.fire();
        assertThat(second[0].accessToken()).isNotEqualTo(before);
        second[0].close();
        assertThat(leases.tokenCount()).isZero();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void open_whenReplacingARevokedAccessTokenFails_leavesNoLease() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease first = open(sddcUser());
        CredentialHandle late = intercepting(sddcUser(), () -> {
            first.close();
            assertThat(server.openSessions()).isZero();
            server.addUser(USER, "changed-meanwhile");
        });
        assertThatThrownBy(() -> open(late, owner))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("rejected the credentials");
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.pendingCount()).isZero();
    }

    @Test
    void renew_withoutAnyLease_requestsAnAccessToken() throws Exception {
        AccessToken first = leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        assertThat(simulator.accessTokens()).containsExactly(first.value());
        clock.advance(Duration.ofSeconds(1));
        AccessToken second = leases.renew(handle);
        assertThat(second).isNotEqualTo(first);
        assertThat(leases.renew(handle)).as("at the same time").isEqualTo(second);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.tokenCount()).isZero();
    }

    @Test
    void issueWithoutLease_withExactlyTheMinimumValidity_returnsTheCachedAccessToken() throws Exception {
        AccessToken first = leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        clock.advance(Duration.ofMinutes(50));
        assertThat(leases.issueWithoutLease(handle, TEN_MINUTES, "user")).isEqualTo(first);
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.issueWithoutLease(handle, TEN_MINUTES, "user")).isNotEqualTo(first);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    /** A request without a lease may have renewed the family's access token. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void renewal_withANewerCachedAccessToken_sendsNothing(boolean byTimer) throws Exception {
        Lease lease = open(handle, owner);
        clock.advance(Duration.ofMinutes(45));
        AccessToken newer = leases.issueWithoutLease(handle, Duration.ofMinutes(30), "user");
        assertThat(lease.accessToken()).isNotEqualTo(newer);
        if (byTimer) {
            timer.fire();
        } else {
            lease.refresh();
        }
        assertThat(lease.accessToken()).isEqualTo(newer);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(owner.warnings).isEmpty();
    }

    @Test
    void renew_thatFailsWhileTheAccessTokenIsValid_throws() throws Exception {
        open(handle, owner);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(() -> leases.renew(handle))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("HTTP 429");
    }

    @Test
    void connectionTest_ofAStoredSecret_endsItsSessionUnlessALeaseUsesIt() throws Exception {
        SddcManager server = simulator.sddcManager();
        CredentialHandle stored = sddcUser();
        TokenResult first = leases.connectionTest(stored, true);
        assertThat(leases.connectionTest(stored, true).accessToken()).isNotEqualTo(first.accessToken());
        assertThat(server.openSessions()).isZero();
        assertThat(server.releases()).isEqualTo(2);
        try (Lease lease = open(stored, owner)) {
            clock.advance(Duration.ofSeconds(1));
            leases.connectionTest(stored, true);
            assertThat(leases.connectionTest(unsaved(stored), false)
                            .accessToken()
                            .isAlive(clock.instant()))
                    .isTrue();
            assertThat(server.openSessions()).isEqualTo(1);
            assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        }
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void connectionTest_ofAnUnsavedSecret_leavesNoSessionAndNoRecord() throws Exception {
        CredentialHandle unsaved = unsaved(sddcUser());
        leases.connectionTest(unsaved, false);
        assertThat(simulator.sddcManager().openSessions()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.connectionTest(unsaved, false)).isInstanceOf(TokenUnavailableException.class);
        leases.connectionTest(unsaved, false);
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    /** A loop that refreshes after each 401 sends one request in ten seconds, whether it succeeds or fails. */
    @Test
    void refresh_withinTenSecondsOfAnother_sendsNothing() throws Exception {
        Lease lease = open(handle, owner);
        clock.advance(RenewalPolicy.REFRESH_PAUSE.minusMillis(1));
        AccessToken first = lease.accessToken();
        assertThat(lease.refresh()).isEqualTo(first);
        clock.advance(Duration.ofMillis(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(lease::refresh).hasMessageContaining("HTTP 429");
        clock.advance(RenewalPolicy.REFRESH_PAUSE.minusMillis(1));
        assertThatThrownBy(lease::refresh)
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("less than 10 s ago");
        assertThat(lease.accessToken()).isEqualTo(first);
        clock.advance(Duration.ofMillis(1));
        AccessToken second = lease.refresh();
        assertThat(second).isNotEqualTo(first);
        assertThat(open(handle).refresh()).isEqualTo(second);
        assertThat(simulator.requests()).isEqualTo(3);
        clock.advance(RenewalPolicy.REFRESH_PAUSE);
        assertThat(lease.refresh()).as("after the failure").isNotEqualTo(second);
    }

    /** The same credential, with a step that runs once just before an access token is returned. */
    private static CredentialHandle intercepting(CredentialHandle handle, InterceptingClient.Step step) {
        boolean[] isDone = new boolean[1];
        InterceptingClient client = new InterceptingClient(handle.client(), () -> {
            if (!isDone[0]) {
                isDone[0] = true;
                step.run();
            }
        });
        return new CredentialHandle(handle.name(), handle.location(), handle.token(), client, handle.writer());
    }
}
