package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.CspClientCredentialsClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared requests, errors and shutdown. Tasks are queued until a test runs them. */
class TokenManagerErrorsTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean isShutDown;
    private InterceptingLedger ledger;
    private TokenManager manager;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        ledger = new InterceptingLedger(core.ledger);
        manager = manager(this::enqueue, TestTokenService.MAX_WAIT);
        handle = core.newAccount("ci", "acme");
    }

    private TokenManager manager(Executor requestThreads, Duration timeout) {
        return new TokenManager(
                ledger,
                TestTokenService.HASH,
                requestThreads,
                Runnable::run,
                clock,
                timeout,
                () -> true,
                TokenEventListener.NONE);
    }

    private void enqueue(Runnable task) {
        if (isShutDown) {
            throw new RejectedExecutionException("shut down");
        }
        tasks.add(task);
    }

    @Test
    void secondCaller_ofTheSameLocation_sharesTheRequest() throws Exception {
        CompletableFuture<TokenResult> first = manager.request(handle, ANY);
        CompletableFuture<TokenResult> second = manager.request(handle, ANY);
        runTasks();
        assertThat(second.get().accessToken()).isEqualTo(first.get().accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Otherwise a copy with a former token would get the access token of a running request. */
    @Test
    void secondCaller_withAFormerTokenElsewhere_doesNotShareTheRequest() throws Exception {
        awaitToken();
        clock.advance(Duration.ofHours(2));
        CompletableFuture<TokenResult> original = manager.request(handle, ANY);
        CompletableFuture<TokenResult> copy =
                manager.request(core.handle("copy", handle.client(), handle.token()), ANY);
        runTasks();
        assertThat(original.get().error()).isNull();
        assertThatThrownBy(copy::get).cause().hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void locationsWithTheSameToken_shareTheResult() throws Exception {
        simulator.setRotation("ci", false);
        CompletableFuture<TokenResult> one = manager.request(handle, ANY);
        CompletableFuture<TokenResult> two = manager.request(core.handle("copy", handle.client(), handle.token()), ANY);
        runTasks();
        assertThat(two.get().accessToken()).isEqualTo(one.get().accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(manager.administration().list().get(0).locations()).hasSize(2);
    }

    @Test
    void secondCaller_thatDoesNotAcceptTheResult_sendsItsOwnRequest() throws Exception {
        CompletableFuture<TokenResult> first = manager.request(handle, ANY);
        CompletableFuture<TokenResult> second = manager.request(handle, accessToken -> simulator.requests() > 1);
        assertThat(tasks).hasSize(1);
        runTasks();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(second.get().accessToken()).isNotEqualTo(first.get().accessToken());
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void secondCaller_sharesTheErrorOfTheRequest() throws Exception {
        awaitToken();
        clock.advance(Duration.ofMinutes(50));
        simulator.inject(Fault.STATUS_429);
        CompletableFuture<TokenResult> first = manager.request(handle, accessToken -> false);
        CompletableFuture<TokenResult> second = manager.request(handle, accessToken -> false);
        runTasks();
        assertThat(first.get().error()).hasMessageContaining("HTTP 429");
        assertThat(second.get().error()).isSameAs(first.get().error());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void snapshot_duringARequest_showsIt() throws Exception {
        awaitToken();
        clock.advance(Duration.ofHours(2));
        TokenFamily record = manager.administration().list().get(0);
        assertThat(manager.snapshot().isRequesting(record)).isFalse();
        manager.request(handle, ANY);
        assertThat(manager.snapshot().isRequesting(record)).as("queued").isFalse();
        List<Boolean> sent = new ArrayList<>();
        simulator.setPhaseListener(phase -> {
            try {
                if (phase == RefreshPhase.RECEIVED) {
                    sent.add(manager.snapshot().isRequesting(record));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        runTasks();
        assertThat(sent).containsExactly(true);
        assertThat(manager.snapshot().isRequesting(record)).isFalse();
    }

    @Test
    void await_thatTimesOutInTheQueue_reportsThatNothingWasSent() {
        assertThatThrownBy(() -> manager(this::enqueue, Duration.ZERO).await(handle, ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("no access token after 0 s")
                .hasMessageContaining("was not sent yet");
        runTasks();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void request_duringTheShutdown_isNotSent() throws Exception {
        CredentialHandle user = sddcUser();
        CompletableFuture<TokenResult> result = manager.request(user, ANY);
        runTasks();
        isShutDown = true;
        for (CompletableFuture<TokenResult> late :
                List.of(manager.request(handle, ANY), manager.renew(handle, ANY), manager.renew(user, ANY))) {
            assertThatThrownBy(late::get)
                    .cause()
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("Jenkins is shutting down");
        }
        manager.release(user, result.get().familyId(), () -> true);
        manager.forgetUnsaved(user, id -> true);
        assertThat(simulator.requests()).isEqualTo(1);
        isShutDown = false;
        awaitToken();
    }

    @Test
    void queuedRequest_duringTheShutdown_isNotSent() throws Exception {
        CompletableFuture<TokenResult> late = manager.request(handle, ANY);
        manager.shutdown();
        runTasks();
        assertThatThrownBy(late::get).cause().hasMessageContaining("Jenkins is shutting down");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void unexpectedFailure_isReportedAndARotatingTokenNotSentAgain(boolean rotates) throws Exception {
        int[] sent = new int[1];
        TokenClient broken = new TestClient(handle.client().account(), rotates, secret -> {
            sent[0]++;
            throw new IllegalStateException("a bug");
        });
        CredentialHandle failingHandle = core.handle("ci", broken, handle.token());
        TokenManager direct = manager(Runnable::run, TestTokenService.MAX_WAIT);
        for (int i = 0; i < 2; i++) {
            String message = i == 1 && rotates ? "it is not known whether" : "a bug. Please report it";
            assertThatThrownBy(() -> direct.await(failingHandle, ANY))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("unexpected failure: java.lang.IllegalStateException")
                    .hasMessageContaining(message);
        }
        assertThat(sent[0]).isEqualTo(rotates ? 1 : 2);
        assertThat(direct.administration().list()).hasSize(rotates ? 1 : 0);
    }

    @Test
    void unexpectedFailure_isReportedToTheListener() {
        List<String> events = new ArrayList<>();
        TokenEventListener listener = new TokenEventListener() {
            @Override
            public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
                events.add(after.state() + " " + cause.errorType() + ' ' + took);
            }
        };
        TokenClient slow = new TestClient(handle.client().account(), secret -> {
            clock.advance(Duration.ofSeconds(3));
            throw new IllegalStateException("a bug");
        });
        manager = TestTokenService.manager(ledger, clock, listener);
        assertThatThrownBy(() -> manager.await(core.handle("ci", slow, handle.token()), ANY))
                .isInstanceOf(TokenUnavailableException.class);
        assertThat(events).containsExactly("UNKNOWN OUTCOME_UNKNOWN PT3S");
    }

    @Test
    void listener_isNotifiedOfEachRequestAndOfAnInterruptedOne() throws Exception {
        List<String> events = new ArrayList<>();
        TokenEventListener listener = new TokenEventListener() {
            @Override
            public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                events.add(
                        before.tokens().generation() + " to " + after.tokens().generation());
            }

            @Override
            public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
                events.add(after.state() + " " + cause.errorType());
            }
        };
        manager = TestTokenService.manager(ledger, clock, listener);
        assertThat(manager.listener()).isSameAs(listener);
        assertThat(manager.await(handle, ANY).rotated()).isTrue();
        simulator.setRotation("ci", false);
        clock.advance(Duration.ofHours(2));
        assertThat(manager.await(handle, ANY).rotated()).isFalse();
        simulator.inject(Fault.STATUS_429);
        assertThat(manager.await(handle, accessToken -> false).error()).isNotNull();
        core.ledger.save(manager.administration().list().get(0).requesting(clock.instant()));
        assertThat(manager.await(handle, accessToken -> false).error()).isNull();
        assertThat(events).containsExactly("0 to 1", "1 to 1", "READY THROTTLED", "READY OUTCOME_UNKNOWN", "1 to 1");
    }

    @Test
    void renew_usesTheCurrentlyStoredSecret() throws Exception {
        String entered = simulator.addAccount("entered", "acme");
        CredentialWriter store = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean force) {}

            @Override
            public String stored(Account account) {
                return entered;
            }
        };
        CompletableFuture<TokenResult> renewed = manager.renew(core.handle("ci", "acme", handle.token(), store), ANY);
        runTasks();
        assertThat(renewed.get().accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
        assertThat(simulator.currentToken("entered")).isNotEqualTo(entered);
        assertThat(simulator.currentToken("ci")).isEqualTo(handle.token());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void forgetUnsaved_endsTheSessionUnlessItIsUsed(boolean used) throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        CredentialHandle unsaved = new CredentialHandle(
                "unsaved",
                CredentialLocation.ofUnsaved("system"),
                "password",
                core.sddcManager("svc@vsphere.local"),
                (family, token, force) -> {});
        TokenResult result = await(unsaved);
        manager.forgetUnsaved(unsaved, id -> !used);
        runTasks();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(used ? 1 : 0);
        assertThat(manager.isReleased(result)).isTrue();
        await(unsaved);
        assertThat(simulator.requests())
                .as("release and renewal are requests, too")
                .isEqualTo(used ? 2 : 3);
    }

    @Test
    void token_thatWasNotSent_isSentByTheNextRequest() throws Exception {
        boolean[] down = {true};
        TokenClient flaky = new TestClient(handle.client().account(), secret -> {
            if (down[0]) {
                throw new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "down", null);
            }
            return handle.client().requestToken(secret);
        });
        CredentialHandle failingHandle = core.handle("ci", flaky, handle.token());
        assertThatThrownBy(() -> await(failingHandle)).hasMessageContaining("nothing was sent");
        down[0] = false;
        await(failingHandle);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void await_withoutASecret_reportsIt() {
        CredentialHandle user = core.handle("user", core.sddcManager("svc@vsphere.local"), " ");
        assertThatThrownBy(() -> await(user))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("it stores no secret. Enter it in the credential.");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void await_forAPublicApp_needsNoSecret() throws Exception {
        assertThat(await(publicApp()).accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
    }

    /** The token is empty before an account is authorized, and so is the secret of a public app. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void emptyToken_belongsToNoFamily(boolean newerFormat) throws Exception {
        TokenFamily record = manager.administration()
                .authorized(
                        handle.client().account(), handle.location(), "", simulator.addAccount("two", "acme"), null);
        if (newerFormat) {
            Path file = directory.resolve(record.id() + ".json");
            Files.writeString(file, Files.readString(file).replace("\"format\" : 1", "\"format\" : 2"));
            manager = manager(this::enqueue, TestTokenService.MAX_WAIT);
        }
        CredentialHandle app = publicApp();
        await(app);
        assertThat(simulator.accessTokens()).hasSize(1);
        assertThat(manager.snapshot().findUnreadable(app.client().account(), app.token()))
                .as("what the health page shows")
                .isNull();
    }

    private CredentialHandle publicApp() {
        simulator.cloudServices().addApp("public", "", "organization");
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App("public", "", 0);
        TokenClient service = new CspClientCredentialsClient(
                core.client(), new Account(CspApiTokenClient.SYSTEM, simulator.url(), "", app.account()), app);
        return core.handle("app", TestTokenService.withRetries(service), "");
    }

    @Test
    void await_withAnUnreadableLedger_reportsTheCause() throws Exception {
        ledger.beforeRead = id -> {
            throw new IOException("stale file handle");
        };
        for (String token : List.of("", handle.token())) {
            assertThatThrownBy(() -> await(core.handle("ci", handle.client(), token)))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("the record of its tokens cannot be used (stale file handle)");
        }
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void request_afterItsFamilyWasForgotten_isNotSent() throws Exception {
        TokenFamily record = manager.administration()
                .authorized(handle.client().account(), handle.location(), "", handle.token(), null);
        CompletableFuture<TokenResult> late = manager.request(core.handle("ci", handle.client(), ""), ANY);
        manager.administration().forget(record.id());
        runTasks();
        assertThatThrownBy(late::get).cause().hasMessageContaining("it stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
        assertThat(manager.administration().list()).isEmpty();
    }

    @Test
    void formerToken_isNotSentForAnotherOrganization() throws Exception {
        awaitToken();
        CredentialHandle moved = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void nonRotatingToken_isSentForAnotherOrganization() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.setRotation("ci", false);
        awaitToken();
        CredentialHandle moved = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("rejects the stored refresh token");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    /** The server may have rotated the token, independent of the organization. */
    @Test
    void token_withUnknownOutcome_isNotSentForAnotherOrganization() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> awaitToken()).hasMessageContaining("may have replaced");
        CredentialHandle sameOrganization = core.handle("ci", core.service("ACME"), handle.token());
        assertThatThrownBy(() -> await(sameOrganization)).hasMessageContaining("it is not known whether");
        CredentialHandle otherOrganization = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(otherOrganization))
                .hasMessageContaining("organization ‘acme’")
                .hasMessageContaining("organization ‘globex’")
                .hasMessageContaining("the outcome is unknown");
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        manager.administration()
                .allowRetry(manager.administration().list().get(0).id());
        assertThatThrownBy(() -> await(core.handle("ci", core.service("globex"), handle.token())))
                .hasMessageContaining("rejects the stored refresh token");
    }

    @Test
    void failure_afterTheResponseWasSaved_keepsTheResponse() throws Exception {
        boolean[] broken = {true};
        TokenClient failing = new TokenClient() {
            @Override
            public Account account() {
                return handle.client().account();
            }

            @Override
            public TokenResponse requestToken(String secret) throws TokenRequestException {
                return handle.client().requestToken(secret);
            }

            @Override
            public String warning(AccessToken accessToken) {
                if (broken[0]) {
                    throw new IllegalStateException("not foreseen");
                }
                return null;
            }
        };
        CredentialHandle failingHandle = core.handle("ci", failing, handle.token());
        assertThatThrownBy(() -> await(failingHandle)).isInstanceOf(IllegalStateException.class);
        TokenFamily record = manager.administration().list().get(0);
        assertThat(record.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        broken[0] = false;
        await(failingHandle);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void request_whileTheLedgerCannotBeWritten_returnsTheValidAccessToken() throws Exception {
        AccessToken first = await(handle).accessToken();
        clock.advance(Duration.ofMinutes(50));
        ledger.beforeSave = id -> {
            throw new IOException("No space left on device");
        };
        CompletableFuture<TokenResult> wanted = manager.request(handle, accessToken -> false);
        runTasks();
        assertThat(wanted.get().accessToken()).isEqualTo(first);
        assertThat(wanted.get().error()).hasMessageContaining("No space left on device");
        clock.advance(Duration.ofMinutes(20));
        assertThatThrownBy(() -> awaitToken()).hasMessageContaining("No space left on device");
        assertThat(simulator.requests()).isEqualTo(1);
        ledger.beforeSave = id -> {};
        awaitToken();
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    /** Jenkins may shut down before another request of that family. */
    @Test
    void saveUnsaved_afterAFullDisk_savesTheResponse() throws Exception {
        int[] saves = {0};
        ledger.beforeSave = id -> {
            if (saves[0]++ > 0) {
                throw new IOException("No space left on device");
            }
        };
        assertThatThrownBy(() -> awaitToken()).hasMessageContaining("No space left on device");
        manager.administration().saveUnsaved();
        assertThat(manager.administration().list().get(0).state()).isEqualTo(TokenFamily.Status.REQUESTING);
        ledger.beforeSave = id -> {};
        manager.administration().saveUnsaved();
        TokenFamily record = manager.administration().list().get(0);
        assertThat(record.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        int after = ledger.saveCount;
        manager.administration().saveUnsaved();
        assertThat(ledger.saveCount).isEqualTo(after);
    }

    @Test
    void familyForgottenDuringAResponse_stillReturnsTheAccessToken() throws Exception {
        List<String> written = new ArrayList<>();
        ledger.afterUnlock = id -> {
            ledger.afterUnlock = again -> {};
            manager.administration().forget(id);
        };
        TokenResult result =
                await(core.handle("ci", "acme", handle.token(), (family, token, force) -> written.add(token)));
        assertThat(result.accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
        assertThat(written).isEmpty();
    }

    @Test
    void release_ofAForgottenFamily_endsItsSession() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        manager.administration().forget(result.familyId());
        assertThat(manager.isReleased(result)).isTrue();
        manager.release(user, result.familyId(), () -> false);
        runTasks();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
        manager.release(user, result.familyId(), () -> true);
        runTasks();
        assertThat(simulator.sddcManager().openSessions()).isZero();
        manager.release(user, result.familyId(), () -> true);
        assertThat(tasks).isEmpty();
    }

    @Test
    void release_ofAUsedAccessToken_doesNothing() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        manager.release(user, result.familyId(), () -> false);
        runTasks();
        assertThat(manager.isReleased(result)).isFalse();
        assertThat(await(user).accessToken()).isEqualTo(result.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(simulator.sddcManager().releases()).isZero();
        manager.release(user, result.familyId(), () -> true);
        runTasks();
        assertThat(manager.isReleased(result)).isTrue();
        assertThat(await(user).accessToken()).isNotEqualTo(result.accessToken());
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
    }

    /** A lease must not keep a revoked access token because another lease has the next one. */
    @Test
    void isReleased_afterAnotherCallerGotTheNextAccessToken_isTrue() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult revoked = await(user);
        manager.release(user, revoked.familyId(), () -> true);
        runTasks();
        TokenResult next = await(user);
        assertThat(manager.isReleased(revoked)).isTrue();
        assertThat(manager.isReleased(next)).isFalse();
    }

    @Test
    void release_onAnInterruptedThread_keepsTheInterrupt() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        ledger.beforeLock = id -> {
            throw new InterruptedException();
        };
        manager.release(user, result.familyId(), () -> true);
        runTasks();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "REJECTED, rejected earlier",
        "UNKNOWN, it is not known whether",
        "REQUESTING, Jenkins stopped while the refresh token was on its way"
    })
    void validAccessToken_isReturnedInEachFailingState(TokenFamily.Status state, String error) throws Exception {
        awaitToken();
        TokenFamily record = manager.administration().list().get(0);
        core.ledger.save(
                switch (state) {
                    case REJECTED -> record.rejected("refused", clock.instant());
                    case UNKNOWN ->
                        record.unknown("lost", clock.instant(), clock.instant().plus(TestTokenService.MAX_WAIT));
                    default -> record.requesting(clock.instant());
                });
        CompletableFuture<TokenResult> result = manager.request(handle, accessToken -> false);
        runTasks();
        assertThat(result.get().error()).hasMessageContaining(error);
        assertThat(result.get().accessToken()).isEqualTo(record.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofHours(1));
        if (state == TokenFamily.Status.REJECTED) {
            assertThatThrownBy(this::awaitToken).isInstanceOf(TokenUnavailableException.class);
            assertThat(simulator.requests()).isEqualTo(1);
        } else {
            awaitToken();
            assertThat(simulator.requests()).isEqualTo(2);
        }
    }

    /** For example, forcing the directory failed: the record has the request, which was not sent. */
    @Test
    void request_savedButNotSent_isSentLater() throws Exception {
        ledger.afterSave = id -> {
            throw new IOException("directory");
        };
        CompletableFuture<TokenResult> failed = manager.request(handle, ANY);
        runTasks();
        assertThatThrownBy(failed::get).cause().hasMessageContaining("directory");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(TokenFamily::state)
                .isEqualTo(TokenFamily.Status.REQUESTING);
        ledger.afterSave = id -> {};
        awaitToken();
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(TokenFamily::state)
                .isEqualTo(TokenFamily.Status.READY);
    }

    @Test
    void request_savedByAnotherProcessAfterAFailedOne_isNotSentAgain() throws Exception {
        ledger.afterSave = id -> {
            throw new IOException("directory");
        };
        CompletableFuture<TokenResult> failed = manager.request(handle, ANY);
        runTasks();
        assertThat(failed).isCompletedExceptionally();
        ledger.afterSave = id -> {};
        clock.advance(Duration.ofSeconds(1));
        core.ledger.save(core.ledger.loadAll().get(0).requesting(clock.instant()));
        assertThatThrownBy(this::awaitToken)
                .hasMessageContaining("Jenkins stopped while the refresh token was on its way");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void rejectedPasswords_areLimitedAndExpire() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        for (int i = 0; i < 2 * TokenFamilyStore.MAX_REJECTED; i++) {
            String wrong = "wrong-" + i;
            CredentialHandle unsaved = new CredentialHandle(
                    "unsaved",
                    CredentialLocation.ofUnsaved("user:" + i),
                    wrong,
                    core.sddcManager("svc@vsphere.local"),
                    (family, token, force) -> {});
            assertThatThrownBy(() -> await(unsaved)).isInstanceOf(Exception.class);
            manager.forgetUnsaved(unsaved, id -> true);
            runTasks();
        }
        assertThat(manager.administration().countInMemory()).isEqualTo(TokenFamilyStore.MAX_REJECTED);
        clock.advance(TokenManager.REJECTION_RETRY_DELAY.plusSeconds(1));
        manager.administration().removeOrphans((location, account) -> null);
        assertThat(manager.administration().countInMemory()).isZero();
    }

    @Test
    void replacedPassword_isForgotten() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        await(core.handle("user", core.sddcManager("svc@vsphere.local"), "password"));
        simulator.sddcManager().addUser("svc@vsphere.local", "changed");
        await(core.handle("user", core.sddcManager("svc@vsphere.local"), "changed"));
        assertThat(manager.administration().countInMemory()).isEqualTo(1);
    }

    @Test
    void request_ofAnOrphanedFamily_clearsTheOrphanTime() throws Exception {
        awaitToken();
        manager.administration().removeOrphans((location, account) -> null);
        clock.advance(Duration.ofHours(2));
        assertThat(manager.administration().list().get(0).orphaned()).isNotNull();
        awaitToken();
        TokenFamily record = manager.administration().list().get(0);
        assertThat(record.orphaned()).isNull();
        assertThat(record.locations()).containsExactly(handle.location());
    }

    @Test
    void newLocation_ofAFamilyWithAValidAccessToken_isSaved() throws Exception {
        awaitToken();
        String current = simulator.currentToken("ci");
        CredentialLocation copy = new CredentialLocation("folder:a", "copy");
        await(new CredentialHandle("copy", copy, current, handle.client(), handle.writer()));
        await(new CredentialHandle("copy", copy, current, handle.client(), handle.writer()));
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(manager.administration().list().get(0).locations())
                .containsExactlyInAnyOrder(copy, handle.location());
        assertThat(ledger.saveCount).as("requesting, granted, bound").isEqualTo(3);
    }

    private CredentialHandle sddcUser() {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        return core.handle("user", core.sddcManager("svc@vsphere.local"), "password");
    }

    private void awaitToken() throws Exception {
        await(handle);
    }

    private TokenResult await(CredentialHandle credential) throws Exception {
        CompletableFuture<TokenResult> result = manager.request(credential, ANY);
        runTasks();
        assertThat(result).isDone();
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
