package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TokenManagerTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    /** Content of the credentials store. */
    private final AtomicReference<String> stored = new AtomicReference<>();

    @BeforeEach
    void start() throws Exception {
        stored.set(simulator.addAccount("ci", "acme"));
    }

    @Test
    void await_withAValidAccessToken_sendsNothing_andTheRotatedTokenIsWrittenBack() throws Exception {
        TokenResult first = core.families.await(handle(), ANY);
        TokenResult second = core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void eachLifetime_needsOneRequestAndSendsNoTokenTwice() throws Exception {
        for (int i = 0; i < 5; i++) {
            core.families.await(handle(), ANY);
            core.awaitWriteBacks();
            clock.advance(Duration.ofHours(2));
        }
        assertThat(simulator.rotations()).isEqualTo(5);
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    @Tag("slow")
    void initialToken_afterManyRotations_isStillAccepted() throws Exception {
        String initialToken = stored.get();
        for (int i = 0; i < RefreshTokenHistory.RECENT + 5; i++) {
            core.families.await(handle(), ANY);
            clock.advance(Duration.ofHours(2));
        }
        core.awaitWriteBacks();
        stored.set(initialToken);
        core.close();
        core = new TestTokenService(directory, simulator, clock);
        core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        assertThat(simulator.reuses()).isZero();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    /** A backup or an exported file may restore any token that was ever stored. */
    @Test
    @Tag("slow")
    void formerToken_afterManyRotations_isStillAccepted() throws Exception {
        core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        String exported = stored.get();
        for (int i = 0; i < 2 * RefreshTokenHistory.RECENT; i++) {
            clock.advance(Duration.ofHours(2));
            core.families.await(handle(), ANY);
        }
        core.awaitWriteBacks();
        for (boolean restart : new boolean[] {false, true}) {
            if (restart) {
                core.close();
                core = new TestTokenService(directory, simulator, clock);
            }
            stored.set(exported);
            clock.advance(Duration.ofHours(2));
            core.families.await(handle(), ANY);
            core.awaitWriteBacks();
            assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
            CredentialHandle elsewhere = core.handle("stolen", "acme", exported);
            assertThatThrownBy(() -> core.families.await(elsewhere, ANY))
                    .hasMessageContaining("has already replaced it");
        }
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void await_afterARestart_usesTheAccessTokenOfTheLedger() throws Exception {
        TokenResult before = core.families.await(handle(), ANY);
        core.close();
        core = new TestTokenService(directory, simulator, clock);
        assertThat(core.families.await(handle(), ANY).accessToken()).isEqualTo(before.accessToken());
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void manyCallers_shareOneRequest() throws Exception {
        simulator.setDelay(Duration.ofMillis(200));
        CredentialHandle handle = handle();
        List<CompletableFuture<TokenResult>> all = Stream.generate(() -> core.families.request(handle, ANY))
                .limit(100)
                .toList();
        for (CompletableFuture<TokenResult> one : all) {
            assertThat(one.get().accessToken().value())
                    .isEqualTo(simulator.accessTokens().get(0));
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void twoControllersOnOneHomeDirectory_shareOneRequest() throws Exception {
        simulator.setDelay(Duration.ofMillis(300));
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            CompletableFuture<TokenResult> one = core.families.request(handle(), ANY);
            CompletableFuture<TokenResult> two = other.families.request(handle(), ANY);
            assertThat(one.get().accessToken()).isEqualTo(two.get().accessToken());
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void interruptingACaller_doesNotInterruptTheRequest() throws Exception {
        simulator.setDelay(Duration.ofMillis(500));
        CredentialHandle handle = handle();
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread waiter = new Thread(() -> {
            try {
                core.families.await(handle, ANY);
            } catch (InterruptedException e) {
                interrupted.countDown();
            } catch (TokenUnavailableException e) {
                throw new IllegalStateException(e);
            }
        });
        waiter.start();
        CompletableFuture<TokenResult> request = core.families.request(handle, ANY);
        waiter.interrupt();
        interrupted.await();
        request.get();
        core.awaitWriteBacks();
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void request_isSavedBeforeItIsSent_andTheResponseBeforeItIsReturned() throws Exception {
        List<TokenFamily.Status> states = new ArrayList<>();
        TokenClient real = core.service("acme");
        TokenClient observing = new TestClient(real.account(), secret -> {
            states.add(onDisk().state());
            return real.requestToken(secret);
        });
        CredentialHandle handle = new CredentialHandle(
                "ci", new CredentialLocation("system", "ci"), stored.get(), observing, (family, token, force) -> {});
        core.families
                .request(handle, ANY)
                .thenAccept(result -> {
                    states.add(onDisk().state());
                    assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
                })
                .get();
        assertThat(states).containsExactly(TokenFamily.Status.REQUESTING, TokenFamily.Status.READY);
    }

    @Test
    void await_afterAKillDuringARequest_reportsItAndSendsNothing() throws Exception {
        core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofHours(2));
        core.ledger.save(onDisk().requesting(clock.instant()));
        int before = simulator.requests();
        assertThatThrownBy(() -> core.families.await(handle(), ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("Jenkins stopped while the refresh token was on its way")
                .hasMessageContaining("is sent once more at " + clock.instant().plus(TestTokenService.MAX_WAIT));
        assertThat(simulator.requests()).isEqualTo(before);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void token_afterAnyFault_isUsableOrTheRecordHasTheError(Fault fault) throws Exception {
        simulator.inject(fault);
        assertUsableOrError(fault);
    }

    @Test
    @Tag("slow")
    void token_afterAnEndlessResponse_hasARecordWithTheError() throws Exception {
        simulator.inject(Fault.TRICKLE);
        for (int limit = 2; simulator.requests() == 0; limit *= 2) {
            // On a busy machine, the time limit may end before the request is sent.
            core.close();
            core = withCallTimeout(Duration.ofSeconds(limit));
            assertThatThrownBy(() -> core.families.await(handle(), ANY)).isInstanceOf(TokenUnavailableException.class);
        }
        assertUsableOrError(Fault.TRICKLE);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
    }

    private TestTokenService withCallTimeout(Duration limit) throws IOException {
        return new TestTokenService(
                directory, simulator, clock, TokenEventListener.NONE, TestTokenService.client(simulator, clock, limit));
    }

    private static TokenFamily.Status expectedStatus(Fault fault) {
        return switch (fault) {
            case NO_ACCESS_TOKEN, EXPIRED_ACCESS_TOKEN, STATUS_307, STATUS_403, STATUS_429 -> TokenFamily.Status.READY;
            default -> TokenFamily.Status.UNKNOWN;
        };
    }

    private void assertUsableOrError(Fault fault) throws Exception {
        assertThatThrownBy(() -> core.families.await(handle(), ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("Credential ‘ci’")
                .hasMessageContaining(simulator.url().toString())
                .hasMessageContaining("‘acme’")
                .extracting(Throwable::getMessage)
                .satisfies(message -> assertThat(simulator.refreshTokens()).noneMatch(message::contains))
                .satisfies(message -> assertThat(message.contains("Nothing is lost"))
                        .isEqualTo(fault == Fault.NO_ACCESS_TOKEN || fault == Fault.EXPIRED_ACCESS_TOKEN));
        TokenFamily record = onDisk();
        assertThat(record.state()).isEqualTo(expectedStatus(fault));
        if (record.state() == TokenFamily.Status.READY) {
            clock.advance(Duration.ofMinutes(1));
            assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
            core.families.await(handle(), ANY);
        } else {
            assertThat(record.state()).isEqualTo(TokenFamily.Status.UNKNOWN);
            assertThat(record.error()).isNotBlank();
            assertThatThrownBy(() -> core.families.await(handle(), ANY))
                    .hasMessageContaining("it is not known whether");
        }
        assertThat(simulator.maxRequestsPerSecret())
                .isLessThanOrEqualTo(
                        fault == Fault.STATUS_307 || fault == Fault.STATUS_403 || fault == Fault.STATUS_429 ? 2 : 1);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void nonRotatingToken_afterALostResponse_isSentAgain() throws Exception {
        simulator.setRotation("ci", false);
        core.families.await(handle(), ANY);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(() -> core.families.await(handle(), ANY)).isInstanceOf(TokenUnavailableException.class);
        assertThat(core.families.await(handle(), ANY).error()).isNull();
    }

    @Test
    void failedRenewal_whileTheAccessTokenIsValid_returnsIt() throws Exception {
        TokenResult first = core.families.await(handle(), ANY);
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        TokenResult second = core.families.await(handle(), accessToken -> false);
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        assertThat(second.error()).hasMessageContaining("may have replaced the refresh token");
    }

    @Test
    void refusedToken_isNotSentAgain_andAnotherInitialTokenCreatesAFamily() throws Exception {
        simulator.revoke("ci");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> core.families.await(handle(), ANY))
                    .hasMessageContaining("re-authorize the account");
        }
        assertThat(simulator.requests()).isEqualTo(1);
        stored.set(simulator.reauthorize("ci"));
        core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void tokenRefusedAtItsFirstUse_isReportedAsUsedByAnotherClient() throws Exception {
        String elsewhere = "This controller never sent that token before";
        core.families.await(handle(), ANY);
        clock.advance(Duration.ofHours(2));
        simulator.revoke("ci");
        assertThatThrownBy(() -> core.families.await(handle(), ANY)).hasMessageContaining(elsewhere);
        String sent = "sent";
        CredentialHandle other = core.handle(sent, "acme", simulator.addAccount(sent, "acme"));
        core.families.await(other, ANY);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> core.families.await(other, ANY)).hasMessageNotContaining(elsewhere);
        simulator.revoke(sent);
        assertThatThrownBy(() -> core.families.await(other, ANY))
                .as("it was sent a moment ago")
                .hasMessageNotContaining(elsewhere);
        CredentialHandle initialToken = core.handle("initial", "acme", simulator.addAccount("other", "acme"));
        simulator.revoke("other");
        assertThatThrownBy(() -> core.families.await(initialToken, ANY)).hasMessageNotContaining(elsewhere);
    }

    @Test
    void formerToken_atAnotherLocation_isRefused() throws Exception {
        String initialToken = stored.get();
        core.families.await(handle(), ANY);
        CredentialHandle elsewhere = core.handle("stolen", "acme", initialToken);
        assertThatThrownBy(() -> core.families.await(elsewhere, ANY)).hasMessageContaining("has already replaced it");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void twoCredentials_withTheSameToken_shareTheFamily() throws Exception {
        AtomicReference<String> copy = new AtomicReference<>(stored.get());
        core.families.await(handle("copy", copy), ANY);
        core.awaitWriteBacks();
        stored.set(copy.get());
        core.families.await(handle(), ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(handle("copy", copy), ANY);
        core.awaitWriteBacks();
        core.families.await(handle(), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(copy.get()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void newInitialToken_enteredBeforeTheWriteBack_stays() throws Exception {
        CredentialHandle before = handle();
        String entered = "entered-by-a-user";
        stored.set(entered);
        core.families.await(before, ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(entered);
    }

    @Test
    void failedWriteBack_losesNoToken() throws Exception {
        CredentialHandle failing = core.handle("ci", "acme", stored.get(), (family, token, force) -> {
            throw new IOException("disk full");
        });
        core.families.await(failing, ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(failing, ANY);
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void response_thatCannotBeSaved_isKeptAndSavedLater() throws Exception {
        Path file = directory.resolve(
                TestTokenService.HASH.ofFamily(core.service("acme").account(), stored.get()) + ".json");
        TokenClient real = core.service("acme");
        TokenClient breaking = new TestClient(real.account(), secret -> {
            TokenResponse response = real.requestToken(secret);
            replaceWithDirectory(file);
            return response;
        });
        CredentialHandle handle = new CredentialHandle(
                "ci", new CredentialLocation("system", "ci"), stored.get(), breaking, (family, token, force) -> {});
        assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("Check the disk");
        Files.delete(file.resolve("blocker"));
        Files.delete(file);
        assertThat(core.families.await(handle, ANY).accessToken().value())
                .isEqualTo(simulator.accessTokens().get(0));
        assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void await_withABlankToken_reportsIt() {
        stored.set(" ");
        assertThatThrownBy(() -> core.families.await(handle(), ANY))
                .hasMessageContaining("stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void ledgerFiles_containNoPlaintextTokens() throws Exception {
        core.families.await(handle(), ANY);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String text = Files.readString(file);
                assertThat(simulator.refreshTokens()).noneMatch(text::contains);
                assertThat(simulator.accessTokens()).noneMatch(text::contains);
            }
        }
    }

    private static void replaceWithDirectory(Path file) {
        try {
            Files.delete(file);
            Files.createDirectory(file);
            Files.createFile(file.resolve("blocker"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private TokenFamily onDisk() {
        try {
            return core.ledger.loadAll().get(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private CredentialHandle handle() {
        return handle("ci", stored);
    }

    private CredentialHandle handle(String name, AtomicReference<String> store) {
        return core.handle(name, "acme", store.get(), (sameFamily, current, force) -> {
            if (sameFamily.test(store.get())) {
                store.set(current);
            }
        });
    }
}
