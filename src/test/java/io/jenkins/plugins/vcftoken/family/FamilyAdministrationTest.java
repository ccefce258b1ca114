package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FamilyAdministrationTest {

    private static final Place BEFORE = new Place("folder:before", "sa");
    private static final Place AFTER = new Place("folder:after", "sa");

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private Core core;
    private FamilyAdministration administration;
    private String seed;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        administration = core.families.administration();
        seed = simulator.addAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    @Test
    void aPersonMayVouchForATokenWhoseFateIsUnknown() throws Exception {
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(this::ask).isInstanceOf(FamilyException.class);
        assertThatThrownBy(this::ask).hasMessageContaining("it is not known whether");
        assertThat(administration.vouch(only().id())).isTrue();
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(administration.vouch(only().id())).isFalse();
        assertThat(administration.vouch("00000000")).isFalse();
    }

    @Test
    void recordsAreKeptThirtyDaysAfterTheLastCredential() throws Exception {
        ask();
        administration.sweep((place, endpoint) -> null);
        clock.advance(Duration.ofDays(29));
        administration.sweep((place, endpoint) -> null);
        assertThat(administration.list()).hasSize(1);
        clock.advance(Duration.ofDays(1));
        administration.sweep((place, endpoint) -> null);
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void aCredentialMadeAgainStopsTheCount() throws Exception {
        ask();
        administration.sweep((place, endpoint) -> null);
        clock.advance(Duration.ofDays(29));
        String current = only().tokens().current();
        administration.sweep((place, endpoint) -> current);
        clock.advance(Duration.ofDays(29));
        administration.sweep((place, endpoint) -> null);
        clock.advance(Duration.ofDays(29));
        administration.sweep((place, endpoint) -> null);
        assertThat(administration.list()).hasSize(1);
    }

    /** A person has typed a new token: nothing leads to the old one's family any more. */
    @Test
    void aCredentialThatStoresAnotherTokenKeepsNoRecord() throws Exception {
        ask();
        administration.sweep((place, endpoint) -> "typed-anew");
        clock.advance(Duration.ofDays(30));
        administration.sweep((place, endpoint) -> "typed-anew");
        assertThat(administration.list()).isEmpty();
    }

    /** The server may take both spellings for one organization, or not: one record is left in either case. */
    @Test
    void aRecordOfAnotherSpellingOfTheOrganizationIsRemovedThirtyDaysLater() throws Exception {
        ask();
        String stored = only().tokens().current();
        try {
            core.families.await(core.holder("sa", core.service("Acme"), stored), bearer -> false);
        } catch (FamilyException e) {
            assertThat(e).hasMessageContaining("'Acme'");
        }
        Endpoint respelling = core.service("Acme").endpoint();
        FamilyAdministration.Stored respelled =
                (place, endpoint) -> endpoint.isSameAs(respelling) ? simulator.currentToken("ci") : null;
        administration.sweep(respelled);
        clock.advance(Duration.ofDays(30));
        administration.sweep(respelled);
        assertThat(administration.list()).hasSize(1);
        assertThat(only().endpoint().isSameAs(respelling)).isTrue();
    }

    /** As two spellings of one account left them: the newer record goes on from the token of the older one. */
    @Test
    void aRecordThatAnotherOneAtItsPlaceGoesOnFromIsRemovedThirtyDaysLater() throws Exception {
        Endpoint endpoint = core.service("acme").endpoint();
        Place place = new Place("system", "sa");
        FamilyRecord older = FamilyRecord.founded(endpoint, "first", Core.HASH, clock.instant())
                .rescued("second", "why", Core.HASH, clock.instant())
                .boundTo(place);
        FamilyRecord newer = FamilyRecord.founded(endpoint, "second", Core.HASH, clock.instant())
                .rescued("third", "why", Core.HASH, clock.instant())
                .boundTo(place)
                .rescued("fourth", "why", Core.HASH, clock.instant());
        core.ledger.save(older);
        core.ledger.save(newer);
        for (String stored : List.of("third", "fourth")) {
            administration.sweep((at, of) -> stored);
            clock.advance(Duration.ofDays(30));
        }
        administration.sweep((at, of) -> "fourth");
        assertThat(administration.list()).extracting(FamilyRecord::id).containsExactly(newer.id());
    }

    @Test
    void aSpentTokenTellsWhereItsOneFamilyIsBoundAndTheCurrentOneTellsNothing() throws Exception {
        ask();
        Holder holder = core.holder("sa", core.service("acme"), seed);
        Endpoint endpoint = holder.service().endpoint();
        assertThat(administration.placesOfSpent(endpoint, seed)).isEqualTo(only().places());
        assertThat(administration.placesOfSpent(endpoint, only().tokens().current()))
                .isEmpty();
        assertThat(administration.placesOfSpent(endpoint, "never-seen")).isEmpty();
        assertThat(administration.placesOfSpent(core.service("globex").endpoint(), seed))
                .isEmpty();
    }

    /** Which one is meant is not to be told, so the token leads to neither. */
    @Test
    void aSpentTokenOfTwoFamiliesTellsNothing() throws Exception {
        ask();
        Endpoint endpoint = core.service("acme").endpoint();
        administration.copied("system", "folder:copy");
        Place copy = new Place("folder:copy", only().places().iterator().next().credentialsId());
        administration.authorized(endpoint, copy, seed, simulator.reauthorize("ci"), null);
        assertThat(administration.list()).hasSize(2);
        assertThat(administration.placesOfSpent(endpoint, seed)).isEmpty();
    }

    @Test
    void familiesFollowTheirFolder() throws Exception {
        Place before = new Place("folder:a", "sa");
        core.families.await(new Holder("sa", before, seed, core.service("acme"), (f, t, again) -> {}), bearer -> true);
        administration.moved("folder:a", "folder:b/a");
        assertThat(only().places()).containsExactly(new Place("folder:b/a", "sa"));
        clock.advance(Duration.ofHours(2));
        Place after = new Place("folder:b/a", "sa");
        core.families.await(new Holder("sa", after, seed, core.service("acme"), (f, t, again) -> {}), bearer -> true);
        assertThat(simulator.reuses()).isZero();
    }

    /** Its store has an older token, as after a form of before was saved: only the place leads from that to the family. */
    @Test
    void anOpenBlockOutlivesTheRenamingOfItsFolder() throws Exception {
        Renamed folder = new Renamed();
        Holder block = new Holder("sa", BEFORE, seed, core.service("acme"), folder);
        core.families.await(block, bearer -> true);
        folder.place = AFTER;
        administration.moved(BEFORE.context(), AFTER.context());
        clock.advance(Duration.ofMinutes(45));
        Supply supply = core.families.await(block, bearer -> false);
        assertThat(supply.trouble()).isNull();
        assertThat(only().places()).containsExactly(AFTER);
    }

    /** Or whoever made a new folder of the old name would be at home there. */
    @Test
    void anOpenBlockDoesNotBindItsFamilyToTheOldNameOfItsFolderAgain() throws Exception {
        Renamed folder = new Renamed();
        core.families.await(new Holder("sa", BEFORE, seed, core.service("acme"), folder), bearer -> true);
        Holder block = new Holder("sa", BEFORE, only().tokens().current(), core.service("acme"), folder);
        HookedLedger ledger = new HookedLedger(core.ledger);
        Families families = new Families(ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        ledger.lock = id -> {
            // The block is about to renew, and knows its place already.
            ledger.lock = same -> {};
            folder.place = AFTER;
            families.administration().moved(BEFORE.context(), AFTER.context());
        };
        clock.advance(Duration.ofMinutes(45));
        families.await(block, bearer -> false);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(only().places()).containsExactly(AFTER);
        assertThatThrownBy(() -> families.await(
                        new Holder("sa", BEFORE, seed, core.service("acme"), new Renamed()), bearer -> true))
                .hasMessageContaining("was rotated away while it was stored elsewhere");
    }

    @Test
    void whatIsForgottenIsGone() throws Exception {
        ask();
        administration.forget(only().id());
        assertThat(administration.list()).isEmpty();
    }

    /** Between the look and the word an exchange was in flight, and the store has its token later than the ledger. */
    @Test
    void whatHasRotatedSinceSomebodyLookedIsNotForgotten() throws Exception {
        ask();
        FamilyRecord seen = only();
        clock.advance(Duration.ofHours(2));
        ask();
        assertThat(administration.forget(seen)).isFalse();
        assertThat(only().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(administration.forget(only())).isTrue();
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void tokensOfOneFamilyAreRelatedAtTheirEndpointOnly() throws Exception {
        ask();
        String now = simulator.currentToken("ci");
        assertThat(administration.areRelated(core.service("acme").endpoint(), seed, now))
                .isTrue();
        assertThat(administration.areRelated(core.service("other").endpoint(), seed, now))
                .isFalse();
        assertThat(administration.areRelated(core.service("acme").endpoint(), seed, "typed"))
                .isFalse();
    }

    @Test
    void aSecretProvenAtOneServerIsNotSentToAnother() throws Exception {
        ask();
        try (Simulator thief = Simulator.start(clock, 0);
                Core other = new Core(directory, thief, clock)) {
            String current = simulator.currentToken("ci");
            Holder carried = other.holder("ci", "acme", current, (f, t, again) -> {});
            assertThatThrownBy(() -> other.families.await(carried, bearer -> true))
                    .hasMessageContaining("is not sent to another server");
            assertThat(thief.requests()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTokenOfARemovedRecordIsStillNotSentToAnotherServer(boolean byAPerson) throws Exception {
        ask();
        String current = simulator.currentToken("ci");
        if (byAPerson) {
            assertThat(administration.forget(only())).isTrue();
        } else {
            administration.sweep((place, endpoint) -> null);
            clock.advance(FamilyAdministration.KEPT_AFTER_LAST_CREDENTIAL);
            administration.sweep((place, endpoint) -> null);
        }
        assertThat(administration.list()).isEmpty();
        try (Simulator thief = Simulator.start(clock, 0);
                Core other = new Core(directory, thief, clock)) {
            Holder carried = other.holder("new", "acme", current, (f, t, again) -> {});
            assertThatThrownBy(() -> other.families.await(carried, bearer -> true))
                    .hasMessageContaining("its secret belongs to VCF Automation at " + simulator.url())
                    .hasMessageContaining("is not sent to another server");
            assertThat(thief.requests()).isZero();
        }
        core.families.await(core.holder("ci", "acme", current, (f, t, again) -> {}), bearer -> true);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void aRotatingTokenIsNotSentForAnotherOrganizationOfItsServer() throws Exception {
        ask();
        String current = simulator.currentToken("ci");
        Holder other = core.holder("ci", "globex", current, (f, t, again) -> {});
        assertThatThrownBy(() -> core.families.await(other, bearer -> true))
                .hasMessageContaining("organization 'acme' and is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aTokenThatDoesNotRotateMayBeSentForAnotherOrganizationOfItsServer() throws Exception {
        simulator.setRotation("ci", false);
        ask();
        Holder other = core.holder("ci", "globex", seed, (f, t, again) -> {});
        assertThatThrownBy(() -> core.families.await(other, bearer -> true))
                .hasMessageNotContaining("is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aSecretNeverAcceptedAnywhereMayBeTriedAtTheRightServer() throws Exception {
        try (Simulator wrong = Simulator.start(clock, 0);
                Core mistyped = new Core(directory, wrong, clock)) {
            Holder typo = mistyped.holder("ci", "acme", seed, (f, t, again) -> {});
            wrong.addAccount("somebody", "acme");
            assertThatThrownBy(() -> mistyped.families.await(typo, bearer -> true))
                    .isInstanceOf(FamilyException.class);
        }
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aRotationIsTwoWritesOfTheLedger() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        HookedLedger counting = new HookedLedger(core.ledger);
        Families families = new Families(counting, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
        assertThat(counting.saves).isEqualTo(2);
        families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
        assertThat(counting.saves).isEqualTo(2);
    }

    @Test
    void anAuthorizationRevivesWhatIsDeadWhateverStandsThere() throws Exception {
        ask();
        simulator.revoke("ci");
        clock.advance(Duration.ofHours(2));
        assertThatThrownBy(this::ask).hasMessageContaining("refuses the stored refresh token");
        String dead = only().tokens().current();
        String fresh = simulator.reauthorize("ci");
        administration.authorized(core.service("acme").endpoint(), new Place("system", "ci"), seed, fresh, null);
        assertThat(only().state()).isEqualTo(FamilyState.OK);
        for (String brought : List.of(seed, dead, "", fresh)) {
            clock.advance(Duration.ofHours(2));
            core.families.await(core.holder("ci", "acme", brought, (f, t, again) -> {}), bearer -> true);
        }
        assertThat(simulator.grants()).isEqualTo(5);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
        try (Core restarted = new Core(directory, simulator, clock)) {
            clock.advance(Duration.ofHours(2));
            restarted.families.await(restarted.holder("ci", "acme", "", (f, t, again) -> {}), bearer -> true);
        }
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void anEmptyCredentialBuysNothingUnlessItWasAuthorized() throws Exception {
        Place here = new Place("system", "ci");
        administration.authorized(core.service("acme").endpoint(), here, "", seed, null);
        assertThatThrownBy(() ->
                        core.families.await(core.holder("another", "acme", "", (f, t, again) -> {}), bearer -> true))
                .hasMessageContaining("it stores no refresh token yet");
        assertThatThrownBy(
                        () -> core.families.await(core.holder("ci", "globex", "", (f, t, again) -> {}), bearer -> true))
                .hasMessageContaining("it stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
        core.families.await(core.holder("ci", "acme", "", (f, t, again) -> {}), bearer -> true);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void anAuthorizationAtOnePlaceLeavesOthersWithTheSameTokenAlone() throws Exception {
        ask();
        core.families.await(
                core.holder("copy", "acme", only().tokens().current(), (f, t, again) -> {}), bearer -> true);
        String other = simulator.addAccount("other", "acme");
        administration.authorized(core.service("acme").endpoint(), new Place("system", "copy"), seed, other, null);
        clock.advance(Duration.ofHours(2));
        ask();
        core.families.await(core.holder("copy", "acme", seed, (f, t, again) -> {}), bearer -> true);
        assertThat(simulator.reuses()).isZero();
        assertThat(administration.list())
                .extracting(FamilyRecord::places)
                .containsExactlyInAnyOrder(Set.of(new Place("system", "ci")), Set.of(new Place("system", "copy")));
        assertThat(simulator.currentToken("other")).isNotEqualTo(other);
    }

    @Test
    void anAuthorizationIsNeverLostToADiskThatIsFull() throws Exception {
        ask();
        HookedLedger full = new HookedLedger(core.ledger);
        full.save = id -> {
            throw new IOException("disk full");
        };
        Families families = new Families(full, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        assertThatThrownBy(() -> families.administration()
                        .authorized(core.service("acme").endpoint(), new Place("system", "ci"), seed, "new", null))
                .isInstanceOf(IOException.class);
        full.save = id -> {};
        assertThat(administration.list()).hasSize(1);
        families.administration()
                .authorized(core.service("acme").endpoint(), new Place("system", "ci"), seed, "new", null);
        assertThat(only().tokens().current()).isEqualTo("new");
    }

    @Test
    void anAuthorizationElsewhereLeavesTheTokenWhereItIsAtHome() throws Exception {
        ask();
        FamilyRecord before = only();
        String other = simulator.addAccount("other", "acme");
        administration.authorized(core.service("acme").endpoint(), new Place("folder:a", "new"), seed, other, null);
        assertThat(administration.list())
                .hasSize(2)
                .contains(before)
                .extracting(FamilyRecord::places)
                .contains(Set.of(new Place("folder:a", "new")));
    }

    @Test
    void anAuthorizationThatIsStoredTwiceIsOne() throws Exception {
        Endpoint endpoint = core.service("acme").endpoint();
        Place here = new Place("system", "ci");
        administration.authorized(endpoint, here, "", seed, null);
        administration.authorized(endpoint, here, "", seed, null);
        ask();
        assertThat(only().places()).containsExactly(here);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aBearerThatCameWithAnAuthorizationServesAtOnce() throws Exception {
        Bearer bearer = core.service("acme").exchange(seed).bearer();
        String next = simulator.currentToken("ci");
        administration.authorized(core.service("acme").endpoint(), new Place("system", "ci"), seed, next, bearer);
        assertThat(core.families
                        .await(core.holder("ci", "acme", seed, (f, t, again) -> {}), any -> true)
                        .bearer())
                .isEqualTo(bearer);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aRecordThatCannotBeReadIsReplacedAndLeftAlone() throws Exception {
        ask();
        Path file = directory.resolve(only().id() + ".json");
        Files.writeString(file, "{\"format\":1");
        String fresh = simulator.reauthorize("ci");
        administration.authorized(core.service("acme").endpoint(), new Place("system", "ci"), seed, fresh, null);
        assertThat(only().tokens().current()).isEqualTo(fresh);
        assertThat(only().tokens().generation()).as("after what memory knows").isEqualTo(2);
        assertThat(file).hasContent("{\"format\":1");
        clock.advance(Duration.ofHours(2));
        ask();
        assertThat(simulator.reuses()).isZero();
    }

    /** Two families at one place: what was authorized last is what counts there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReplacedRecordThatCannotBeRemovedDoesNoHarm(boolean interrupted) throws Exception {
        ask();
        String old = only().id();
        HookedLedger stubborn = new HookedLedger(core.ledger);
        stubborn.lock = id -> {
            if (id.equals(old) && interrupted) {
                throw new InterruptedException();
            } else if (id.equals(old)) {
                throw new IOException("in use");
            }
        };
        Families families = new Families(stubborn, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        String fresh = simulator.reauthorize("ci");
        Place here = new Place("system", "ci");
        Endpoint endpoint = core.service("acme").endpoint();
        families.administration().authorized(endpoint, here, seed, fresh, null);
        assertThat(Thread.interrupted()).isEqualTo(interrupted);
        assertThat(administration.list())
                .hasSize(2)
                .allMatch(record -> record.places().contains(here));
        for (String brought : List.of(seed, "", fresh)) {
            assertThat(families.survey().of(endpoint, brought, here).tokens().current())
                    .isEqualTo(simulator.currentToken("ci"));
            clock.advance(Duration.ofHours(2));
            families.await(core.holder("ci", "acme", brought, (f, t, again) -> {}), bearer -> true);
        }
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void familiesAreOfACopiedFolderToo() throws Exception {
        ask(new Place("folder:a", "sa"));
        administration.copied("folder:a", "folder:b");
        administration.copied("folder:other", "folder:c");
        assertThat(only().places()).containsExactlyInAnyOrder(new Place("folder:a", "sa"), new Place("folder:b", "sa"));
        for (String folder : List.of("folder:a", "folder:b")) {
            clock.advance(Duration.ofHours(2));
            ask(new Place(folder, "sa"));
        }
        assertThat(simulator.rotations()).isEqualTo(3);
        assertThatThrownBy(() -> ask(new Place("folder:c", "sa"))).hasMessageContaining("stored elsewhere");
    }

    @Test
    void aFamilyFollowsItsCredentialFromWhereItIsBoundAndFromNowhereElse() throws Exception {
        Place from = new Place("folder:a", "sa");
        Place to = new Place("folder:b", "sa");
        ask(from);
        Endpoint endpoint = core.service("acme").endpoint();
        administration.follow(endpoint, seed, to, new Place("folder:thief", "sa"));
        administration.follow(core.service("globex").endpoint(), seed, from, new Place("folder:thief", "sa"));
        administration.follow(endpoint, "another token", from, new Place("folder:thief", "sa"));
        assertThat(only().places()).containsExactly(from);
        administration.follow(endpoint, seed, from, to);
        for (Place place : List.of(to, from)) {
            clock.advance(Duration.ofHours(2));
            ask(place);
        }
        assertThat(simulator.rotations()).isEqualTo(3);
    }

    /** With the seed, whatever has become of it since. */
    private void ask(Place place) throws Exception {
        core.families.await(
                new Holder(place.credentialsId(), place, seed, core.service("acme"), (f, t, again) -> {}),
                bearer -> true);
    }

    /** An exchange that takes its time must not cost the other credentials of a renamed folder their families. */
    @Test
    void aFamilyInUseKeepsNoOtherFromFollowingItsFolder() throws Exception {
        List<String> accounts = List.of("one", "two", "three");
        for (String account : accounts) {
            Place place = new Place("folder:a", account);
            String token = simulator.addAccount(account, "acme");
            core.families.await(
                    new Holder(account, place, token, core.service("acme"), (f, t, again) -> {}), bearer -> true);
        }
        for (FamilyRecord busy : administration.list()) {
            HookedLedger stubborn = new HookedLedger(core.ledger);
            stubborn.lock = id -> {
                if (id.equals(busy.id())) {
                    throw new IOException("in use");
                }
            };
            Families families = new Families(stubborn, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
            assertThatThrownBy(() -> families.administration().moved("folder:a", "folder:b"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("in use");
            assertThat(administration.list())
                    .allMatch(record ->
                            record.places().iterator().next().context().equals("folder:b")
                                    != record.id().equals(busy.id()));
            administration.moved("folder:b", "folder:a");
        }
        HookedLedger closed = new HookedLedger(core.ledger);
        closed.lock = id -> {
            throw new IOException("in use");
        };
        Families families = new Families(closed, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        assertThatThrownBy(() -> families.administration().moved("folder:a", "folder:b"))
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }

    @Test
    void aMoveOfOneFolderTouchesNoOther() throws Exception {
        Place inA = new Place("folder:a", "sa");
        Place inB = new Place("folder:b", "sa");
        String unmoved = simulator.addAccount("unmoved", "acme");
        for (Place place : List.of(inA, inB)) {
            core.families.await(
                    new Holder("sa", place, simulator.currentToken("ci"), core.service("acme"), (f, t, again) -> {}),
                    bearer -> true);
        }
        core.families.await(core.holder("other", "acme", unmoved, (f, t, again) -> {}), bearer -> true);
        HookedLedger counting = new HookedLedger(core.ledger);
        Families families = new Families(counting, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        families.administration().moved("folder:a", "folder:c");
        assertThat(counting.locks).isEqualTo(1);
        assertThat(administration.list())
                .extracting(FamilyRecord::places)
                .containsExactlyInAnyOrder(
                        Set.of(new Place("folder:c", "sa"), inB), Set.of(new Place("system", "other")));
    }

    @Test
    void aSweepOfWhatIsInUseWritesNothing() throws Exception {
        ask();
        HookedLedger counting = new HookedLedger(core.ledger);
        Families families = new Families(counting, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        for (String stored : List.of(seed, simulator.currentToken("ci"))) {
            families.administration().sweep((place, endpoint) -> stored);
        }
        assertThat(counting.saves + counting.locks).isZero();
        families.administration().sweep((place, endpoint) -> null);
        families.administration().sweep((place, endpoint) -> null);
        assertThat(counting.saves).isEqualTo(1);
        Instant orphaned = only().orphaned();
        assertThat(FamilyAdministration.endOf(orphaned))
                .isEqualTo(clock.instant().plus(Duration.ofDays(30)));
    }

    /** The credential may be made again while the sweep is looking. */
    @Test
    void aFamilyThatComesBackToLifeDuringTheSweepStays() throws Exception {
        ask();
        administration.sweep((place, endpoint) -> null);
        clock.advance(Duration.ofDays(31));
        administration.sweep((place, endpoint) -> {
            try {
                ask();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return null;
        });
        assertThat(only().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    private void ask() throws Exception {
        core.families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
    }

    private FamilyRecord only() throws Exception {
        assertThat(administration.list()).hasSize(1);
        return administration.list().get(0);
    }

    /** A store in a folder that gets another name. */
    private static final class Renamed implements TokenKeeper {

        private Place place = BEFORE;

        @Override
        public void keep(Predicate<String> sameFamily, String current, boolean again) {}

        @Override
        public Place place() {
            return place;
        }
    }
}
