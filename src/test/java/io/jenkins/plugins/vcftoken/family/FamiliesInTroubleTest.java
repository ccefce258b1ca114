package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.CspApiTokens;
import io.jenkins.plugins.vcftoken.exchange.CspClientCredentials;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Moment;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who waits for whom, and what is said when nothing comes. What is to be done waits until a test has it done. */
class FamiliesInTroubleTest {

    private static final Predicate<Bearer> ANY = bearer -> true;

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean goingDown;
    private Simulator simulator;
    private Core core;
    private HookedLedger ledger;
    private Families families;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        ledger = new HookedLedger(core.ledger);
        families = families(this::later, Core.PLENTY);
        holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
    }

    private Families families(Executor exchanges, Duration patience) {
        return new Families(ledger, Core.HASH, exchanges, Runnable::run, clock, patience);
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    private void later(Runnable task) {
        if (goingDown) {
            throw new RejectedExecutionException("going down");
        }
        waiting.add(task);
    }

    @Test
    void whoComesSecondSharesTheExchange() throws Exception {
        CompletableFuture<Supply> first = families.request(holder, ANY);
        CompletableFuture<Supply> second = families.request(holder, ANY);
        work();
        assertThat(second.get().bearer()).isEqualTo(first.get().bearer());
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Were it handed what is in flight, whoever has an old copy would only need to ask at the right moment. */
    @Test
    void whoShowsASpentTokenElsewhereDoesNotShareTheExchange() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        CompletableFuture<Supply> rightful = families.request(holder, ANY);
        CompletableFuture<Supply> thief = families.request(core.holder("thief", holder.service(), holder.token()), ANY);
        work();
        assertThat(rightful.get().trouble()).isNull();
        assertThatThrownBy(thief::get).cause().hasMessageContaining("stored elsewhere");
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void placesThatShareALivingTokenShareTheExchange() throws Exception {
        simulator.setRotation("ci", false);
        CompletableFuture<Supply> one = families.request(holder, ANY);
        CompletableFuture<Supply> two = families.request(core.holder("twin", holder.service(), holder.token()), ANY);
        work();
        assertThat(two.get().bearer()).isEqualTo(one.get().bearer());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(families.administration().list().get(0).places()).hasSize(2);
    }

    @Test
    void whoComesSecondAndWantsMoreThanTheFirstOneGotAsksForItself() throws Exception {
        CompletableFuture<Supply> first = families.request(holder, ANY);
        CompletableFuture<Supply> second = families.request(holder, bearer -> simulator.requests() > 1);
        assertThat(waiting).hasSize(1);
        work();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(second.get().bearer()).isNotEqualTo(first.get().bearer());
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void whoComesSecondSharesTheTroubleToo() throws Exception {
        ask();
        clock.advance(Duration.ofMinutes(50));
        simulator.inject(Fault.STATUS_429);
        CompletableFuture<Supply> first = families.request(holder, bearer -> false);
        CompletableFuture<Supply> second = families.request(holder, bearer -> false);
        work();
        assertThat(first.get().trouble()).hasMessageContaining("HTTP 429");
        assertThat(second.get().trouble()).isSameAs(first.get().trouble());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void theSurveyTellsWhatIsInFlight() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        FamilyRecord record = families.administration().list().get(0);
        assertThat(families.survey().isFlying(record)).isFalse();
        families.request(holder, ANY);
        assertThat(families.survey().isFlying(record)).as("queued").isFalse();
        List<Boolean> sent = new ArrayList<>();
        simulator.setWitness(moment -> {
            try {
                if (moment == Moment.RECEIVED) {
                    sent.add(families.survey().isFlying(record));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        work();
        assertThat(sent).containsExactly(true);
        assertThat(families.survey().isFlying(record)).isFalse();
    }

    @Test
    void whoHasNoPatienceIsToldThatNothingWasSentYet() {
        assertThatThrownBy(() -> families(this::later, Duration.ZERO).await(holder, ANY))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("no access token after 0 s")
                .hasMessageContaining("was not sent yet");
        work();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void whileJenkinsGoesDownNothingBegins() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "password");
        CompletableFuture<Supply> supply = families.request(user, ANY);
        work();
        goingDown = true;
        for (CompletableFuture<Supply> late :
                List.of(families.request(holder, ANY), families.renew(holder, ANY), families.renew(user, ANY))) {
            assertThatThrownBy(late::get)
                    .cause()
                    .isInstanceOf(FamilyException.class)
                    .hasMessageContaining("Jenkins is shutting down");
        }
        families.release(user, supply.get().familyId(), () -> true);
        families.forgetTrial(user, id -> true);
        assertThat(simulator.requests()).isEqualTo(1);
        goingDown = false;
        ask();
    }

    /** There are more of them than threads. */
    @Test
    void whatWaitsForAThreadWhenJenkinsGoesDownIsNotSent() throws Exception {
        CompletableFuture<Supply> late = families.request(holder, ANY);
        families.goDown();
        work();
        assertThatThrownBy(late::get).cause().hasMessageContaining("Jenkins is shutting down");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFailureThatNobodyForesawIsReportedAndWhatRotatesNotSentAgain(boolean rotates) throws Exception {
        int[] sent = new int[1];
        TokenService broken = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return holder.service().endpoint();
            }

            @Override
            public boolean rotates() {
                return rotates;
            }

            @Override
            public Grant exchange(String secret) {
                sent[0]++;
                throw new IllegalStateException("a bug");
            }
        };
        Holder unlucky = core.holder("ci", broken, holder.token());
        Families here = families(Runnable::run, Core.PLENTY);
        for (int i = 0; i < 2; i++) {
            String message = i == 1 && rotates ? "it is not known whether" : "a bug. Please report it";
            assertThatThrownBy(() -> here.await(unlucky, ANY))
                    .isInstanceOf(FamilyException.class)
                    .hasMessageContaining("unexpected failure: java.lang.IllegalStateException")
                    .hasMessageContaining(message);
        }
        assertThat(sent[0]).isEqualTo(rotates ? 1 : 2);
        assertThat(here.administration().list()).hasSize(rotates ? 1 : 0);
    }

    @Test
    void aListenerHearsOfWhatNobodyForesaw() {
        List<String> heard = new ArrayList<>();
        TokenListener listener = new TokenListener() {
            @Override
            public void failed(Holder of, FamilyRecord after, ExchangeException why, Duration took) {
                heard.add(after.state() + " " + why.problem() + ' ' + took);
            }
        };
        TokenService slow = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return holder.service().endpoint();
            }

            @Override
            public Grant exchange(String secret) {
                clock.advance(Duration.ofSeconds(3));
                throw new IllegalStateException("a bug");
            }
        };
        families = new Families(ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY, listener);
        assertThatThrownBy(() -> families.await(core.holder("ci", slow, holder.token()), ANY))
                .isInstanceOf(FamilyException.class);
        assertThat(heard).containsExactly("UNKNOWN OUTCOME_UNKNOWN PT3S");
    }

    @Test
    void aListenerHearsOfEachExchangeAndOfOneThatStopped() throws Exception {
        List<String> heard = new ArrayList<>();
        TokenListener listener = new TokenListener() {
            @Override
            public void granted(Holder of, FamilyRecord before, FamilyRecord after, Duration took) {
                heard.add(before.tokens().generation() + " to " + after.tokens().generation());
            }

            @Override
            public void failed(Holder of, FamilyRecord after, ExchangeException why, Duration took) {
                heard.add(after.state() + " " + why.problem());
            }
        };
        families = new Families(ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY, listener);
        assertThat(families.listener()).isSameAs(listener);
        assertThat(families.await(holder, ANY).rotated()).isTrue();
        simulator.setRotation("ci", false);
        clock.advance(Duration.ofHours(2));
        assertThat(families.await(holder, ANY).rotated()).isFalse();
        simulator.inject(Fault.STATUS_429);
        assertThat(families.await(holder, bearer -> false).trouble()).isNotNull();
        core.ledger.save(families.administration().list().get(0).inFlight(clock.instant()));
        assertThat(families.await(holder, bearer -> false).trouble()).isNull();
        assertThat(heard).containsExactly("0 to 1", "1 to 1", "OK THROTTLED", "OK OUTCOME_UNKNOWN", "1 to 1");
    }

    /** A person may have typed another one since the block began. */
    @Test
    void aRenewalTakesWhatIsStoredByThen() throws Exception {
        String typed = simulator.addAccount("typed", "acme");
        TokenKeeper store = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Endpoint endpoint) {
                return typed;
            }
        };
        CompletableFuture<Supply> renewed = families.renew(core.holder("ci", "acme", holder.token(), store), ANY);
        work();
        assertThat(renewed.get().bearer().value()).isEqualTo(simulator.bearers().get(0));
        assertThat(simulator.currentToken("typed")).isNotEqualTo(typed);
        assertThat(simulator.currentToken("ci")).isEqualTo(holder.token());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWasTriedOutLeavesNoSessionUnlessItIsUsed(boolean used) throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder typed = new Holder(
                "typed",
                Place.ofUnsaved("system"),
                "password",
                core.sddcManager("svc@vsphere.local"),
                (family, token, again) -> {});
        Supply supply = await(typed);
        families.forgetTrial(typed, id -> !used);
        work();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(used ? 1 : 0);
        assertThat(families.isReleased(supply)).isTrue();
        await(typed);
        assertThat(simulator.requests())
                .as("release and renewal are requests, too")
                .isEqualTo(used ? 2 : 3);
    }

    /** Not one byte left, so there is nothing to be uncertain of. */
    @Test
    void aTokenThatWasNotSentIsSentNextTime() throws Exception {
        boolean[] down = {true};
        TokenService flaky = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return holder.service().endpoint();
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                if (down[0]) {
                    throw new ExchangeException.NotSent(Problem.UNREACHABLE, "down", null);
                }
                return holder.service().exchange(secret);
            }
        };
        Holder unlucky = core.holder("ci", flaky, holder.token());
        assertThatThrownBy(() -> await(unlucky)).hasMessageContaining("nothing was sent");
        down[0] = false;
        await(unlucky);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aSecretThatIsMissingIsAskedForByItsName() {
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), " ");
        assertThatThrownBy(() -> await(user))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("it stores no secret. Enter it in the credential.");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void aPublicAppNeedsNone() throws Exception {
        assertThat(await(publicApp()).bearer().value())
                .isEqualTo(simulator.bearers().get(0));
    }

    /** A credential is empty before its account is authorized, and so is the secret of a public app. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsEmptyIsNobodysToken(boolean newerFormat) throws Exception {
        FamilyRecord record = families.administration()
                .authorized(holder.service().endpoint(), holder.place(), "", simulator.addAccount("two", "acme"), null);
        if (newerFormat) {
            Path file = directory.resolve(record.id() + ".json");
            Files.writeString(file, Files.readString(file).replace("\"format\" : 1", "\"format\" : 2"));
            families = families(this::later, Core.PLENTY);
        }
        Holder app = publicApp();
        await(app);
        assertThat(simulator.bearers()).hasSize(1);
        assertThat(families.survey().unreadableOf(app.service().endpoint(), app.token()))
                .as("what the health page shows")
                .isNull();
    }

    private Holder publicApp() {
        simulator.cloudServices().addApp("public", "", "organization");
        CspClientCredentials.App app = new CspClientCredentials.App("public", "", 0);
        TokenService service = new CspClientCredentials(
                core.client(), new Endpoint(CspApiTokens.SYSTEM, simulator.url(), "", app.account()), app);
        return core.holder("app", core.patient(service), "");
    }

    @Test
    void aLedgerThatCannotBeReadIsNamed() throws Exception {
        ledger.contents = id -> {
            throw new IOException("stale file handle");
        };
        for (String token : List.of("", holder.token())) {
            assertThatThrownBy(() -> await(core.holder("ci", holder.service(), token)))
                    .isInstanceOf(FamilyException.class)
                    .hasMessageContaining("the record of its tokens cannot be used (stale file handle)");
        }
        assertThat(simulator.requests()).isZero();
    }

    /** An empty token must never be sent: it would found a family of its own. */
    @Test
    void anAccountForgottenWhileSomebodyWaitsForItIsNotAskedFor() throws Exception {
        FamilyRecord record = families.administration()
                .authorized(holder.service().endpoint(), holder.place(), "", holder.token(), null);
        CompletableFuture<Supply> late = families.request(core.holder("ci", holder.service(), ""), ANY);
        families.administration().forget(record.id());
        work();
        assertThatThrownBy(late::get).cause().hasMessageContaining("it stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
        assertThat(families.administration().list()).isEmpty();
    }

    @Test
    void aTokenSpentInOneOrganizationIsNotSentToAnother() throws Exception {
        ask();
        Holder moved = core.holder("ci", core.service("globex"), holder.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("stored elsewhere");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** The server that issued it may see it, whatever organization is asked for. */
    @Test
    void aLivingTokenMayBeTriedAtAnotherOrganizationOfItsServer() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.setRotation("ci", false);
        ask();
        Holder moved = core.holder("ci", core.service("globex"), holder.token());
        assertThatThrownBy(() -> await(moved)).hasMessageContaining("refuses the stored refresh token");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    /** What came of it is not known, so the token may be spent, whatever organization a person tries next. */
    @Test
    void aTokenInDoubtIsNotSentForAnotherOrganization() throws Exception {
        simulator.addAccount("other", "globex");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> ask()).hasMessageContaining("may have rotated");
        Holder respelled = core.holder("ci", core.service("ACME"), holder.token());
        assertThatThrownBy(() -> await(respelled)).hasMessageContaining("it is not known whether");
        Holder retyped = core.holder("ci", core.service("globex"), holder.token());
        assertThatThrownBy(() -> await(retyped))
                .hasMessageContaining("organization 'acme'")
                .hasMessageContaining("organization 'globex'")
                .hasMessageContaining("not known");
        assertThat(simulator.mostReceived()).isEqualTo(1);
        families.administration().vouch(families.administration().list().get(0).id());
        assertThatThrownBy(() -> await(core.holder("ci", core.service("globex"), holder.token())))
                .hasMessageContaining("refuses the stored refresh token");
    }

    /** The token is on disk by then, and what somebody makes of the news is no reason to write down anything else. */
    @Test
    void whatFailsAfterTheAnswerIsStoredLeavesItStored() throws Exception {
        boolean[] broken = {true};
        TokenService doubtful = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return holder.service().endpoint();
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                return holder.service().exchange(secret);
            }

            @Override
            public String doubt(Bearer bearer) {
                if (broken[0]) {
                    throw new IllegalStateException("not foreseen");
                }
                return null;
            }
        };
        Holder unlucky = core.holder("ci", doubtful, holder.token());
        assertThatThrownBy(() -> await(unlucky)).isInstanceOf(IllegalStateException.class);
        FamilyRecord record = families.administration().list().get(0);
        assertThat(record.state()).isEqualTo(FamilyState.OK);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        broken[0] = false;
        await(unlucky);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Nothing may be sent that cannot be written down first. But a bearer that is at hand costs nothing. */
    @Test
    void whileTheLedgerTakesNothingALivingBearerServesOn() throws Exception {
        Bearer first = await(holder).bearer();
        clock.advance(Duration.ofMinutes(50));
        ledger.save = id -> {
            throw new IOException("No space left on device");
        };
        CompletableFuture<Supply> wanted = families.request(holder, bearer -> false);
        work();
        assertThat(wanted.get().bearer()).isEqualTo(first);
        assertThat(wanted.get().trouble()).hasMessageContaining("No space left on device");
        clock.advance(Duration.ofMinutes(20));
        assertThatThrownBy(() -> ask()).hasMessageContaining("No space left on device");
        assertThat(simulator.requests()).isEqualTo(1);
        ledger.save = id -> {};
        ask();
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    /** Nobody may ask for that family again before Jenkins goes down. */
    @Test
    void whatIsHeldForADiskThatWasFullIsWrittenWithoutBeingAskedFor() throws Exception {
        int[] saves = {0};
        ledger.save = id -> {
            if (saves[0]++ > 0) {
                throw new IOException("No space left on device");
            }
        };
        assertThatThrownBy(() -> ask()).hasMessageContaining("No space left on device");
        families.administration().saveHeld();
        assertThat(families.administration().list().get(0).state()).isEqualTo(FamilyState.IN_FLIGHT);
        ledger.save = id -> {};
        families.administration().saveHeld();
        FamilyRecord record = families.administration().list().get(0);
        assertThat(record.state()).isEqualTo(FamilyState.OK);
        assertThat(record.tokens().current()).isEqualTo(simulator.currentToken("ci"));
        int after = ledger.saves;
        families.administration().saveHeld();
        assertThat(ledger.saves).isEqualTo(after);
    }

    @Test
    void aFamilyForgottenAsItsBearerArrivesStillGivesIt() throws Exception {
        List<String> kept = new ArrayList<>();
        ledger.unlocked = id -> {
            ledger.unlocked = again -> {};
            families.administration().forget(id);
        };
        Supply supply = await(core.holder("ci", "acme", holder.token(), (family, token, again) -> kept.add(token)));
        assertThat(supply.bearer().value()).isEqualTo(simulator.bearers().get(0));
        assertThat(kept).isEmpty();
    }

    @Test
    void aSessionOfAForgottenFamilyIsStillLetGo() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "password");
        Supply supply = await(user);
        families.administration().forget(supply.familyId());
        assertThat(families.isReleased(supply)).isTrue();
        families.release(user, supply.familyId(), () -> false);
        work();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
        families.release(user, supply.familyId(), () -> true);
        work();
        assertThat(simulator.sddcManager().openSessions()).isZero();
        families.release(user, supply.familyId(), () -> true);
        assertThat(waiting).isEmpty();
    }

    @Test
    void aBearerThatIsStillWantedIsNotLetGo() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "password");
        Supply supply = await(user);
        families.release(user, supply.familyId(), () -> false);
        work();
        assertThat(families.isReleased(supply)).isFalse();
        assertThat(await(user).bearer()).isEqualTo(supply.bearer());
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(simulator.sddcManager().releases()).isZero();
        families.release(user, supply.familyId(), () -> true);
        work();
        assertThat(families.isReleased(supply)).isTrue();
        assertThat(await(user).bearer()).isNotEqualTo(supply.bearer());
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
    }

    @Test
    void whoIsInterruptedWhileItLetsGoStaysInterrupted() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        Holder user = core.holder("user", core.sddcManager("svc@vsphere.local"), "password");
        Supply supply = await(user);
        ledger.lock = id -> {
            throw new InterruptedException();
        };
        families.release(user, supply.familyId(), () -> true);
        work();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "DEAD, refused earlier",
        "UNKNOWN, it is not known whether",
        "IN_FLIGHT, Jenkins stopped while the refresh token was on its way"
    })
    void aLivingBearerServesOnWhateverHappenedToItsToken(FamilyState state, String trouble) throws Exception {
        ask();
        FamilyRecord record = families.administration().list().get(0);
        core.ledger.save(
                switch (state) {
                    case DEAD -> record.dead("refused", clock.instant());
                    case UNKNOWN ->
                        record.uncertain(
                                "lost", clock.instant(), clock.instant().plus(Core.PLENTY));
                    default -> record.inFlight(clock.instant());
                });
        CompletableFuture<Supply> supply = families.request(holder, bearer -> false);
        work();
        assertThat(supply.get().trouble()).hasMessageContaining(trouble);
        assertThat(supply.get().bearer()).isEqualTo(record.bearer());
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofHours(1));
        if (state == FamilyState.DEAD) {
            assertThatThrownBy(this::ask).isInstanceOf(FamilyException.class);
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
        CompletableFuture<Supply> failed = families.request(holder, ANY);
        work();
        assertThatThrownBy(failed::get).cause().hasMessageContaining("directory");
        assertThat(simulator.requests()).isZero();
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(FamilyRecord::state)
                .isEqualTo(FamilyState.IN_FLIGHT);
        ledger.saved = id -> {};
        ask();
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(core.ledger.loadAll())
                .singleElement()
                .extracting(FamilyRecord::state)
                .isEqualTo(FamilyState.OK);
    }

    @Test
    void aNoteOfARequestThatAnotherProcessHasMadeSinceCounts() throws Exception {
        ledger.saved = id -> {
            throw new IOException("directory");
        };
        CompletableFuture<Supply> failed = families.request(holder, ANY);
        work();
        assertThat(failed).isCompletedExceptionally();
        ledger.saved = id -> {};
        clock.advance(Duration.ofSeconds(1));
        core.ledger.save(core.ledger.loadAll().get(0).inFlight(clock.instant()));
        assertThatThrownBy(this::ask).hasMessageContaining("Jenkins stopped while the refresh token was on its way");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void refusalsOfWhatDoesNotRotateAreForgottenWhenTheyNoLongerCount() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        for (int i = 0; i < 2 * Journal.MAX_REFUSALS; i++) {
            String wrong = "wrong-" + i;
            Holder typed = new Holder(
                    "typed",
                    Place.ofUnsaved("user:" + i),
                    wrong,
                    core.sddcManager("svc@vsphere.local"),
                    (family, token, again) -> {});
            assertThatThrownBy(() -> await(typed)).isInstanceOf(Exception.class);
            families.forgetTrial(typed, id -> true);
            work();
        }
        assertThat(families.administration().heldInMemory()).isEqualTo(Journal.MAX_REFUSALS);
        clock.advance(Custody.REFUSAL_HOLDS.plusSeconds(1));
        families.administration().sweep((place, endpoint) -> null);
        assertThat(families.administration().heldInMemory()).isZero();
    }

    @Test
    void aReplacedPasswordIsForgotten() throws Exception {
        simulator.sddcManager().addUser("svc@vsphere.local", "password");
        await(core.holder("user", core.sddcManager("svc@vsphere.local"), "password"));
        simulator.sddcManager().addUser("svc@vsphere.local", "changed");
        await(core.holder("user", core.sddcManager("svc@vsphere.local"), "changed"));
        assertThat(families.administration().heldInMemory()).isEqualTo(1);
    }

    @Test
    void aCredentialThatIsUsedAgainIsNoOrphan() throws Exception {
        ask();
        families.administration().sweep((place, endpoint) -> null);
        clock.advance(Duration.ofHours(2));
        assertThat(families.administration().list().get(0).orphaned()).isNotNull();
        ask();
        FamilyRecord record = families.administration().list().get(0);
        assertThat(record.orphaned()).isNull();
        assertThat(record.places()).containsExactly(holder.place());
    }

    /** Another process may have done it, and then nothing is exchanged, but the place is remembered. */
    @Test
    void aPlaceThatComesToAFamilyWithALivingBearerIsWrittenDown() throws Exception {
        ask();
        String current = simulator.currentToken("ci");
        Place copy = new Place("folder:a", "copy");
        await(new Holder("copy", copy, current, holder.service(), holder.keeper()));
        await(new Holder("copy", copy, current, holder.service(), holder.keeper()));
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(families.administration().list().get(0).places()).containsExactlyInAnyOrder(copy, holder.place());
        assertThat(ledger.saves).as("in flight, granted, bound").isEqualTo(3);
    }

    private void ask() throws Exception {
        await(holder);
    }

    private Supply await(Holder who) throws Exception {
        CompletableFuture<Supply> supply = families.request(who, ANY);
        work();
        assertThat(supply).isDone();
        try {
            return supply.get();
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
