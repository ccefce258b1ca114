package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.VcfaTenantTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
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

/**
 * What open blocks see of a server that fails, of Jenkins going down, and of others that come and go at the worst
 * moment. Everything happens on the test's own thread.
 */
class LeaseManagerErrorsTest extends LeaseTestBase {

    private Runnable whenReturned = () -> {};
    private Runnable whenRenewed = () -> {};
    private boolean goingDown;
    private LeaseManager leases;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        Executor here = task -> {
            if (goingDown) {
                throw new RejectedExecutionException("going down");
            }
            task.run();
        };
        TokenListener listener = new TokenListener() {
            @Override
            public void leaseClosed(TokenIssuedEvent handout) {
                whenReturned.run();
            }

            @Override
            public void renewed(TokenIssuedEvent handout) {
                whenRenewed.run();
            }
        };
        TokenManager families = new TokenManager(
                core.ledger, TestTokenService.HASH, here, here, clock, TestTokenService.PLENTY, () -> true, listener);
        leases = leases(families);
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void open_withAFailedRequestAndAValidAccessToken_warns() throws Exception {
        leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        clock.advance(Duration.ofMinutes(55));
        simulator.inject(Fault.STATUS_429);
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        assertThat(lease.accessToken().remaining(clock.instant())).isEqualTo(Duration.ofMinutes(5));
        assertThat(block.warnings)
                .singleElement()
                .asString()
                .contains("HTTP 429")
                .endsWith("The current access token expires at 2026-01-01T01:00:00Z.");
    }

    @Test
    void open_withAnAccessTokenOfAnotherOrganization_warns() throws Exception {
        simulator.setClaimedOrganization("globex");
        leases.open(handle, TEN_MINUTES, block);
        assertThat(block.warnings).singleElement().asString().contains("‘globex’", "‘acme’");
    }

    @Test
    void open_withoutAnError_warnsOfNothing() throws Exception {
        leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(block.warnings).isEmpty();
    }

    @Test
    void whatIsLeftCountsDownToItsEndAndTriesGoOnAfterIt() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        for (int minutes : new int[] {45, 14, 2}) {
            clock.advance(Duration.ofMinutes(minutes));
            simulator.inject(Fault.STATUS_403);
            timer.fire();
        }
        assertThat(block.warnings).hasSize(3);
        assertThat(block.warnings.get(0))
                .startsWith("Renewal failed. The current access token expires in 900 s; retrying. Credential ‘ci’")
                .contains("HTTP 403");
        assertThat(block.warnings.get(1)).endsWith("The current access token expires in 60 s; retrying.");
        assertThat(block.warnings.get(2)).endsWith("The current access token has expired.");
        assertThat(timer.pauses)
                .containsExactly(
                        Duration.ofMinutes(45), Duration.ofMinutes(1), Duration.ofSeconds(20), Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(timer.pending()).isEqualTo(1);
    }

    /** A server may end the older one with the newer one; and asking for a longer one in vain would rotate the account. */
    @Test
    void shorterAccessToken_replacesTheOlderOneAndIsRenewedInTime() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.setLifetime(Duration.ofMinutes(5));
        timer.fire();
        AccessToken shorter = lease.accessToken();
        assertThat(shorter.expiresAt()).isBefore(first.expiresAt());
        assertThat(block.expected).containsExactly(first, shorter);
        assertThat(block.warnings).isEmpty();
        assertThat(timer.pauses).endsWith(Duration.ofMinutes(5).multipliedBy(3).dividedBy(4));
        assertThat(timer.pending()).isEqualTo(1);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        AccessToken asked = lease.refresh();
        assertThat(asked).isNotEqualTo(shorter);
        assertThat(simulator.grants()).isEqualTo(3);
    }

    @Test
    void warning_ofTheSameFailure_isShortUntilItChanges() throws Exception {
        leases.open(handle, TEN_MINUTES, block);
        fail(Duration.ofMinutes(45), Fault.STATUS_403);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        RecordingLeaseOwner late = new RecordingLeaseOwner();
        leases.open(handle, Duration.ZERO, late);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        assertThat(block.warnings).hasSize(3);
        assertThat(block.warnings.get(0)).contains("HTTP 403", "expires in 900 s");
        assertThat(block.warnings.get(1))
                .isEqualTo(
                        "Renewal failed again, for the same reason. The current access token expires in 840 s; retrying.");
        assertThat(block.warnings.get(2)).endsWith("in 780 s; retrying.");
        assertThat(late.warnings).singleElement().asString().contains("HTTP 403");
        fail(Duration.ofMinutes(1), Fault.STATUS_429);
        assertThat(block.warnings.get(3)).contains("HTTP 429");
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(block.warnings).hasSize(4);
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(block.warnings.get(4)).as("after it worked").contains("HTTP 429");
    }

    private void fail(Duration later, Fault fault) {
        clock.advance(later);
        simulator.inject(fault);
        timer.fire();
    }

    @Test
    void ownerThatThrows_hasNoEffectOnOthers() throws Exception {
        LeaseOwner throwing = new LeaseOwner() {
            @Override
            public String who() {
                return "throwing";
            }

            @Override
            public void beforePublish(AccessToken accessToken) {}

            @Override
            public void warn(String message) {
                throw new IllegalStateException("a foreign filter of the log");
            }
        };
        leases.open(handle, TEN_MINUTES, throwing);
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(block.warnings).hasSize(1);
        assertThat(timer.pending()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
    }

    /** What cannot be masked must not be seen, and is tried again. */
    @Test
    void ownerThatCannotMaskAnAccessToken_doesNotGetIt() throws Exception {
        boolean[] broken = new boolean[1];
        LeaseOwner throwing = new LeaseOwner() {
            @Override
            public String who() {
                return "throwing";
            }

            @Override
            public void beforePublish(AccessToken accessToken) {
                if (broken[0]) {
                    throw new IllegalStateException("out of memory, perhaps");
                }
            }

            @Override
            public void warn(String message) {}
        };
        Lease lease = leases.open(handle, TEN_MINUTES, throwing);
        AccessToken first = lease.accessToken();
        broken[0] = true;
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.accessToken()).isEqualTo(first);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(1));
        broken[0] = false;
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.grants()).as("the one that could not be masked").isEqualTo(2);
    }

    @Test
    void listenerThatThrows_hasNoEffect() throws Exception {
        whenRenewed = () -> {
            throw new IllegalStateException("an observer");
        };
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(timer.pending()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        assertThat(lease.refresh()).isNotEqualTo(first);
        clock.advance(Duration.ofMinutes(55));
        leases.open(handle, TEN_MINUTES, block).close();
        whenReturned = whenRenewed;
        lease.close();
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.pending()).isZero();
    }

    /** It has no block to close, and is good until it expires. */
    @Test
    void anAccessTokenForOnceOutlivesTheLastBlock() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease lease = leases.open(sddcUser(), TEN_MINUTES, block);
        AccessToken once = leases.issueWithoutLease(sddcUser(), TEN_MINUTES, "user");
        lease.close();
        assertThat(server.isOpen(once.value())).isTrue();
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.pauses).endsWith(Duration.ofHours(1));
        clock.advance(Duration.ofHours(1));
        timer.fire();
        assertThat(server.openSessions()).as("when it has expired").isZero();
    }

    /** Timers count on while a machine is suspended, or do not; the wall clock tells when an access token ends. */
    @Test
    void reading_afterTwoHoursInWhichNoTimerRan_renewsAtOnce() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofHours(2));
        // The renewal runs on this thread.
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        lease.awaitLiving(TEN_MINUTES);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(timer.pending()).isEqualTo(1);
    }

    @Test
    void renewOverdue_afterTwoHoursInWhichNoTimerRan_renewsWhatNothingReads() throws Exception {
        leases.open(handle, TEN_MINUTES, block);
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofHours(2));
        leases.renewOverdue();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(block.expected).hasSize(2);
    }

    @Test
    void reading_whileTheServerFailsAfterASuspend_asksItNoMoreOftenThanTheTimer() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_403);
        for (int i = 0; i < 5; i++) {
            lease.awaitLiving(TEN_MINUTES);
            assertThat(lease.accessToken().isAlive(clock.instant())).isFalse();
        }
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(2));
        lease.awaitLiving(TEN_MINUTES);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
    }

    @Test
    void reading_ofAnAccessTokenWhoseTimerIsALittleLate_renewsNothing() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45).plus(RenewalPolicy.OVERDUE));
        lease.accessToken();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofMillis(1));
        lease.accessToken();
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void renewChanged_whereAnotherTokenIsStored_isHeardByOpenBlocksAtOnce() throws Exception {
        InMemoryCredential store = new InMemoryCredential("folder:a", handle.token());
        Lease lease = leases.open(store.handle(core.service("acme")), TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        assertThat(store.get()).as("written back").isEqualTo(simulator.currentToken("ci"));
        leases.renewChanged(location -> true);
        assertThat(simulator.requests())
                .as("a rotated token is the same family's")
                .isEqualTo(1);
        store.type(simulator.reauthorize("ci"));
        leases.renewChanged(location -> location.context().equals("folder:b"));
        assertThat(lease.accessToken()).isEqualTo(first);
        leases.renewChanged(location -> location.context().equals("folder:a"));
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.requests()).isEqualTo(2);
        leases.renewChanged(location -> true);
        assertThat(simulator.requests()).isEqualTo(2);
        lease.close();
        store.type(simulator.reauthorize("ci"));
        leases.renewChanged(location -> true);
        assertThat(simulator.requests()).as("no lease is open").isEqualTo(2);
    }

    @Test
    void renewChanged_ofAProviderWhoseTokenRotated_leavesItsOrganizationsTokensAlone() throws Exception {
        simulator.tenants().add("acme");
        InMemoryCredential store = new InMemoryCredential("system", simulator.addAccount("provider", "System"));
        Account owner = new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme");
        CredentialHandle provider =
                new CredentialHandle("sa", store.location(), store.get(), core.service("System"), store);
        CredentialHandle tenant =
                provider.derive(() -> TestTokenService.patient(new VcfaTenantTokenClient(core.client(), owner)));
        Lease lease = leases.open(tenant, TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        assertThat(store.get()).isEqualTo(simulator.currentToken("provider"));
        leases.renewChanged(location -> true);
        assertThat(simulator.rotations()).isEqualTo(1);
        assertThat(lease.accessToken()).isEqualTo(first);
        store.type(simulator.reauthorize("provider"));
        clock.advance(Duration.ofSeconds(1));
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(simulator.rotations()).isEqualTo(2);
        leases.renewChanged(location -> true);
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    @Test
    void renewal_duringTheShutdown_warnsOfIt() throws Exception {
        leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        goingDown = true;
        timer.fire();
        assertThat(block.warnings).singleElement().asString().contains("Jenkins is shutting down");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void renewal_whenTheStoreCannotBeRead_warnsOfIt() throws Exception {
        CredentialWriter broken = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Account account) {
                throw new IllegalStateException("the store is gone");
            }
        };
        leases.open(core.handle("ci", "acme", handle.token(), broken), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(block.warnings).singleElement().asString().endsWith(" the store is gone");
        assertThat(timer.pending()).isEqualTo(1);
    }

    @Test
    void aBlockOpensAndClosesWithoutATimer() throws Exception {
        timer.shutdownNow();
        Lease lease = leases.open(handle, TEN_MINUTES, block);
        assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        lease.close();
        assertThat(leases.accessTokens()).isZero();
    }

    @Test
    void aTimerThatComesTooLateRenewsNothing() throws Exception {
        leases.open(handle, TEN_MINUTES, block).close();
        clock.advance(Duration.ofMinutes(45));
        timer.fireWhateverCame();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aBlockThatClosesDuringItsRenewalLeavesNoTimerBehind() throws Exception {
        Lease[] open = new Lease[1];
        simulator.setWitness(moment -> {
            if (open[0] != null) {
                open[0].close();
            }
        });
        open[0] = leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.pauses).hasSize(1);
        assertThat(timer.pending()).isZero();
    }

    @Test
    void aBlockThatOpensOnAnOlderAccessTokenGetsTheSharedOne() throws Exception {
        Lease first = leases.open(sddcUser(), TEN_MINUTES, new RecordingLeaseOwner());
        CredentialHandle late = during(sddcUser(), () -> {
            clock.advance(Duration.ofMinutes(1));
            first.refresh();
        });
        Lease second = leases.open(late, TEN_MINUTES, block);
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        assertThat(block.expected).containsExactly(first.accessToken());
        assertThat(simulator.sddcManager().renewals()).isEqualTo(1);
    }

    /** Between leaving and being forgotten, the last one's access token is still there to be found. */
    @Test
    void aBlockThatOpensAsTheLastOneLeavesSharesNothingWithIt() throws Exception {
        CredentialHandle user = sddcUser();
        SddcManager server = simulator.sddcManager();
        Lease first = leases.open(user, TEN_MINUTES, new RecordingLeaseOwner());
        Lease[] second = new Lease[1];
        whenReturned = () -> {
            whenReturned = () -> {};
            try {
                second[0] = leases.open(user, TEN_MINUTES, block);
            } catch (TokenUnavailableException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        first.close();
        assertThat(leases.list()).singleElement().satisfies(lease -> {
            assertThat(lease.location()).isEqualTo(user.location());
            assertThat(lease.owner()).isEqualTo(block.who());
        });
        assertThat(server.isOpen(second[0].accessToken().value())).isTrue();
        clock.advance(Duration.ofMinutes(45));
        AccessToken before = second[0].accessToken();
        timer.fire();
        assertThat(second[0].accessToken()).isNotEqualTo(before);
        second[0].close();
        assertThat(leases.accessTokens()).isZero();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void aBlockThatGetsNoAccessTokenOfItsOwnHoldsNothing() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease first = leases.open(sddcUser(), TEN_MINUTES, new RecordingLeaseOwner());
        CredentialHandle late = during(sddcUser(), () -> {
            first.close();
            assertThat(server.openSessions()).isZero();
            server.addUser(USER, "changed-meanwhile");
        });
        assertThatThrownBy(() -> leases.open(late, TEN_MINUTES, block))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("rejected the credentials");
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.pending()).isZero();
    }

    @Test
    void renew_withoutAnyLease_requestsAnAccessToken() throws Exception {
        AccessToken first = leases.issueWithoutLease(handle, TEN_MINUTES, "user");
        assertThat(simulator.accessTokens()).containsExactly(first.value());
        clock.advance(Duration.ofSeconds(1));
        AccessToken second = leases.renew(handle);
        assertThat(second).isNotEqualTo(first);
        assertThat(leases.renew(handle)).as("asked for at the same moment").isEqualTo(second);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.accessTokens()).isZero();
    }

    @Test
    void whatIsLeftIsEnoughToTheSecond() throws Exception {
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
        Lease lease = leases.open(handle, TEN_MINUTES, block);
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
        assertThat(block.warnings).isEmpty();
    }

    @Test
    void aRenewalThatBroughtNothingIsAFailureWhateverIsLeft() throws Exception {
        leases.open(handle, TEN_MINUTES, block);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(() -> leases.renew(handle))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("HTTP 429");
    }

    @Test
    void aTrialOfAStoredSecretEndsItsSessionUnlessABlockHasIt() throws Exception {
        SddcManager server = simulator.sddcManager();
        CredentialHandle stored = sddcUser();
        TokenResult tried = leases.connectionTest(stored, true);
        assertThat(leases.connectionTest(stored, true).accessToken()).isNotEqualTo(tried.accessToken());
        assertThat(server.openSessions()).isZero();
        assertThat(server.releases()).isEqualTo(2);
        try (Lease lease = leases.open(stored, TEN_MINUTES, block)) {
            clock.advance(Duration.ofSeconds(1));
            leases.connectionTest(stored, true);
            assertThat(leases.connectionTest(typed(stored), false).accessToken().isAlive(clock.instant()))
                    .isTrue();
            assertThat(server.openSessions()).isEqualTo(1);
            assertThat(lease.accessToken().isAlive(clock.instant())).isTrue();
        }
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void connectionTest_ofAnUnsavedSecret_leavesNothingBehindWhetherItWorksOrFails() throws Exception {
        CredentialHandle typed = typed(sddcUser());
        leases.connectionTest(typed, false);
        assertThat(simulator.sddcManager().openSessions()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.connectionTest(typed, false)).isInstanceOf(TokenUnavailableException.class);
        leases.connectionTest(typed, false);
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    /** A loop that asks on each 401 gets one exchange in ten seconds, whether it works or not. */
    @Test
    void refresh_withinTenSecondsOfAnother_sendsNothing() throws Exception {
        Lease lease = leases.open(handle, TEN_MINUTES, block);
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
        assertThat(leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner()).refresh())
                .isEqualTo(second);
        assertThat(simulator.requests()).isEqualTo(3);
        clock.advance(RenewalPolicy.REFRESH_PAUSE);
        assertThat(lease.refresh()).as("the failure is forgotten").isNotEqualTo(second);
    }

    /** The same, for whom something happens just before a warm access token is handed out, once. */
    private static CredentialHandle during(CredentialHandle handle, InterceptingClient.Step step) {
        boolean[] done = new boolean[1];
        InterceptingClient watched = new InterceptingClient(handle.client(), () -> {
            if (!done[0]) {
                done[0] = true;
                step.run();
            }
        });
        return new CredentialHandle(handle.name(), handle.location(), handle.token(), watched, handle.writer());
    }
}
