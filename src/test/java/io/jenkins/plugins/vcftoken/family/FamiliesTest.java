package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FamiliesTest {

    private static final Predicate<Bearer> ANY = bearer -> true;

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    /** What the credentials store holds. */
    private final AtomicReference<String> stored = new AtomicReference<>();

    private Simulator simulator;
    private Core core;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        stored.set(simulator.addAccount("ci", "acme"));
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    @Test
    void aLivingBearerIsSharedAndTheStoreGetsTheRotatedToken() throws Exception {
        Supply first = core.families.await(holder(), ANY);
        Supply second = core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        assertThat(second.bearer()).isEqualTo(first.bearer());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void eachLifetimeCostsOneExchangeAndNoTokenGoesOutTwice() throws Exception {
        for (int i = 0; i < 5; i++) {
            core.families.await(holder(), ANY);
            core.awaitWriteBacks();
            clock.advance(Duration.ofHours(2));
        }
        assertThat(simulator.rotations()).isEqualTo(5);
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    @Tag("slow")
    void theSeedStillWorksAfterManyRotations() throws Exception {
        String seed = stored.get();
        for (int i = 0; i < Lineage.RECENT + 5; i++) {
            core.families.await(holder(), ANY);
            clock.advance(Duration.ofHours(2));
        }
        core.awaitWriteBacks();
        stored.set(seed);
        core.close();
        core = new Core(directory, simulator, clock);
        core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        assertThat(simulator.reuses()).isZero();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    /** A backup of the credentials, or a file made of an export, brings back any token that was ever stored. */
    @Test
    @Tag("slow")
    void anyFormerTokenStillWorksAfterManyRotations() throws Exception {
        core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        String exported = stored.get();
        for (int i = 0; i < 2 * Lineage.RECENT; i++) {
            clock.advance(Duration.ofHours(2));
            core.families.await(holder(), ANY);
        }
        core.awaitWriteBacks();
        for (boolean restart : new boolean[] {false, true}) {
            if (restart) {
                core.close();
                core = new Core(directory, simulator, clock);
            }
            stored.set(exported);
            clock.advance(Duration.ofHours(2));
            core.families.await(holder(), ANY);
            core.awaitWriteBacks();
            assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
            Holder thief = core.holder("stolen", "acme", exported, (family, token, again) -> {});
            assertThatThrownBy(() -> core.families.await(thief, ANY)).hasMessageContaining("stored elsewhere");
        }
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void aRestartFindsTheBearerInTheLedger() throws Exception {
        Supply before = core.families.await(holder(), ANY);
        core.close();
        core = new Core(directory, simulator, clock);
        assertThat(core.families.await(holder(), ANY).bearer()).isEqualTo(before.bearer());
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void manyCallersOneExchange() throws Exception {
        simulator.setDelay(Duration.ofMillis(200));
        Holder holder = holder();
        List<CompletableFuture<Supply>> all = Stream.generate(() -> core.families.request(holder, ANY))
                .limit(100)
                .toList();
        for (CompletableFuture<Supply> one : all) {
            assertThat(one.get().bearer().value()).isEqualTo(simulator.bearers().get(0));
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void twoControllersOnOneHomeOneExchange() throws Exception {
        simulator.setDelay(Duration.ofMillis(300));
        try (Core other = new Core(directory, simulator, clock)) {
            CompletableFuture<Supply> one = core.families.request(holder(), ANY);
            CompletableFuture<Supply> two = other.families.request(holder(), ANY);
            assertThat(one.get().bearer()).isEqualTo(two.get().bearer());
        }
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void givingUpWaitingDoesNotStopTheExchange() throws Exception {
        simulator.setDelay(Duration.ofMillis(500));
        Holder holder = holder();
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread waiter = new Thread(() -> {
            try {
                core.families.await(holder, ANY);
            } catch (InterruptedException e) {
                interrupted.countDown();
            } catch (FamilyException e) {
                throw new IllegalStateException(e);
            }
        });
        waiter.start();
        CompletableFuture<Supply> exchange = core.families.request(holder, ANY);
        waiter.interrupt();
        interrupted.await();
        exchange.get();
        core.awaitWriteBacks();
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void journaledBeforeItIsSentAndSavedBeforeItIsSeen() throws Exception {
        List<FamilyState> seen = new ArrayList<>();
        TokenService real = core.service("acme");
        TokenService watching = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return real.endpoint();
            }

            @Override
            public Grant exchange(String secret) throws io.jenkins.plugins.vcftoken.exchange.ExchangeException {
                seen.add(onDisk().state());
                return real.exchange(secret);
            }
        };
        Holder holder =
                new Holder("ci", new Place("system", "ci"), stored.get(), watching, (family, token, again) -> {});
        core.families
                .request(holder, ANY)
                .thenAccept(supply -> {
                    seen.add(onDisk().state());
                    assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
                })
                .get();
        assertThat(seen).containsExactly(FamilyState.IN_FLIGHT, FamilyState.OK);
    }

    @Test
    void aStopInFlightIsDiagnosedAndTheTokenNotSentAgain() throws Exception {
        core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofHours(2));
        core.ledger.save(onDisk().inFlight(clock.instant()));
        int before = simulator.requests();
        assertThatThrownBy(() -> core.families.await(holder(), ANY))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("Jenkins stopped while the refresh token was on its way")
                .hasMessageContaining("authorize it anew");
        assertThat(simulator.requests()).isEqualTo(before);
        assertThat(onDisk().state()).isEqualTo(FamilyState.UNKNOWN);
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void afterAnyFaultTheTokenIsUsableOrTheRecordSaysWhyNot(Fault fault) throws Exception {
        simulator.inject(fault);
        assertUsableOrExplained(fault);
    }

    @Test
    @Tag("slow")
    void afterAnAnswerThatNeverEndsTheRecordSaysWhatHappened() throws Exception {
        simulator.inject(Fault.TRICKLE);
        for (int limit = 2; simulator.requests() == 0; limit *= 2) {
            // A machine that is busy may not even get to send it so soon.
            core.close();
            core = impatient(Duration.ofSeconds(limit));
            assertThatThrownBy(() -> core.families.await(holder(), ANY)).isInstanceOf(FamilyException.class);
        }
        assertUsableOrExplained(Fault.TRICKLE);
        assertThat(onDisk().state()).isEqualTo(FamilyState.UNKNOWN);
    }

    private Core impatient(Duration limit) throws IOException {
        return new Core(directory, simulator, clock, TokenListener.NOBODY, Core.client(simulator, clock, limit));
    }

    /** Of a token that has not proved to be steady. */
    private static FamilyState after(Fault fault) {
        return switch (fault) {
            case NO_ACCESS_TOKEN, EXPIRED_BEARER, STATUS_307, STATUS_403, STATUS_429 -> FamilyState.OK;
            default -> FamilyState.UNKNOWN;
        };
    }

    private void assertUsableOrExplained(Fault fault) throws Exception {
        assertThatThrownBy(() -> core.families.await(holder(), ANY))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("Credential 'ci'")
                .hasMessageContaining(simulator.url().toString())
                .hasMessageContaining("'acme'")
                .extracting(Throwable::getMessage)
                .satisfies(message -> assertThat(simulator.refreshTokens()).noneMatch(message::contains))
                .satisfies(message -> assertThat(message.contains("Nothing is lost"))
                        .isEqualTo(fault == Fault.NO_ACCESS_TOKEN || fault == Fault.EXPIRED_BEARER));
        FamilyRecord record = onDisk();
        assertThat(record.state()).isEqualTo(after(fault));
        if (record.state() == FamilyState.OK) {
            assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
            core.families.await(holder(), ANY);
        } else {
            assertThat(record.state()).isEqualTo(FamilyState.UNKNOWN);
            assertThat(record.trouble()).isNotBlank();
            assertThatThrownBy(() -> core.families.await(holder(), ANY))
                    .hasMessageContaining("it is not known whether");
        }
        assertThat(simulator.mostReceived())
                .isLessThanOrEqualTo(
                        fault == Fault.STATUS_307 || fault == Fault.STATUS_403 || fault == Fault.STATUS_429 ? 2 : 1);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aTokenThatHasProvedSteadyMayBeSentAgainAfterALostAnswer() throws Exception {
        simulator.setRotation("ci", false);
        core.families.await(holder(), ANY);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(() -> core.families.await(holder(), ANY)).isInstanceOf(FamilyException.class);
        assertThat(core.families.await(holder(), ANY).trouble()).isNull();
    }

    @Test
    void aLivingBearerServesOnWhenRenewalFails() throws Exception {
        Supply first = core.families.await(holder(), ANY);
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        Supply second = core.families.await(holder(), bearer -> false);
        assertThat(second.bearer()).isEqualTo(first.bearer());
        assertThat(second.trouble()).hasMessageContaining("may have rotated the refresh token away");
    }

    @Test
    void aRefusedTokenIsNotSentAgainAndANewSeedFoundsANewFamily() throws Exception {
        simulator.revoke("ci");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> core.families.await(holder(), ANY))
                    .hasMessageContaining("authorize the account anew");
        }
        assertThat(simulator.requests()).isEqualTo(1);
        stored.set(simulator.reauthorize("ci"));
        core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
    }

    /** A restored backup, or a second controller: nobody else would have spent what was never sent from here. */
    @Test
    void whoWasNeverSentFromHereAndIsRefusedWasUsedElsewhere() throws Exception {
        String elsewhere = "This controller never sent that token before";
        core.families.await(holder(), ANY);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> core.families.await(holder(), ANY)).hasMessageNotContaining(elsewhere);
        simulator.revoke("ci");
        assertThatThrownBy(() -> core.families.await(holder(), ANY)).hasMessageContaining(elsewhere);
        Holder seed = core.holder("seed", "acme", simulator.addAccount("other", "acme"), (family, token, again) -> {});
        simulator.revoke("other");
        assertThatThrownBy(() -> core.families.await(seed, ANY)).hasMessageNotContaining(elsewhere);
    }

    @Test
    void aSpentTokenBuysNothingElsewhere() throws Exception {
        String seed = stored.get();
        core.families.await(holder(), ANY);
        Holder thief = core.holder("stolen", "acme", seed, (family, token, again) -> {});
        assertThatThrownBy(() -> core.families.await(thief, ANY)).hasMessageContaining("stored elsewhere");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void twoCredentialsWithTheSameTokenShareTheFamily() throws Exception {
        AtomicReference<String> twin = new AtomicReference<>(stored.get());
        core.families.await(twin("twin", twin), ANY);
        core.awaitWriteBacks();
        stored.set(twin.get());
        core.families.await(holder(), ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(twin("twin", twin), ANY);
        core.awaitWriteBacks();
        core.families.await(holder(), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(twin.get()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aPersonsNewSeedWinsOverTheWriteBack() throws Exception {
        Holder before = holder();
        String typed = "typed-by-a-person-in-the-meantime";
        stored.set(typed);
        core.families.await(before, ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(typed);
    }

    @Test
    void aStoreThatCannotBeSavedCostsNothing() throws Exception {
        Holder failing = core.holder("ci", "acme", stored.get(), (family, token, again) -> {
            throw new IOException("disk full");
        });
        core.families.await(failing, ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(failing, ANY);
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void whatTheDiskRefusesIsHeldAndWrittenLater() throws Exception {
        Path file = directory.resolve(Core.HASH.ofFamily(core.service("acme").endpoint(), stored.get()) + ".json");
        TokenService real = core.service("acme");
        TokenService breaking = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return real.endpoint();
            }

            @Override
            public Grant exchange(String secret) throws io.jenkins.plugins.vcftoken.exchange.ExchangeException {
                Grant grant = real.exchange(secret);
                replaceWithDirectory(file);
                return grant;
            }
        };
        Holder holder =
                new Holder("ci", new Place("system", "ci"), stored.get(), breaking, (family, token, again) -> {});
        assertThatThrownBy(() -> core.families.await(holder, ANY)).hasMessageContaining("Check the disk");
        Files.delete(file.resolve("blocker"));
        Files.delete(file);
        assertThat(core.families.await(holder, ANY).bearer().value())
                .isEqualTo(simulator.bearers().get(0));
        assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void anEmptyTokenIsAskedFor() {
        stored.set(" ");
        assertThatThrownBy(() -> core.families.await(holder(), ANY))
                .hasMessageContaining("stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void nothingInTheLedgerIsInClear() throws Exception {
        core.families.await(holder(), ANY);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String text = Files.readString(file);
                assertThat(simulator.refreshTokens()).noneMatch(text::contains);
                assertThat(simulator.bearers()).noneMatch(text::contains);
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

    private FamilyRecord onDisk() {
        try {
            return core.ledger.loadAll().get(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Holder holder() {
        return twin("ci", stored);
    }

    private Holder twin(String name, AtomicReference<String> store) {
        return core.holder(name, "acme", store.get(), (sameFamily, current, again) -> {
            if (sameFamily.test(store.get())) {
                store.set(current);
            }
        });
    }
}
