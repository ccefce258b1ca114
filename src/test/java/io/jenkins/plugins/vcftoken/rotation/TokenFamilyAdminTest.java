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
        assertThatThrownBy(this::awaitToken).isInstanceOf(TokenUnavailableException.class);
        assertThatThrownBy(this::awaitToken).hasMessageContaining("it is not known whether");
        assertThat(administration.allowRetry(onlyFamily().id())).isTrue();
        awaitToken();
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(administration.allowRetry(onlyFamily().id())).isFalse();
        assertThat(administration.allowRetry("00000000")).isFalse();
    }

    @Test
    void removeOrphans_keepsRecordsForThirtyDays() throws Exception {
        awaitToken();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).hasSize(1);
        clock.advance(Duration.ofDays(1));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void removeOrphans_afterTheCredentialWasCreatedAgain_keepsTheRecord() throws Exception {
        awaitToken();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        String current = onlyFamily().tokens().current();
        administration.removeOrphans((location, account) -> current);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(29));
        administration.removeOrphans((location, account) -> null);
        assertThat(administration.list()).hasSize(1);
    }

    @Test
    void removeOrphans_whenTheCredentialStoresAnotherToken_removesTheRecord() throws Exception {
        awaitToken();
        administration.removeOrphans((location, account) -> "entered");
        clock.advance(Duration.ofDays(30));
        administration.removeOrphans((location, account) -> "entered");
        assertThat(administration.list()).isEmpty();
    }

    /** One record remains, whether or not the server accepts both spellings of the organization. */
    @Test
    void removeOrphans_afterTheOrganizationWasRespelled_keepsOneRecord() throws Exception {
        awaitToken();
        String stored = onlyFamily().tokens().current();
        try {
            core.families.await(core.handle("sa", core.service("Acme"), stored), accessToken -> false);
        } catch (TokenUnavailableException e) {
            assertThat(e).hasMessageContaining("‘Acme’");
        }
        Account respelling = core.service("Acme").account();
        TokenFamilyAdmin.StoredSecretLookup respelled =
                (location, account) -> account.isSameAs(respelling) ? simulator.currentToken("ci") : null;
        administration.removeOrphans(respelled);
        clock.advance(Duration.ofDays(30));
        administration.removeOrphans(respelled);
        assertThat(administration.list()).hasSize(1);
        assertThat(onlyFamily().account().isSameAs(respelling)).isTrue();
    }

    /**
     * The newer record starts with the current token of the older one, as after a changed spelling of the organization.
     */
    @Test
    void removeOrphans_ofARecordContinuedByAnotherFamily_removesIt() throws Exception {
        CredentialLocation location = new CredentialLocation("system", "sa");
        TokenFamily older = TokenFamily.created(acme, "first", TestTokenService.HASH, clock.instant())
                .rotatedWithoutAccessToken("second", "error", TestTokenService.HASH, clock.instant())
                .boundTo(location);
        TokenFamily newer = TokenFamily.created(acme, "second", TestTokenService.HASH, clock.instant())
                .rotatedWithoutAccessToken("third", "error", TestTokenService.HASH, clock.instant())
                .boundTo(location)
                .rotatedWithoutAccessToken("fourth", "error", TestTokenService.HASH, clock.instant());
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
        awaitToken();
        CredentialHandle handle = core.handle("sa", core.service("acme"), initialToken);
        Account account = handle.client().account();
        assertThat(administration.findLocationsOfFormerToken(account, initialToken))
                .isEqualTo(onlyFamily().locations());
        assertThat(administration.findLocationsOfFormerToken(
                        account, onlyFamily().tokens().current()))
                .isEmpty();
        assertThat(administration.findLocationsOfFormerToken(account, "never-seen"))
                .isEmpty();
        assertThat(administration.findLocationsOfFormerToken(
                        core.service("globex").account(), initialToken))
                .isEmpty();
    }

    @Test
    void findLocationsOfFormerToken_ofTwoFamilies_returnsNone() throws Exception {
        awaitToken();
        administration.copied("system", "folder:copy");
        CredentialLocation copy = new CredentialLocation(
                "folder:copy", onlyFamily().locations().iterator().next().credentialsId());
        administration.authorized(acme, copy, initialToken, simulator.reauthorize("ci"), null);
        assertThat(administration.list()).hasSize(2);
        assertThat(administration.findLocationsOfFormerToken(acme, initialToken))
                .isEmpty();
    }

    @Test
    void moved_ofAFolder_movesItsFamilies() throws Exception {
        CredentialLocation before = new CredentialLocation("folder:a", "sa");
        awaitToken(before);
        administration.moved("folder:a", "folder:b/a");
        assertThat(onlyFamily().locations()).containsExactly(new CredentialLocation("folder:b/a", "sa"));
        clock.advance(Duration.ofHours(2));
        CredentialLocation after = new CredentialLocation("folder:b/a", "sa");
        awaitToken(after);
        assertThat(simulator.reuses()).isZero();
    }

    /** The block has a former token, which is accepted only at the bound location. */
    @Test
    void openBlock_afterItsFolderWasRenamed_getsAnAccessToken() throws Exception {
        RenamedFolder folder = new RenamedFolder();
        CredentialHandle block = new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), folder);
        core.families.await(block, accessToken -> true);
        folder.location = AFTER;
        administration.moved(BEFORE.context(), AFTER.context());
        clock.advance(Duration.ofMinutes(45));
        TokenResult result = core.families.await(block, accessToken -> false);
        assertThat(result.error()).isNull();
        assertThat(onlyFamily().locations()).containsExactly(AFTER);
    }

    /** Otherwise a new folder with the old name would be bound to the family. */
    @Test
    void openBlock_afterItsFolderWasRenamed_doesNotBindTheOldLocation() throws Exception {
        RenamedFolder folder = new RenamedFolder();
        core.families.await(
                new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), folder), accessToken -> true);
        CredentialHandle block =
                new CredentialHandle("sa", BEFORE, onlyFamily().tokens().current(), core.service("acme"), folder);
        InterceptingLedger ledger = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(ledger, clock);
        ledger.beforeLock = id -> {
            // Between the look-up of the location and the lock.
            ledger.beforeLock = same -> {};
            folder.location = AFTER;
            manager.administration().moved(BEFORE.context(), AFTER.context());
        };
        clock.advance(Duration.ofMinutes(45));
        manager.await(block, accessToken -> false);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(onlyFamily().locations()).containsExactly(AFTER);
        assertThatThrownBy(() -> manager.await(
                        new CredentialHandle("sa", BEFORE, initialToken, core.service("acme"), new RenamedFolder()),
                        accessToken -> true))
                .hasMessageContaining("has already replaced it");
    }

    @Test
    void forget_deletesTheRecord() throws Exception {
        awaitToken();
        administration.forget(onlyFamily().id());
        assertThat(administration.list()).isEmpty();
    }

    /** The token rotates after the record was displayed; the store may not have the new token yet. */
    @Test
    void forget_afterARotation_keepsTheRecord() throws Exception {
        awaitToken();
        TokenFamily seen = onlyFamily();
        clock.advance(Duration.ofHours(2));
        awaitToken();
        assertThat(administration.forget(seen)).isFalse();
        assertThat(onlyFamily().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(administration.forget(onlyFamily())).isTrue();
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void areRelated_isTrueForTokensOfOneFamilyAndAccountOnly() throws Exception {
        awaitToken();
        String now = simulator.currentToken("ci");
        assertThat(administration.areRelated(acme, initialToken, now)).isTrue();
        assertThat(administration.areRelated(core.service("other").account(), initialToken, now))
                .isFalse();
        assertThat(administration.areRelated(acme, initialToken, "entered")).isFalse();
    }

    @Test
    void secretAcceptedByOneServer_isNotSentToAnother() throws Exception {
        awaitToken();
        try (Simulator otherServer = Simulator.start(clock, 0);
                TestTokenService other = new TestTokenService(directory, otherServer, clock)) {
            String current = simulator.currentToken("ci");
            CredentialHandle moved = other.handle("ci", "acme", current, (f, t, force) -> {});
            assertThatThrownBy(() -> other.families.await(moved, accessToken -> true))
                    .hasMessageContaining("is not sent to another server");
            assertThat(otherServer.requests()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tokenOfADeletedRecord_isNotSentToAnotherServer(boolean byUser) throws Exception {
        awaitToken();
        String current = simulator.currentToken("ci");
        if (byUser) {
            assertThat(administration.forget(onlyFamily())).isTrue();
        } else {
            administration.removeOrphans((location, account) -> null);
            clock.advance(TokenFamilyAdmin.ORPHAN_RETENTION);
            administration.removeOrphans((location, account) -> null);
        }
        assertThat(administration.list()).isEmpty();
        try (Simulator otherServer = Simulator.start(clock, 0);
                TestTokenService other = new TestTokenService(directory, otherServer, clock)) {
            CredentialHandle moved = other.handle("new", "acme", current, (f, t, force) -> {});
            assertThatThrownBy(() -> other.families.await(moved, accessToken -> true))
                    .hasMessageContaining("its secret belongs to VCF Automation at " + simulator.url())
                    .hasMessageContaining("is not sent to another server");
            assertThat(otherServer.requests()).isZero();
        }
        core.families.await(core.handle("ci", "acme", current), accessToken -> true);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void rotatingToken_isNotSentForAnotherOrganization() throws Exception {
        awaitToken();
        String current = simulator.currentToken("ci");
        CredentialHandle other = core.handle("ci", "globex", current);
        assertThatThrownBy(() -> core.families.await(other, accessToken -> true))
                .hasMessageContaining("organization ‘acme’ and is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void nonRotatingToken_isSentForAnotherOrganization() throws Exception {
        simulator.setRotation("ci", false);
        awaitToken();
        CredentialHandle other = core.handle("ci", "globex", initialToken);
        assertThatThrownBy(() -> core.families.await(other, accessToken -> true))
                .hasMessageNotContaining("is not sent for another organization");
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void secretNeverAccepted_isSentToAnotherServer() throws Exception {
        try (Simulator wrong = Simulator.start(clock, 0);
                TestTokenService wrongServer = new TestTokenService(directory, wrong, clock)) {
            CredentialHandle handle = wrongServer.handle("ci", "acme", initialToken, (f, t, force) -> {});
            wrong.addAccount("user", "acme");
            assertThatThrownBy(() -> wrongServer.families.await(handle, accessToken -> true))
                    .isInstanceOf(TokenUnavailableException.class);
        }
        awaitToken();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void rotation_savesTheFamilyTwice() throws Exception {
        awaitToken();
        clock.advance(Duration.ofHours(2));
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(counting, clock);
        manager.await(core.handle("ci", "acme", initialToken), accessToken -> true);
        assertThat(counting.saveCount).isEqualTo(2);
        manager.await(core.handle("ci", "acme", initialToken), accessToken -> true);
        assertThat(counting.saveCount).isEqualTo(2);
    }

    @Test
    void authorized_afterARejection_worksWithAnyStoredToken() throws Exception {
        awaitToken();
        simulator.revoke("ci");
        clock.advance(Duration.ofHours(2));
        assertThatThrownBy(this::awaitToken).hasMessageContaining("rejects the stored refresh token");
        String rejected = onlyFamily().tokens().current();
        String fresh = simulator.reauthorize("ci");
        administration.authorized(acme, CI, initialToken, fresh, null);
        assertThat(onlyFamily().state()).isEqualTo(TokenFamily.Status.READY);
        for (String token : List.of(initialToken, rejected, "", fresh)) {
            clock.advance(Duration.ofHours(2));
            core.families.await(core.handle("ci", "acme", token), accessToken -> true);
        }
        assertThat(simulator.grants()).isEqualTo(5);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        try (TestTokenService restarted = new TestTokenService(directory, simulator, clock)) {
            clock.advance(Duration.ofHours(2));
            restarted.families.await(restarted.handle("ci", "acme", "", (f, t, force) -> {}), accessToken -> true);
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
    void authorized_atOneLocation_leavesOthersUnchanged() throws Exception {
        awaitToken();
        core.families.await(core.handle("copy", "acme", onlyFamily().tokens().current()), accessToken -> true);
        String other = simulator.addAccount("other", "acme");
        administration.authorized(acme, new CredentialLocation("system", "copy"), initialToken, other, null);
        clock.advance(Duration.ofHours(2));
        awaitToken();
        core.families.await(core.handle("copy", "acme", initialToken), accessToken -> true);
        assertThat(simulator.reuses()).isZero();
        assertThat(administration.list())
                .extracting(TokenFamily::locations)
                .containsExactlyInAnyOrder(Set.of(CI), Set.of(new CredentialLocation("system", "copy")));
        assertThat(simulator.currentToken("other")).isNotEqualTo(other);
    }

    @Test
    void authorized_onAFullDisk_failsAndCanBeRepeated() throws Exception {
        awaitToken();
        InterceptingLedger fullLedger = new InterceptingLedger(core.ledger);
        fullLedger.beforeSave = id -> {
            throw new IOException("disk full");
        };
        TokenManager manager = TestTokenService.manager(fullLedger, clock);
        assertThatThrownBy(() -> manager.administration().authorized(acme, CI, initialToken, "new", null))
                .isInstanceOf(IOException.class);
        fullLedger.beforeSave = id -> {};
        assertThat(administration.list()).hasSize(1);
        manager.administration().authorized(acme, CI, initialToken, "new", null);
        assertThat(onlyFamily().tokens().current()).isEqualTo("new");
    }

    @Test
    void authorized_atAnUnboundLocation_leavesTheOldFamily() throws Exception {
        awaitToken();
        TokenFamily before = onlyFamily();
        String other = simulator.addAccount("other", "acme");
        administration.authorized(acme, new CredentialLocation("folder:a", "new"), initialToken, other, null);
        assertThat(administration.list())
                .hasSize(2)
                .contains(before)
                .extracting(TokenFamily::locations)
                .contains(Set.of(new CredentialLocation("folder:a", "new")));
    }

    @Test
    void authorized_twiceWithTheSameToken_createsOneFamily() throws Exception {
        administration.authorized(acme, CI, "", initialToken, null);
        administration.authorized(acme, CI, "", initialToken, null);
        awaitToken();
        assertThat(onlyFamily().locations()).containsExactly(CI);
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void authorized_withAnAccessToken_cachesIt() throws Exception {
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
    void authorized_withAnUnreadableRecord_leavesTheFileUnchanged() throws Exception {
        awaitToken();
        Path file = directory.resolve(onlyFamily().id() + ".json");
        Files.writeString(file, "{\"format\":1");
        String fresh = simulator.reauthorize("ci");
        administration.authorized(acme, CI, initialToken, fresh, null);
        assertThat(onlyFamily().tokens().current()).isEqualTo(fresh);
        assertThat(onlyFamily().tokens().generation())
                .as("continues the cached generation")
                .isEqualTo(2);
        assertThat(file).hasContent("{\"format\":1");
        clock.advance(Duration.ofHours(2));
        awaitToken();
        assertThat(simulator.reuses()).isZero();
    }

    /** Of two families at one location, the one that was authorized last is used. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void authorized_whenTheOldRecordCannotBeRemoved_usesTheNewOne(boolean interrupted) throws Exception {
        awaitToken();
        String old = onlyFamily().id();
        InterceptingLedger lockedLedger = new InterceptingLedger(core.ledger);
        lockedLedger.beforeLock = id -> {
            if (id.equals(old) && interrupted) {
                throw new InterruptedException();
            } else if (id.equals(old)) {
                throw new IOException("in use");
            }
        };
        TokenManager manager = TestTokenService.manager(lockedLedger, clock);
        String fresh = simulator.reauthorize("ci");
        manager.administration().authorized(acme, CI, initialToken, fresh, null);
        assertThat(Thread.interrupted()).isEqualTo(interrupted);
        assertThat(administration.list())
                .hasSize(2)
                .allMatch(record -> record.locations().contains(CI));
        for (String token : List.of(initialToken, "", fresh)) {
            assertThat(manager.snapshot().find(acme, token, CI).tokens().current())
                    .isEqualTo(simulator.currentToken("ci"));
            clock.advance(Duration.ofHours(2));
            manager.await(core.handle("ci", "acme", token), accessToken -> true);
        }
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void copied_bindsTheFamiliesToTheCopy() throws Exception {
        awaitToken(new CredentialLocation("folder:a", "sa"));
        administration.copied("folder:a", "folder:b");
        administration.copied("folder:other", "folder:c");
        assertThat(onlyFamily().locations())
                .containsExactlyInAnyOrder(
                        new CredentialLocation("folder:a", "sa"), new CredentialLocation("folder:b", "sa"));
        for (String folder : List.of("folder:a", "folder:b")) {
            clock.advance(Duration.ofHours(2));
            awaitToken(new CredentialLocation(folder, "sa"));
        }
        assertThat(simulator.rotations()).isEqualTo(3);
        assertThatThrownBy(() -> awaitToken(new CredentialLocation("folder:c", "sa")))
                .hasMessageContaining("has already replaced it");
    }

    @Test
    void follow_fromABoundLocationOnly_bindsTheNewLocation() throws Exception {
        CredentialLocation from = new CredentialLocation("folder:a", "sa");
        CredentialLocation to = new CredentialLocation("folder:b", "sa");
        awaitToken(from);
        administration.follow(acme, initialToken, to, new CredentialLocation("folder:other", "sa"));
        administration.follow(
                core.service("globex").account(), initialToken, from, new CredentialLocation("folder:other", "sa"));
        administration.follow(acme, "another token", from, new CredentialLocation("folder:other", "sa"));
        assertThat(onlyFamily().locations()).containsExactly(from);
        administration.follow(acme, initialToken, from, to);
        for (CredentialLocation location : List.of(to, from)) {
            clock.advance(Duration.ofHours(2));
            awaitToken(location);
        }
        assertThat(simulator.rotations()).isEqualTo(3);
    }

    private void awaitToken(CredentialLocation location) throws Exception {
        core.families.await(
                new CredentialHandle(
                        location.credentialsId(), location, initialToken, core.service("acme"), (f, t, force) -> {}),
                accessToken -> true);
    }

    /** A slow request must not prevent the other families of a renamed folder from being moved. */
    @Test
    void moved_whenOneFamilyIsLocked_changesTheOthers() throws Exception {
        List<String> accounts = List.of("one", "two", "three");
        for (String account : accounts) {
            CredentialLocation location = new CredentialLocation("folder:a", account);
            String token = simulator.addAccount(account, "acme");
            core.families.await(
                    new CredentialHandle(account, location, token, core.service("acme"), (f, t, force) -> {}),
                    accessToken -> true);
        }
        for (TokenFamily busy : administration.list()) {
            InterceptingLedger lockedLedger = new InterceptingLedger(core.ledger);
            lockedLedger.beforeLock = id -> {
                if (id.equals(busy.id())) {
                    throw new IOException("in use");
                }
            };
            TokenManager manager = TestTokenService.manager(lockedLedger, clock);
            assertThatThrownBy(() -> manager.administration().moved("folder:a", "folder:b"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("in use");
            assertThat(administration.list())
                    .allMatch(record ->
                            record.locations().iterator().next().context().equals("folder:b")
                                    != record.id().equals(busy.id()));
            administration.moved("folder:b", "folder:a");
        }
        InterceptingLedger allLocked = new InterceptingLedger(core.ledger);
        allLocked.beforeLock = id -> {
            throw new IOException("in use");
        };
        TokenManager manager = TestTokenService.manager(allLocked, clock);
        assertThatThrownBy(() -> manager.administration().moved("folder:a", "folder:b"))
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }

    @Test
    void moved_ofOneFolder_locksItsFamiliesOnly() throws Exception {
        CredentialLocation inA = new CredentialLocation("folder:a", "sa");
        CredentialLocation inB = new CredentialLocation("folder:b", "sa");
        String unmoved = simulator.addAccount("unmoved", "acme");
        for (CredentialLocation location : List.of(inA, inB)) {
            core.families.await(
                    new CredentialHandle(
                            "sa", location, simulator.currentToken("ci"), core.service("acme"), (f, t, force) -> {}),
                    accessToken -> true);
        }
        core.families.await(core.handle("other", "acme", unmoved), accessToken -> true);
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(counting, clock);
        manager.administration().moved("folder:a", "folder:c");
        assertThat(counting.lockCount).isEqualTo(1);
        assertThat(administration.list())
                .extracting(TokenFamily::locations)
                .containsExactlyInAnyOrder(
                        Set.of(new CredentialLocation("folder:c", "sa"), inB),
                        Set.of(new CredentialLocation("system", "other")));
    }

    @Test
    void removeOrphans_ofUsedFamilies_writesNothing() throws Exception {
        awaitToken();
        InterceptingLedger counting = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(counting, clock);
        for (String stored : List.of(initialToken, simulator.currentToken("ci"))) {
            manager.administration().removeOrphans((location, account) -> stored);
        }
        assertThat(counting.saveCount + counting.lockCount).isZero();
        manager.administration().removeOrphans((location, account) -> null);
        manager.administration().removeOrphans((location, account) -> null);
        assertThat(counting.saveCount).isEqualTo(1);
        Instant orphaned = onlyFamily().orphaned();
        assertThat(TokenFamilyAdmin.removalTime(orphaned))
                .isEqualTo(clock.instant().plus(Duration.ofDays(30)));
    }

    /** The credential may be created again during the check. */
    @Test
    void removeOrphans_ofAFamilyUsedDuringTheCheck_keepsIt() throws Exception {
        awaitToken();
        administration.removeOrphans((location, account) -> null);
        clock.advance(Duration.ofDays(31));
        administration.removeOrphans((location, account) -> {
            try {
                awaitToken();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return null;
        });
        assertThat(onlyFamily().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    private void awaitToken() throws Exception {
        core.families.await(core.handle("ci", "acme", initialToken), accessToken -> true);
    }

    private TokenFamily onlyFamily() throws Exception {
        assertThat(administration.list()).hasSize(1);
        return administration.list().get(0);
    }

    /** Writer of a credential in a folder that is renamed. */
    private static final class RenamedFolder implements CredentialWriter {

        private CredentialLocation location = BEFORE;

        @Override
        public void writeBack(Predicate<String> sameFamily, String current, boolean force) {}

        @Override
        public CredentialLocation location() {
            return location;
        }
    }
}
