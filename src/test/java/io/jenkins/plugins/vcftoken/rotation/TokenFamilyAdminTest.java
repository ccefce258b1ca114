package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFamilyAdminTest extends TokenServiceTestBase {

    private static final CredentialLocation CI = new CredentialLocation("system", "ci");
    private static final CredentialLocation BEFORE = new CredentialLocation("folder:before", "sa");
    private static final CredentialLocation AFTER = new CredentialLocation("folder:after", "sa");

    private TokenFamilyAdmin administration;
    private String initialToken;
    private Account acme;

    @BeforeEach
    void start() throws Exception {
        administration = core.families.administration();
        initialToken = simulator.addAccount("ci", "acme");
        acme = core.service("acme").account();
    }

    @Test
    void allowRetry_ofAnUnknownOutcome_sendsTheTokenAgain() throws Exception {
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(this::ask).isInstanceOf(TokenUnavailableException.class);
        assertThatThrownBy(this::ask).hasMessageContaining("it is not known whether");
        assertThat(administration.allowRetry(only().id())).isTrue();
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(administration.allowRetry(only().id())).isFalse();
        assertThat(administration.allowRetry("00000000")).isFalse();
    }

    @Test
    void recordsAreKeptThirtyDaysAfterTheLastCredential() throws Exception {
        ask();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).hasSize(1);
        clock.advance(Duration.ofDays(1));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void aCredentialMadeAgainStopsTheCount() throws Exception {
        ask();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        String current = only().tokens().current();
        administration.removeOrphans((location, account) -> current);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).hasSize(1);
    }

    /** A person has typed a new token: nothing leads to the old one's family any more. */
    @Test
    void aCredentialThatStoresAnotherTokenKeepsNoRecord() throws Exception {
        ask();
        administration.removeOrphans((location, account) -> "typed-again");
        clock.advance(Duration.ofDays(30));
        administration.removeOrphans((location, account) -> "typed-again");
        assertThat(administration.list()).isEmpty();
    }

    /** The server may take both spellings for one organization, or not: one record is left in either case. */
    @Test
    void aRecordOfAnotherSpellingOfTheOrganizationIsRemovedThirtyDaysLater() throws Exception {
        ask();
        String stored = only().tokens().current();
        try {
            core.families.await(core.handle("sa", core.service("Acme"), stored), accessToken -> false);
        } catch (TokenUnavailableException e) {
            assertThat(e).hasMessageContaining("‘Acme’");
        }
        Account respelling = core.service("Acme").account();
        TokenFamilyAdmin.Stored respelled =
                (location, account) -> account.isSameAs(respelling) ? simulator.currentToken("ci") : null;
        administration.removeOrphans(respelled);
        clock.advance(Duration.ofDays(30));
        administration.removeOrphans(respelled);
        assertThat(administration.list()).hasSize(1);
        assertThat(only().account().isSameAs(respelling)).isTrue();
    }

    /** As two spellings of one account left them: the newer record goes on from the token of the older one. */
    @Test
    void recordContinuedByAnotherFamily_isRemovedThirtyDaysLater() throws Exception {
        CredentialLocation location = new CredentialLocation("system", "sa");
        TokenFamily older = TokenFamily.created(acme, "first", TestTokenService.HASH, clock.instant())
                .rescued("second", "why", TestTokenService.HASH, clock.instant())
                .boundTo(location);
        TokenFamily newer = TokenFamily.created(acme, "second", TestTokenService.HASH, clock.instant())
                .rescued("third", "why", TestTokenService.HASH, clock.instant())
                .boundTo(location)
                .rescued("fourth", "why", TestTokenService.HASH, clock.instant());
        core.ledger.save(older);
        core.ledger.save(newer);
        for (String stored : List.of("third", "fourth")) {
            administration.removeOrphans((at, of) -> stored);
            clock.advance(Duration.ofDays(30));
        }
        administration.removeOrphans((at, of) -> "fourth");
        assertThat(administration.list()).extracting(TokenFamily::id).containsExactly(newer.id());
    }

    @Test
    void findLocationsOfFormerToken_returnsTheLocationsForFormerTokensOnly() throws Exception {
        ask();
        CredentialHandle handle = core.handle("sa", core.service("acme"), initialToken);
        Account account = handle.client().account();
        assertThat(administration.findLocationsOfFormerToken(account, initialToken))
                .isEqualTo(only().locations());
        assertThat(administration.findLocationsOfFormerToken(
                        account, only().tokens().current()))
                .isEmpty();
        assertThat(administration.findLocationsOfFormerToken(account, "never-seen"))
                .isEmpty();
        assertThat(administration.findLocationsOfFormerToken(
                        core.service("globex").account(), initialToken))
                .isEmpty();
    }

    /** Which one is meant is not to be told, so the token leads to neither. */
    @Test
    void findLocationsOfFormerToken_ofTwoFamilies_returnsNone() throws Exception {
        ask();
        administration.copied("system", "folder:copy");
        CredentialLocation copy = new CredentialLocation(
                "folder:copy", only().locations().iterator().next().credentialsId());
        administration.authorized(acme, copy, initialToken, simulator.reauthorize("ci"), null);
        assertThat(administration.list()).hasSize(2);
        assertThat(administration.findLocationsOfFormerToken(acme, initialToken))
                .isEmpty();
    }

    @Test
    void familiesFollowTheirFolder() throws Exception {
        CredentialLocation before = new CredentialLocation("folder:a", "sa");
        ask(before);
        administration.moved("folder:a", "folder:b/a");
        assertThat(only().locations()).containsExactly(new CredentialLocation("folder:b/a", "sa"));
        clock.advance(Duration.ofHours(2));
        CredentialLocation after = new CredentialLocation("folder:b/a", "sa");
        ask(after);
        assertThat(simulator.reuses()).isZero();
    }

    /** Its store has an older token, as after a form of before was saved: only the place leads from that to the family. */
    @Test
    void anOpenBlockOutlivesTheRenamingOfItsFolder() throws Exception {
        Renamed folder = new Renamed();
        CredentialHandle block = new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), folder);
        core.families.await(block, accessToken -> true);
        folder.location = AFTER;
        administration.moved(BEFORE.context(), AFTER.context());
        clock.advance(Duration.ofMinutes(45));
        TokenResult result = core.families.await(block, accessToken -> false);
        assertThat(result.error()).isNull();
        assertThat(only().locations()).containsExactly(AFTER);
    }

    /** Otherwise a new folder of the old name would be bound to the family. */
    @Test
    void anOpenBlockDoesNotBindItsFamilyToTheOldNameOfItsFolderAgain() throws Exception {
        Renamed folder = new Renamed();
        core.families.await(
                new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), folder), accessToken -> true);
        CredentialHandle block =
                new CredentialHandle("sa", BEFORE, only().tokens().current(), core.service("acme"), folder);
        InterceptingLedger ledger = new InterceptingLedger(core.ledger);
        TokenManager families = TestTokenService.manager(ledger, clock);
        ledger.lock = id -> {
            // The block is about to renew, and knows its place already.
            ledger.lock = same -> {};
            folder.location = AFTER;
            families.administration().moved(BEFORE.context(), AFTER.context());
        };
        clock.advance(Duration.ofMinutes(45));
        families.await(block, accessToken -> false);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(only().locations()).containsExactly(AFTER);
        assertThatThrownBy(() -> families.await(
                        new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), new Renamed()),
                        accessToken -> true))
                .hasMessageContaining("has already replaced it");
    }

    @Test
    void whatIsForgottenIsGone() throws Exception {
        ask();
        administration.forget(only().id());
        assertThat(administration.list()).isEmpty();
    }

    /** Between the look and the word an exchange was in flight, and the store has its token later than the ledger. */
    @Test
    void forget_afterARotationSinceTheLook_doesNothing() throws Exception {
        ask();
        TokenFamily seen = only();
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
        assertThat(administration.areRelated(acme, initialToken, now)).isTrue();
        assertThat(administration.areRelated(core.service("other").account(), initialToken, now))
                .isFalse();
        assertThat(administration.areRelated(acme, initialToken, "typed")).isFalse();
    }

    @Test
    void secretAcceptedByOneServer_isNotSentToAnother() throws Exception {
        ask();
        try (Simulator thief = Simulator.start(clock, 0);
                TestTokenService other = new TestTokenService(directory, thief, clock)) {
            String current = simulator.currentToken("ci");
            CredentialHandle carried = other.handle("ci", "acme", current, (f, t, again) -> {});
            assertThatThrownBy(() -> other.families.await(carried, accessToken -> true))
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
            administration.removeOrphans((location, account) -> null);
            clock.advance(TokenFamilyAdmin.KEPT_AFTER_LAST_CREDENTIAL);
            administration.removeOrphans((location, account) -> null);
        }
        assertThat(administration.list()).isEmpty();
        try (Simulator thief = Simulator.start(clock, 0);
                TestTokenService other = new TestTokenService(directory, thief, clock)) {
            CredentialHandle carried = other.handle("new", "acme", current, (f, t, again) -> {});
            assertThatThrownBy(() -> other.families.await(carried, accessToken -> true))
                    .hasMessageContaining("its secret belongs to VCF Automation at " + simulator.url())
                    .hasMessageContaining("is not sent to another server");
            assertThat(thief.requests()).isZero();
        }
        core.families.await(core.handle("ci", "acme", current), accessToken -> true);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void aRotatingTokenIsNotSentForAnotherOrganizationOfItsServer() throws Exception {
        ask();
        String current = simulator.currentToken("ci");
        CredentialHandle other = core.handle("ci", "globex", current);
        assertThatThrownBy(() -> core.families.await(other, accessToken -> true))
                .hasMessageContaining("organization ‘acme’ and is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aTokenThatDoesNotRotateMayBeSentForAnotherOrganizationOfItsServer() throws Exception {
        simulator.setRotation("ci", false);
        ask();
        CredentialHandle other = core.handle("ci", "globex", initialToken);
        assertThatThrownBy(() -> core.families.await(other, accessToken -> true))
                .hasMessageNotContaining("is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aSecretNeverAcceptedAnywhereMayBeTriedAtTheRightServer() throws Exception {
        try (Simulator wrong = Simulator.start(clock, 0);
                TestTokenService mistyped = new TestTokenService(directory, wrong, clock)) {
            CredentialHandle typo = mistyped.handle("ci", "acme", initialToken, (f, t, again) -> {});
            wrong.addAccount("user", "acme");
            assertThatThrownBy(() -> mistyped.families.await(typo, accessToken -> true))
                    .isInstanceOf(TokenUnavailableException.class);
        }
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aRotationIsTwoWritesOfTheLedger() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager families = TestTokenService.manager(counting, clock);
        families.await(core.handle("ci", "acme", initialToken), accessToken -> true);
        assertThat(counting.saves).isEqualTo(2);
        families.await(core.handle("ci", "acme", initialToken), accessToken -> true);
        assertThat(counting.saves).isEqualTo(2);
    }

    @Test
    void anAuthorizationRevivesWhatIsDeadWhateverStandsThere() throws Exception {
        ask();
        simulator.revoke("ci");
        clock.advance(Duration.ofHours(2));
        assertThatThrownBy(this::ask).hasMessageContaining("refuses the stored refresh token");
        String rejected = only().tokens().current();
        String fresh = simulator.reauthorize("ci");
        administration.authorized(acme, CI, initialToken, fresh, null);
        assertThat(only().state()).isEqualTo(TokenFamily.Status.READY);
        for (String brought : List.of(initialToken, rejected, "", fresh)) {
            clock.advance(Duration.ofHours(2));
            core.families.await(core.handle("ci", "acme", brought), accessToken -> true);
        }
        assertThat(simulator.grants()).isEqualTo(5);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
        try (TestTokenService restarted = new TestTokenService(directory, simulator, clock)) {
            clock.advance(Duration.ofHours(2));
            restarted.families.await(restarted.handle("ci", "acme", "", (f, t, again) -> {}), accessToken -> true);
        }
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void emptyCredential_isRefusedUnlessItWasAuthorized() throws Exception {
        administration.authorized(acme, CI, "", initialToken, null);
        assertThatThrownBy(() -> core.families.await(core.handle("another", "acme", ""), accessToken -> true))
                .hasMessageContaining("it stores no refresh token yet");
        assertThatThrownBy(() -> core.families.await(core.handle("ci", "globex", ""), accessToken -> true))
                .hasMessageContaining("it stores no refresh token yet");
        assertThat(simulator.requests()).isZero();
        core.families.await(core.handle("ci", "acme", ""), accessToken -> true);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void authorizationOfOneLocation_leavesOthersWithTheSameToken() throws Exception {
        ask();
        core.families.await(core.handle("copy", "acme", only().tokens().current()), accessToken -> true);
        String other = simulator.addAccount("other", "acme");
        administration.authorized(acme, new CredentialLocation("system", "copy"), initialToken, other, null);
        clock.advance(Duration.ofHours(2));
        ask();
        core.families.await(core.handle("copy", "acme", initialToken), accessToken -> true);
        assertThat(simulator.reuses()).isZero();
        assertThat(administration.list())
                .extracting(TokenFamily::locations)
                .containsExactlyInAnyOrder(Set.of(CI), Set.of(new CredentialLocation("system", "copy")));
        assertThat(simulator.currentToken("other")).isNotEqualTo(other);
    }

    @Test
    void anAuthorizationIsNeverLostToADiskThatIsFull() throws Exception {
        ask();
        InterceptingLedger full = new InterceptingLedger(core.ledger);
        full.save = id -> {
            throw new IOException("disk full");
        };
        TokenManager families = TestTokenService.manager(full, clock);
        assertThatThrownBy(() -> families.administration().authorized(acme, CI, initialToken, "new", null))
                .isInstanceOf(IOException.class);
        full.save = id -> {};
        assertThat(administration.list()).hasSize(1);
        families.administration().authorized(acme, CI, initialToken, "new", null);
        assertThat(only().tokens().current()).isEqualTo("new");
    }

    @Test
    void authorizationElsewhere_leavesTheFamilyOfTheLocation() throws Exception {
        ask();
        TokenFamily before = only();
        String other = simulator.addAccount("other", "acme");
        administration.authorized(acme, new CredentialLocation("folder:a", "new"), initialToken, other, null);
        assertThat(administration.list())
                .hasSize(2)
                .contains(before)
                .extracting(TokenFamily::locations)
                .contains(Set.of(new CredentialLocation("folder:a", "new")));
    }

    @Test
    void anAuthorizationThatIsStoredTwiceIsOne() throws Exception {
        administration.authorized(acme, CI, "", initialToken, null);
        administration.authorized(acme, CI, "", initialToken, null);
        ask();
        assertThat(only().locations()).containsExactly(CI);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void accessTokenOfAnAuthorization_isUsedAtOnce() throws Exception {
        AccessToken accessToken =
                core.service("acme").requestToken(initialToken).accessToken();
        String next = simulator.currentToken("ci");
        administration.authorized(acme, CI, initialToken, next, accessToken);
        assertThat(core.families
                        .await(core.handle("ci", "acme", initialToken), any -> true)
                        .accessToken())
                .isEqualTo(accessToken);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void unreadableRecord_isReplacedAndLeftUnchanged() throws Exception {
        ask();
        Path file = directory.resolve(only().id() + ".json");
        Files.writeString(file, "{\"format\":1");
        String fresh = simulator.reauthorize("ci");
        administration.authorized(acme, CI, initialToken, fresh, null);
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
    void replacedRecord_thatCannotBeRemoved_isNotUsed(boolean interrupted) throws Exception {
        ask();
        String old = only().id();
        InterceptingLedger stubborn = new InterceptingLedger(core.ledger);
        stubborn.lock = id -> {
            if (id.equals(old) && interrupted) {
                throw new InterruptedException();
            } else if (id.equals(old)) {
                throw new IOException("in use");
            }
        };
        TokenManager families = TestTokenService.manager(stubborn, clock);
        String fresh = simulator.reauthorize("ci");
        families.administration().authorized(acme, CI, initialToken, fresh, null);
        assertThat(Thread.interrupted()).isEqualTo(interrupted);
        assertThat(administration.list())
                .hasSize(2)
                .allMatch(record -> record.locations().contains(CI));
        for (String brought : List.of(initialToken, "", fresh)) {
            assertThat(families.snapshot().find(acme, brought, CI).tokens().current())
                    .isEqualTo(simulator.currentToken("ci"));
            clock.advance(Duration.ofHours(2));
            families.await(core.handle("ci", "acme", brought), accessToken -> true);
        }
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void familiesAreOfACopiedFolderToo() throws Exception {
        ask(new CredentialLocation("folder:a", "sa"));
        administration.copied("folder:a", "folder:b");
        administration.copied("folder:other", "folder:c");
        assertThat(only().locations())
                .containsExactlyInAnyOrder(
                        new CredentialLocation("folder:a", "sa"), new CredentialLocation("folder:b", "sa"));
        for (String folder : List.of("folder:a", "folder:b")) {
            clock.advance(Duration.ofHours(2));
            ask(new CredentialLocation(folder, "sa"));
        }
        assertThat(simulator.rotations()).isEqualTo(3);
        assertThatThrownBy(() -> ask(new CredentialLocation("folder:c", "sa")))
                .hasMessageContaining("has already replaced it");
    }

    @Test
    void aFamilyFollowsItsCredentialFromWhereItIsBoundAndFromNowhereElse() throws Exception {
        CredentialLocation from = new CredentialLocation("folder:a", "sa");
        CredentialLocation to = new CredentialLocation("folder:b", "sa");
        ask(from);
        administration.follow(acme, initialToken, to, new CredentialLocation("folder:thief", "sa"));
        administration.follow(
                core.service("globex").account(), initialToken, from, new CredentialLocation("folder:thief", "sa"));
        administration.follow(acme, "another token", from, new CredentialLocation("folder:thief", "sa"));
        assertThat(only().locations()).containsExactly(from);
        administration.follow(acme, initialToken, from, to);
        for (CredentialLocation location : List.of(to, from)) {
            clock.advance(Duration.ofHours(2));
            ask(location);
        }
        assertThat(simulator.rotations()).isEqualTo(3);
    }

    /** With the initial token, whatever has become of it since. */
    private void ask(CredentialLocation location) throws Exception {
        core.families.await(
                new CredentialHandle(
                        location.credentialsId(), location, initialToken, core.service("acme"), (f, t, again) -> {}),
                accessToken -> true);
    }

    /** An exchange that takes its time must not cost the other credentials of a renamed folder their families. */
    @Test
    void aFamilyInUseKeepsNoOtherFromFollowingItsFolder() throws Exception {
        List<String> accounts = List.of("one", "two", "three");
        for (String account : accounts) {
            CredentialLocation location = new CredentialLocation("folder:a", account);
            String token = simulator.addAccount(account, "acme");
            core.families.await(
                    new CredentialHandle(account, location, token, core.service("acme"), (f, t, again) -> {}),
                    accessToken -> true);
        }
        for (TokenFamily busy : administration.list()) {
            InterceptingLedger stubborn = new InterceptingLedger(core.ledger);
            stubborn.lock = id -> {
                if (id.equals(busy.id())) {
                    throw new IOException("in use");
                }
            };
            TokenManager families = TestTokenService.manager(stubborn, clock);
            assertThatThrownBy(() -> families.administration().moved("folder:a", "folder:b"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("in use");
            assertThat(administration.list())
                    .allMatch(record ->
                            record.locations().iterator().next().context().equals("folder:b")
                                    != record.id().equals(busy.id()));
            administration.moved("folder:b", "folder:a");
        }
        InterceptingLedger closed = new InterceptingLedger(core.ledger);
        closed.lock = id -> {
            throw new IOException("in use");
        };
        TokenManager families = TestTokenService.manager(closed, clock);
        assertThatThrownBy(() -> families.administration().moved("folder:a", "folder:b"))
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }

    @Test
    void aMoveOfOneFolderTouchesNoOther() throws Exception {
        CredentialLocation inA = new CredentialLocation("folder:a", "sa");
        CredentialLocation inB = new CredentialLocation("folder:b", "sa");
        String unmoved = simulator.addAccount("unmoved", "acme");
        for (CredentialLocation location : List.of(inA, inB)) {
            core.families.await(
                    new CredentialHandle(
                            "sa", location, simulator.currentToken("ci"), core.service("acme"), (f, t, again) -> {}),
                    accessToken -> true);
        }
        core.families.await(core.handle("other", "acme", unmoved), accessToken -> true);
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager families = TestTokenService.manager(counting, clock);
        families.administration().moved("folder:a", "folder:c");
        assertThat(counting.locks).isEqualTo(1);
        assertThat(administration.list())
                .extracting(TokenFamily::locations)
                .containsExactlyInAnyOrder(
                        Set.of(new CredentialLocation("folder:c", "sa"), inB),
                        Set.of(new CredentialLocation("system", "other")));
    }

    @Test
    void aSweepOfWhatIsInUseWritesNothing() throws Exception {
        ask();
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager families = TestTokenService.manager(counting, clock);
        for (String stored : List.of(initialToken, simulator.currentToken("ci"))) {
            families.administration().removeOrphans((location, account) -> stored);
        }
        assertThat(counting.saves + counting.locks).isZero();
        families.administration().removeOrphans((location, account) -> null);
        families.administration().removeOrphans((location, account) -> null);
        assertThat(counting.saves).isEqualTo(1);
        Instant orphaned = only().orphaned();
        assertThat(TokenFamilyAdmin.endOf(orphaned)).isEqualTo(clock.instant().plus(Duration.ofDays(30)));
    }

    /** The credential may be made again while the sweep is looking. */
    @Test
    void aFamilyThatComesBackToLifeDuringTheSweepStays() throws Exception {
        ask();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(31));
        administration.removeOrphans((location, account) -> {
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
        core.families.await(core.handle("ci", "acme", initialToken), accessToken -> true);
    }

    private TokenFamily only() throws Exception {
        assertThat(administration.list()).hasSize(1);
        return administration.list().get(0);
    }

    /** A store in a folder that gets another name. */
    private static final class Renamed implements CredentialWriter {

        private CredentialLocation location = BEFORE;

        @Override
        public void writeBack(Predicate<String> sameFamily, String current, boolean again) {}

        @Override
        public CredentialLocation location() {
            return location;
        }
    }
}
