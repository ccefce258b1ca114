package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.CspClientCredentialsClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
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

/** Who waits for whom, and what is said when nothing comes. What is to be done waits until a test has it done. */
class TokenManagerErrorsTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean goingDown;
    private InterceptingLedger ledger;
    private TokenManager families;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        ledger = new InterceptingLedger(core.ledger);
        families = families(this::later, TestTokenService.PLENTY);
        handle = core.newAccount("ci", "acme");
    }

    private TokenManager families(Executor requestThreads, Duration patience) {
        return new TokenManager(
                ledger,
                TestTokenService.HASH,
                requestThreads,
                Runnable::run,
                clock,
                patience,
                () -> true,
                TokenListener.NONE);
    }

    private void later(Runnable task) {
        if (goingDown) {
            throw new RejectedExecutionException("going down");
        }
        waiting.add(task);
    }

    @Test
    void secondCaller_ofTheSameLocation_sharesTheRequest() throws Exception {
        CompletableFuture<TokenResult> first = families.request(handle, ANY);
        CompletableFuture<TokenResult> second = families.request(handle, ANY);
        work();
        assertThat(second.get().accessToken()).isEqualTo(first.get().accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Otherwise an old copy of the token would get the access token of a request that runs at that time. */
    @Test
    void secondCaller_withAFormerTokenElsewhere_doesNotShareTheRequest() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        CompletableFuture<TokenResult> rightful = families.request(handle, ANY);
        CompletableFuture<TokenResult> thief =
                families.request(core.handle("thief", handle.client(), handle.token()), ANY);
        work();
        assertThat(rightful.get().error()).isNull();
        assertThatThrownBy(thief::get).cause().hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void locationsWithTheSameToken_shareTheResult() throws Exception {
        simulator.setRotation("ci", false);
        CompletableFuture<TokenResult> one = families.request(handle, ANY);
        CompletableFuture<TokenResult> two =
                families.request(core.handle("twin", handle.client(), handle.token()), ANY);
        work();
        assertThat(two.get().accessToken()).isEqualTo(one.get().accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(families.administration().list().get(0).locations()).hasSize(2);
    }

    @Test
    void secondCaller_thatDoesNotAcceptTheResult_sendsItsOwnRequest() throws Exception {
        CompletableFuture<TokenResult> first = families.request(handle, ANY);
        CompletableFuture<TokenResult> second = families.request(handle, accessToken -> simulator.requests() > 1);
        assertThat(waiting).hasSize(1);
        work();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(second.get().accessToken()).isNotEqualTo(first.get().accessToken());
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void secondCaller_sharesTheErrorOfTheRequest() throws Exception {
        ask();
        clock.advance(Duration.ofMinutes(50));
        simulator.inject(Fault.STATUS_429);
        CompletableFuture<TokenResult> first = families.request(handle, accessToken -> false);
        CompletableFuture<TokenResult> second = families.request(handle, accessToken -> false);
        work();
        assertThat(first.get().error()).hasMessageContaining("HTTP 429");
        assertThat(second.get().error()).isSameAs(first.get().error());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void snapshot_duringARequest_showsIt() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        TokenFamily record = families.administration().list().get(0);
        assertThat(families.snapshot().isRequesting(record)).isFalse();
        families.request(handle, ANY);
        assertThat(families.snapshot().isRequesting(record)).as("queued").isFalse();
        List<Boolean> sent = new ArrayList<>();
        simulator.setWitness(moment -> {
            try {
                if (moment == RefreshPhase.RECEIVED) {
                    sent.add(families.snapshot().isRequesting(record));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        work();
        assertThat(sent).containsExactly(true);
        assertThat(families.snapshot().isRequesting(record)).isFalse();
    }

    @Test
    void await_thatTimesOutInTheQueue_saysThatNothingWasSent() {
        assertThatThrownBy(() -> families(this::later, Duration.ZERO).await(handle, ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("no access token after 0 s")
                .hasMessageContaining("was not sent yet");
        work();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void request_duringTheShutdown_isNotSent() throws Exception {
        CredentialHandle user = sddcUser();
        CompletableFuture<TokenResult> result = families.request(user, ANY);
        work();
        goingDown = true;
        for (CompletableFuture<TokenResult> late :
                List.of(families.request(handle, ANY), families.renew(handle, ANY), families.renew(user, ANY))) {
            assertThatThrownBy(late::get)
                    .cause()
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("Jenkins is shutting down");
        }
        families.release(user, result.get().familyId(), () -> true);
        families.forgetUnsaved(user, id -> true);
        assertThat(simulator.requests()).isEqualTo(1);
        goingDown = false;
        ask();
    }

    /** There are more of them than threads. */
    @Test
    void queuedRequest_duringTheShutdown_isNotSent() throws Exception {
        CompletableFuture<TokenResult> late = families.request(handle, ANY);
        families.shutdown();
        work();
        assertThatThrownBy(late::get).cause().hasMessageContaining("Jenkins is shutting down");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void unexpectedFailure_isReportedAndARotatingTokenNotSentAgain(boolean rotates) throws Exception {
        int[] sent = new int[1];
        TokenEndpointClient broken = new TestClient(handle.client().account(), rotates, secret -> {
            sent[0]++;
            throw new IllegalStateException("a bug");
        });
        CredentialHandle unlucky = core.handle("ci", broken, handle.token());
        TokenManager here = families(Runnable::run, TestTokenService.PLENTY);
        for (int i = 0; i < 2; i++) {
            String message = i == 1 && rotates ? "it is not known whether" : "a bug. Please report it";
            assertThatThrownBy(() -> here.await(unlucky, ANY))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("unexpected failure: java.lang.IllegalStateException")
                    .hasMessageContaining(message);
        }
        assertThat(sent[0]).isEqualTo(rotates ? 1 : 2);
        assertThat(here.administration().list()).hasSize(rotates ? 1 : 0);
    }

    @Test
    void unexpectedFailure_isReportedToTheListener() {
        List<String> heard = new ArrayList<>();
        TokenListener listener = new TokenListener() {
            @Override
            public void failed(CredentialHandle of, TokenFamily after, TokenRequestException why, Duration took) {
                heard.add(after.state() + " " + why.tokenError() + ' ' + took);
            }
        };
        TokenEndpointClient slow = new TestClient(handle.client().account(), secret -> {
            clock.advance(Duration.ofSeconds(3));
            throw new IllegalStateException("a bug");
        });
        families = TestTokenService.manager(ledger, clock, listener);
        assertThatThrownBy(() -> families.await(core.handle("ci", slow, handle.token()), ANY))
                .isInstanceOf(TokenUnavailableException.class);
        assertThat(heard).containsExactly("UNKNOWN OUTCOME_UNKNOWN PT3S");
    }

    @Test
    void listener_hearsOfEachRequestAndOfOneThatStopped() throws Exception {
        List<String> heard = new ArrayList<>();
        TokenListener listener = new TokenListener() {
            @Override
            public void granted(CredentialHandle of, TokenFamily before, TokenFamily after, Duration took) {
                heard.add(before.tokens().generation() + " to " + after.tokens().generation());
            }

            @Override
            public void failed(CredentialHandle of, TokenFamily after, TokenRequestException why, Duration took) {
                heard.add(after.state() + " " + why.tokenError());
            }
        };
        families = TestTokenService.manager(ledger, clock, listener);
        assertThat(families.listener()).isSameAs(listener);
        assertThat(families.await(handle, ANY).rotated()).isTrue();
        simulator.setRotation("ci", false);
        clock.advance(Duration.ofHours(2));
        assertThat(families.await(handle, ANY).rotated()).isFalse();
        simulator.inject(Fault.STATUS_429);
        assertThat(families.await(handle, accessToken -> false).error()).isNotNull();
        core.ledger.save(families.administration().list().get(0).requesting(clock.instant()));
        assertThat(families.await(handle, accessToken -> false).error()).isNull();
        assertThat(heard).containsExactly("0 to 1", "1 to 1", "READY THROTTLED", "READY OUTCOME_UNKNOWN", "1 to 1");
    }

    /** A person may have typed another one since the block began. */
    @Test
    void renewal_usesTheSecretThatIsStoredByThen() throws Exception {
        String typed = simulator.addAccount("typed", "acme");
        CredentialWriter store = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Account account) {
                return typed;
            }
        };
        CompletableFuture<TokenResult> renewed = families.renew(core.handle("ci", "acme", handle.token(), store), ANY);
        work();
        assertThat(renewed.get().accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
        assertThat(simulator.currentToken("typed")).isNotEqualTo(typed);
        assertThat(simulator.currentToken("ci")).isEqualTo(handle.token());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWasTriedOutLeavesNoSessionUnlessItIsUsed(boolean used) throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        CredentialHandle typed = new CredentialHandle(
                "typed",
                CredentialLocation.ofUnsaved("system"),
                "password",
                core.sddcManager("svc@vsphere.local"),
                (family, token, again) -> {});
        TokenResult result = await(typed);
        families.forgetUnsaved(typed, id -> !used);
        work();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(used ? 1 : 0);
        assertThat(families.isReleased(result)).isTrue();
        await(typed);
        assertThat(simulator.requests())
                .as("release and renewal are requests, too")
                .isEqualTo(used ? 2 : 3);
    }

    /** Not one byte left, so there is nothing to be uncertain of. */
    @Test
    void aTokenThatWasNotSentIsSentNextTime() throws Exception {
        boolean[] down = {true};
        TokenEndpointClient flaky = new TestClient(handle.client().account(), secret -> {
            if (down[0]) {
                throw new TokenRequestException.NotSent(TokenError.UNREACHABLE, "down", null);
            }
            return handle.client().requestToken(secret);
        });
        CredentialHandle unlucky = core.handle("ci", flaky, handle.token());
        assertThatThrownBy(() -> await(unlucky)).hasMessageContaining("nothing was sent");
        down[0] = false;
        await(unlucky);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aSecretThatIsMissingIsAskedForByItsName() {
        CredentialHandle user = core.handle("user", core.sddcManager("svc@vsphere.local"), " ");
        assertThatThrownBy(() -> await(user))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("it stores no secret. Enter it in the credential.");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void aPublicAppNeedsNone() throws Exception {
        assertThat(await(publicApp()).accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
    }

    /** A credential is empty before its account is authorized, and so is the secret of a public app. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void emptyToken_belongsToNoFamily(boolean newerFormat) throws Exception {
        TokenFamily record = families.administration()
                .authorized(
                        handle.client().account(), handle.location(), "", simulator.addAccount("two", "acme"), null);
        if (newerFormat) {
            Path file = directory.resolve(record.id() + ".json");
            Files.writeString(file, Files.readString(file).replace("\"format\" : 1", "\"format\" : 2"));
            families = families(this::later, TestTokenService.PLENTY);
        }
        CredentialHandle app = publicApp();
        await(app);
        assertThat(simulator.accessTokens()).hasSize(1);
        assertThat(families.snapshot().findUnreadable(app.client().account(), app.token()))
                .as("what the health page shows")
                .isNull();
    }

    private CredentialHandle publicApp() {
        simulator.cloudServices().addApp("public", "", "organization");
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App("public", "", 0);
        TokenEndpointClient service = new CspClientCredentialsClient(
                core.client(), new Account(CspApiTokenClient.SYSTEM, simulator.url(), "", app.account()), app);
        return core.handle("app", TestTokenService.patient(service), "");
    }

    @Test
    void aLedgerThatCannotBeReadIsNamed() throws Exception {
        ledger.contents = id -> {
            throw new IOException("stale file handle");
        };
        for (String token : List.of("", handle.token())) {
            assertThatThrownBy(() -> await(core.handle("ci", handle.client(), token)))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("the record of its tokens cannot be used (stale file handle)");
        }
        assertThat(simulator.requests()).isZero();
    }

    /** An empty token must never be sent: it would found a family of its own. */
    @Test
    void accountForgottenDuringAWait_isNotRequested() throws Exception {
        TokenFamily record = families.administration()
                .authorized(handle.client().account(), handle.location(), "", handle.token(), null);
        CompletableFuture<TokenResult> late = families.request(core.handle("ci", handle.client(), ""), ANY);
        families.administration().forget(record.id());
        work();
        assertThatThrownBy(late::get).cause().hasMessageContaining("it stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
        assertThat(families.administration().list()).isEmpty();
    }

    @Test
    void aTokenSpentInOneOrganizationIsNotSentToAnother() throws Exception {
        ask();
        CredentialHandle moved = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** The server that issued it may see it, whatever organization is asked for. */
    @Test
    void untriedToken_mayBeSentForAnotherOrganization() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.setRotation("ci", false);
        ask();
        CredentialHandle moved = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("refuses the stored refresh token");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    /** What came of it is not known, so the token may be spent, whatever organization a person tries next. */
    @Test
    void aTokenInDoubtIsNotSentForAnotherOrganization() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> ask()).hasMessageContaining("may have rotated");
        CredentialHandle respelled = core.handle("ci", core.service("ACME"), handle.token());
        assertThatThrownBy(() -> await(respelled)).hasMessageContaining("it is not known whether");
        CredentialHandle retyped = core.handle("ci", core.service("globex"), handle.token());
        assertThatThrownBy(() -> await(retyped))
                .hasMessageContaining("organization ‘acme’")
                .hasMessageContaining("organization ‘globex’")
                .hasMessageContaining("not known");
        assertThat(simulator.mostReceived()).isEqualTo(1);
        families.administration()
                .allowRetry(families.administration().list().get(0).id());
        assertThatThrownBy(() -> await(core.handle("ci", core.service("globex"), handle.token())))
                .hasMessageContaining("refuses the stored refresh token");
    }

    /** The token is on disk by then, and the failure of a listener changes nothing there. */
    @Test
    void whatFailsAfterTheAnswerIsStoredLeavesItStored() throws Exception {
        boolean[] broken = {true};
        TokenEndpointClient doubtful = new TokenEndpointClient() {
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
        CredentialHandle unlucky = core.handle("ci", doubtful, handle.token());
        assertThatThrownBy(() -> await(unlucky)).isInstanceOf(IllegalStateException.class);
        TokenFamily record = families.administration().list().get(0);
        assertThat(record.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        broken[0] = false;
        await(unlucky);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Nothing may be sent that cannot be written down first. But an access token that is at hand costs nothing. */
    @Test
    void request_whileTheLedgerCannotBeWritten_returnsTheValidAccessToken() throws Exception {
        AccessToken first = await(handle).accessToken();
        clock.advance(Duration.ofMinutes(50));
        ledger.save = id -> {
            throw new IOException("No space left on device");
        };
        CompletableFuture<TokenResult> wanted = families.request(handle, accessToken -> false);
        work();
        assertThat(wanted.get().accessToken()).isEqualTo(first);
        assertThat(wanted.get().error()).hasMessageContaining("No space left on device");
        clock.advance(Duration.ofMinutes(20));
        assertThatThrownBy(() -> ask()).hasMessageContaining("No space left on device");
        assertThat(simulator.requests()).isEqualTo(1);
        ledger.save = id -> {};
        ask();
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    /** There may be no other request of that family before Jenkins shuts down. */
    @Test
    void whatIsHeldForADiskThatWasFullIsWrittenWithoutBeingAskedFor() throws Exception {
        int[] saves = {0};
        ledger.save = id -> {
            if (saves[0]++ > 0) {
                throw new IOException("No space left on device");
            }
        };
        assertThatThrownBy(() -> ask()).hasMessageContaining("No space left on device");
        families.administration().saveUnsaved();
        assertThat(families.administration().list().get(0).state()).isEqualTo(TokenFamily.Status.REQUESTING);
        ledger.save = id -> {};
        families.administration().saveUnsaved();
        TokenFamily record = families.administration().list().get(0);
        assertThat(record.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        int after = ledger.saves;
        families.administration().saveUnsaved();
        assertThat(ledger.saves).isEqualTo(after);
    }

    @Test
    void familyForgottenDuringAResponse_stillReturnsTheAccessToken() throws Exception {
        List<String> kept = new ArrayList<>();
        ledger.unlocked = id -> {
            ledger.unlocked = again -> {};
            families.administration().forget(id);
        };
        TokenResult result =
                await(core.handle("ci", "acme", handle.token(), (family, token, again) -> kept.add(token)));
        assertThat(result.accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
        assertThat(kept).isEmpty();
    }

    @Test
    void release_ofAForgottenFamily_endsItsSession() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        families.administration().forget(result.familyId());
        assertThat(families.isReleased(result)).isTrue();
        families.release(user, result.familyId(), () -> false);
        work();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
        families.release(user, result.familyId(), () -> true);
        work();
        assertThat(simulator.sddcManager().openSessions()).isZero();
        families.release(user, result.familyId(), () -> true);
        assertThat(waiting).isEmpty();
    }

    @Test
    void release_ofAUsedAccessToken_doesNothing() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        families.release(user, result.familyId(), () -> false);
        work();
        assertThat(families.isReleased(result)).isFalse();
        assertThat(await(user).accessToken()).isEqualTo(result.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(simulator.sddcManager().releases()).isZero();
        families.release(user, result.familyId(), () -> true);
        work();
        assertThat(families.isReleased(result)).isTrue();
        assertThat(await(user).accessToken()).isNotEqualTo(result.accessToken());
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
    }

    /** A lease that opens on the revoked access token must not keep it because another one has the next. */
    @Test
    void isReleased_afterAnotherCallerGotTheNextAccessToken_isTrue() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult revoked = await(user);
        families.release(user, revoked.familyId(), () -> true);
        work();
        TokenResult next = await(user);
        assertThat(families.isReleased(revoked)).isTrue();
        assertThat(families.isReleased(next)).isFalse();
    }

    @Test
    void release_onAnInterruptedThread_keepsTheInterrupt() throws Exception {
        CredentialHandle user = sddcUser();
        TokenResult result = await(user);
        ledger.lock = id -> {
            throw new InterruptedException();
        };
        families.release(user, result.familyId(), () -> true);
        work();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "REJECTED, refused earlier",
        "UNKNOWN, it is not known whether",
        "REQUESTING, Jenkins stopped while the refresh token was on its way"
    })
    void validAccessToken_isReturnedInEachFailingState(TokenFamily.Status state, String error) throws Exception {
        ask();
        TokenFamily record = families.administration().list().get(0);
        core.ledger.save(
                switch (state) {
                    case REJECTED -> record.rejected("refused", clock.instant());
                    case UNKNOWN ->
                        record.unknown("lost", clock.instant(), clock.instant().plus(TestTokenService.PLENTY));
                    default -> record.requesting(clock.instant());
                });
        CompletableFuture<TokenResult> result = families.request(handle, accessToken -> false);
        work();
        assertThat(result.get().error()).hasMessageContaining(error);
        assertThat(result.get().accessToken()).isEqualTo(record.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofHours(1));
        if (state == TokenFamily.Status.REJECTED) {
            assertThatThrownBy(this::ask).isInstanceOf(TokenUnavailableException.class);
            assertThat(simulator.requests()).isEqualTo(1);
        } else {
            ask();
            assertThat(simulator.requests()).isEqualTo(2);
        }
    }

    /** Its directory could not be forced, for example: then the note of the request is there, and no request was sent. */
    @Test
    void aRequestThatWasNotedAndNotSentIsSentLater() throws Exception {
        ledger.saved = id -> {
            throw new IOException("directory");
        };
        CompletableFuture<TokenResult> failed = families.request(handle, ANY);
        work();
        assertThatThrownBy(failed::get).cause().hasMessageContaining("directory");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(TokenFamily::state)
                .isEqualTo(TokenFamily.Status.REQUESTING);
        ledger.saved = id -> {};
        ask();
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(TokenFamily::state)
                .isEqualTo(TokenFamily.Status.READY);
    }

    @Test
    void aNoteOfARequestThatAnotherProcessHasMadeSinceCounts() throws Exception {
        ledger.saved = id -> {
            throw new IOException("directory");
        };
        CompletableFuture<TokenResult> failed = families.request(handle, ANY);
        work();
        assertThat(failed).isCompletedExceptionally();
        ledger.saved = id -> {};
        clock.advance(Duration.ofSeconds(1));
        core.ledger.save(core.ledger.loadAll().get(0).requesting(clock.instant()));
        assertThatThrownBy(this::ask).hasMessageContaining("Jenkins stopped while the refresh token was on its way");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void refusalsOfWhatDoesNotRotateAreForgottenWhenTheyNoLongerCount() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        for (int i = 0; i < 2 * TokenFamilyStore.MAX_REFUSALS; i++) {
            String wrong = "wrong-" + i;
            CredentialHandle typed = new CredentialHandle(
                    "typed",
                    CredentialLocation.ofUnsaved("user:" + i),
                    wrong,
                    core.sddcManager("svc@vsphere.local"),
                    (family, token, again) -> {});
            assertThatThrownBy(() -> await(typed)).isInstanceOf(Exception.class);
            families.forgetUnsaved(typed, id -> true);
            work();
        }
        assertThat(families.administration().countInMemory()).isEqualTo(TokenFamilyStore.MAX_REFUSALS);
        clock.advance(TokenManager.REFUSAL_HOLDS.plusSeconds(1));
        families.administration().removeOrphans((location, account) -> null);
        assertThat(families.administration().countInMemory()).isZero();
    }

    @Test
    void replacedPassword_isForgotten() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        await(core.handle("user", core.sddcManager("svc@vsphere.local"), "password"));
        simulator.sddcManager().addUser("svc@vsphere.local", "changed");
        await(core.handle("user", core.sddcManager("svc@vsphere.local"), "changed"));
        assertThat(families.administration().countInMemory()).isEqualTo(1);
    }

    @Test
    void aCredentialThatIsUsedAgainIsNoOrphan() throws Exception {
        ask();
        families.administration().removeOrphans((location, account) -> null);
        clock.advance(Duration.ofHours(2));
        assertThat(families.administration().list().get(0).orphaned()).isNotNull();
        ask();
        TokenFamily record = families.administration().list().get(0);
        assertThat(record.orphaned()).isNull();
        assertThat(record.locations()).containsExactly(handle.location());
    }

    /** Another process may have done it, and then nothing is exchanged, but the place is remembered. */
    @Test
    void newLocation_ofAFamilyWithAValidAccessToken_isSaved() throws Exception {
        ask();
        String current = simulator.currentToken("ci");
        CredentialLocation copy = new CredentialLocation("folder:a", "copy");
        await(new CredentialHandle("copy", copy, current, handle.client(), handle.writer()));
        await(new CredentialHandle("copy", copy, current, handle.client(), handle.writer()));
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(families.administration().list().get(0).locations())
                .containsExactlyInAnyOrder(copy, handle.location());
        assertThat(ledger.saves).as("in flight, granted, bound").isEqualTo(3);
    }

    private CredentialHandle sddcUser() {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        return core.handle("user", core.sddcManager("svc@vsphere.local"), "password");
    }

    private void ask() throws Exception {
        await(handle);
    }

    private TokenResult await(CredentialHandle who) throws Exception {
        CompletableFuture<TokenResult> result = families.request(who, ANY);
        work();
        assertThat(result).isDone();
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private void work() {
        for (Runnable task = waiting.poll(); task != null; task = waiting.poll()) {
            task.run();
        }
    }
}
