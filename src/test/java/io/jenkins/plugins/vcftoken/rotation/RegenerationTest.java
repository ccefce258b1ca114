package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.VcfSso;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** API tokens that are replaced before they expire. */
class RegenerationTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;
    private static final String FIRST = "vidb_first";
    private static final Duration LIFETIME = Duration.ofDays(30);
    private static final Duration BEFORE = Duration.ofDays(7);

    private final AtomicReference<String> stored = new AtomicReference<>(FIRST);
    private final List<String> heard = new ArrayList<>();
    private Instant firstExpiry;
    private VcfSso sso;

    @BeforeEach
    void start() throws Exception {
        core.close();
        core = new TestTokenService(directory, simulator, clock, new TokenListener() {
            @Override
            public void regenerated(CredentialHandle of, TokenFamily before, TokenFamily after, Duration took) {
                heard.add("regenerated " + after.tokens().generation());
            }

            @Override
            public void failed(CredentialHandle of, TokenFamily after, TokenRequestException e, Duration took) {
                heard.add(after.state() + " " + e.tokenError());
            }
        });
        sso = simulator.vcfSso();
        sso.setApiTokenLifetime(LIFETIME);
        firstExpiry = clock.instant().plus(LIFETIME);
        sso.addApiToken("CUSTOMER", "client", FIRST, firstExpiry);
    }

    @AfterEach
    void nothingWasRegeneratedTwice() {
        assertThat(sso.repeatedRegenerations()).isZero();
    }

    /** The credential as it is stored now. */
    private CredentialHandle handle() {
        return new CredentialHandle(
                "sso",
                new CredentialLocation("system", "sso"),
                stored.get(),
                core.vcfSso(),
                (sameFamily, current, again) -> {
                    if (sameFamily.test(stored.get())) {
                        stored.set(current);
                    }
                });
    }

    private Instant told() {
        return stored.get().equals(FIRST) ? firstExpiry : null;
    }

    private boolean regenerate() throws Exception {
        boolean done = core.families.regenerateIfDue(handle(), told(), BEFORE);
        core.awaitWriteBacks();
        return done;
    }

    private void failToRegenerate(String message) {
        assertThatThrownBy(this::regenerate)
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining(message);
    }

    private AccessToken await() throws Exception {
        TokenResult result = core.families.await(handle(), ANY);
        assertThat(result.error()).isNull();
        return result.accessToken();
    }

    private void becomeDue() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        await();
    }

    private void restart() throws IOException {
        core.close();
        core = new TestTokenService(directory, simulator, clock);
    }

    private TokenFamily onDisk() throws IOException {
        return core.ledger.loadAll().get(0);
    }

    @Test
    void apiToken_beforeItIsDue_isNotSent() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE).minusSeconds(1));
        assertThat(regenerate()).isFalse();
        assertThat(simulator.requests()).isZero();
        await();
        assertThat(regenerate()).isFalse();
        assertThat(sso.regenerations()).isZero();
        assertThat(onDisk().tokens().current()).isEqualTo(FIRST);
    }

    @Test
    void apiToken_thatIsDue_isReplacedOnDiskAndInTheStoreWhileTheAccessTokenStays() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        AccessToken inUse = await();
        assertThat(regenerate()).isTrue();
        assertThat(stored.get()).isEqualTo(sso.currentToken("client")).isNotEqualTo(FIRST);
        TokenFamily family = onDisk();
        assertThat(family.tokens().current()).isEqualTo(stored.get());
        assertThat(family.tokens().expiresAt()).isEqualTo(clock.instant().plus(LIFETIME));
        assertThat(family.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(await()).isEqualTo(inUse);
        assertThat(heard).containsExactly("regenerated 1");
        assertThat(regenerate()).isFalse();
        assertThat(sso.regenerations()).isEqualTo(1);
    }

    @Test
    void newApiToken_afterARestart_isUsedAndReplacedInTimeAgain() throws Exception {
        for (int i = 1; i <= 3; i++) {
            becomeDue();
            assertThat(regenerate()).isTrue();
            restart();
            assertThat(regenerate()).isFalse();
            clock.advance(Duration.ofHours(2));
            await();
        }
        assertThat(sso.regenerations()).isEqualTo(3);
        assertThat(sso.refusals()).isZero();
        assertThat(core.ledger.loadAll()).hasSize(1);
    }

    /** As configuration as code does, with the date of the first token. */
    @Test
    void firstApiToken_putBackByAFile_leadsToTheNewOneAndItsExpiry() throws Exception {
        becomeDue();
        regenerate();
        stored.set(FIRST);
        restart();
        clock.advance(Duration.ofHours(2));
        assertThat(regenerate()).isFalse();
        await();
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(sso.currentToken("client"));
        assertThat(sso.refusals()).isZero();
    }

    /** Both found it due, and one of them waited for the lock. */
    @Test
    void dueApiToken_onTwoControllersAtOnce_isReplacedOnce() throws Exception {
        becomeDue();
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            CredentialHandle seenBefore = handle();
            Regeneration decided = new Regeneration(
                    seenBefore,
                    firstExpiry,
                    BEFORE,
                    TestTokenService.HASH,
                    clock,
                    TestTokenService.PLENTY,
                    TokenListener.NONE);
            assertThat(regenerate()).isTrue();
            assertThat(other.families.regenerate(seenBefore, decided).get(1, TimeUnit.MINUTES))
                    .isFalse();
        }
        assertThat(sso.regenerations()).isEqualTo(1);
    }

    @Test
    void apiToken_withoutAKnownExpiry_isNotReplaced() throws Exception {
        await();
        assertThat(core.families.regenerateIfDue(handle(), null, BEFORE)).isFalse();
    }

    @Test
    void serverThatHidesTheExpiry_leavesItUnknownAndTheNewTokenStored() throws Exception {
        sso.hideExpiry();
        becomeDue();
        assertThat(regenerate()).isTrue();
        assertThat(onDisk().tokens().expiresAt()).isNull();
        assertThat(regenerate()).isFalse();
        restart();
        clock.advance(Duration.ofHours(2));
        await();
    }

    @Test
    void dueApiToken_withoutACachedAccessToken_isReplacedWithANewOneThatTheServerWants() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        assertThat(regenerate()).isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void dueApiToken_thatTheServerRefuses_isNotSentForAnotherOne() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        sso.setActive("client", false);
        failToRegenerate("Sign in once as the user");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        sso.setActive("client", true);
        assertThat(regenerate()).isTrue();
    }

    @Test
    void expiredApiToken_isNotSent() throws Exception {
        await();
        clock.advance(LIFETIME);
        assertThat(regenerate()).isFalse();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"STATUS_307", "STATUS_403", "STATUS_429"})
    void declinedRegeneration_leavesTheFamilyAsItWasAndBuildsGoOn(Fault fault) throws Exception {
        becomeDue();
        simulator.inject(fault);
        failToRegenerate("HTTP " + fault.name().substring(7));
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(onDisk().error()).isNull();
        restart();
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(stored.get()).isEqualTo(FIRST);
        assertThat(regenerate()).isTrue();
    }

    @Test
    void regeneration_withARoleThatIsTooLow_isRefusedWithAdviceAndBuildsGoOn() throws Exception {
        sso.forbidRegeneration("client");
        becomeDue();
        failToRegenerate(TokenError.REGENERATION_REFUSED.nextStep());
        assertThat(heard).containsExactly("READY REGENERATION_REFUSED");
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(stored.get()).isEqualTo(FIRST);
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CLOSE_BEFORE_READING", "STATUS_408", "STATUS_500", "STATUS_502", "STATUS_503", "HTML", "EMPTY"})
    void lostRegeneration_thatTheServerHasNotMade_healsWithTheNextTokenRequestAndIsMadeLater(Fault fault)
            throws Exception {
        becomeDue();
        AccessToken inUse = await();
        simulator.inject(fault);
        failToRegenerate("the server may have replaced the stored one");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        assertThat(await()).isEqualTo(inUse);
        assertThat(regenerate()).as("a second one while the outcome is unknown").isFalse();
        restart();
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(regenerate()).isTrue();
        assertThat(onDisk().tokens().current()).isEqualTo(sso.currentToken("client"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CLOSE_AFTER_COMMIT", "CLOSE_IN_ANSWER", "NO_ACCESS_TOKEN", "TRUNCATED", "STATUS_503_AFTER_COMMIT"
            })
    void lostRegeneration_thatTheServerHasMade_isReportedAndTheAccessTokenServesToItsEnd(Fault fault) throws Exception {
        becomeDue();
        AccessToken inUse = await();
        simulator.inject(fault);
        failToRegenerate("the server may have replaced the stored one");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        clock.advance(Duration.ofMinutes(50));
        assertThat(await()).isEqualTo(inUse);
        assertThat(sso.refusals()).isZero();
        clock.advance(Duration.ofMinutes(10));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> core.families.await(handle(), ANY))
                    .hasMessageContaining("This was the one more request after a lost answer")
                    .hasMessageContaining("its successor is lost")
                    .hasMessageContaining("generate a new one in VCF Operations");
            assertThat(onDisk().error()).contains("the request for another API token left");
            clock.advance(TestTokenService.PLENTY);
        }
        assertThat(regenerate()).isFalse();
        stored.set("vidb_typed");
        sso.addApiToken("CUSTOMER", "client", "vidb_typed", clock.instant().plus(LIFETIME));
        await();
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("vidb_typed");
    }

    @Test
    void lostRegeneration_atAServerThatKeepsReplacedTokens_goesOnWithTheOldOne() throws Exception {
        sso.keepReplaced();
        becomeDue();
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        failToRegenerate("the server may have replaced the stored one");
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(regenerate()).isTrue();
        assertThat(stored.get()).isEqualTo(sso.currentToken("client"));
    }

    /** What a kill leaves on the disk, at each point of the seven steps at which it leaves something. */
    @ParameterizedTest
    @ValueSource(strings = {"before the request", "after the request", "after the response", "before the write-back"})
    void apiToken_afterAKill_isStoredOrReported(String moment) throws Exception {
        becomeDue();
        TokenFamily requesting = TokenFamily.created(
                        core.vcfSso().account(), FIRST, TestTokenService.HASH, clock.instant())
                .boundTo(new CredentialLocation("system", "sso"))
                .regenerating(firstExpiry, clock.instant());
        AccessToken accessToken = await();
        boolean isReplaced = !moment.equals("before the request");
        if (isReplaced) {
            core.vcfSso().regenerate(FIRST, accessToken);
        }
        if (moment.equals("before the write-back")) {
            core.ledger.save(requesting.regenerated(
                    sso.currentToken("client"),
                    clock.instant().plus(LIFETIME),
                    TestTokenService.HASH,
                    clock.instant()));
        } else {
            core.ledger.save(requesting);
        }
        restart();
        assertThat(regenerate()).as("not sent twice").isFalse();
        if (moment.equals("before the write-back") || !isReplaced) {
            if (!isReplaced) {
                assertThatThrownBy(() -> core.families.await(handle(), ANY))
                        .hasMessageContaining("it is not known whether");
                clock.advance(TestTokenService.PLENTY);
            }
            await();
            core.awaitWriteBacks();
            assertThat(stored.get()).isEqualTo(sso.currentToken("client"));
        } else {
            assertThatThrownBy(() -> core.families.await(handle(), ANY)).hasMessageContaining("Jenkins stopped while");
            clock.advance(TestTokenService.PLENTY);
            assertThatThrownBy(() -> core.families.await(handle(), ANY))
                    .hasMessageContaining("its successor is lost")
                    .hasMessageContaining("Jenkins stopped while");
        }
    }

    @Test
    void apiToken_afterAKillAndWithRegenerationOff_isReported() throws Exception {
        core.ledger.save(TokenFamily.created(core.vcfSso().account(), FIRST, TestTokenService.HASH, clock.instant())
                .boundTo(new CredentialLocation("system", "sso"))
                .regenerating(firstExpiry, clock.instant()));
        TokenEndpointClient off = TestTokenService.patient(
                new VcfSsoApiTokenClient(core.client(), core.vcfSso().account()));
        assertThatThrownBy(() -> core.families.await(core.handle("sso", off, FIRST), ANY))
                .hasMessageContaining("Jenkins stopped while");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        assertThat(simulator.requests()).isZero();
    }

    /** Each has a home of its own, and both write to the store of the credential. */
    @Test
    void apiToken_ofControllersThatShareAStore_isReplacedOnceAndWorksForBoth(@TempDir Path otherHome) throws Exception {
        InMemoryVersionedSecret shared = new InMemoryVersionedSecret(FIRST);
        try (TestTokenService other = new TestTokenService(otherHome, simulator, clock)) {
            clock.advance(LIFETIME.minus(BEFORE));
            other.families.await(shared(shared), ANY);
            assertThat(core.families.regenerateIfDue(shared(shared), firstExpiry, BEFORE))
                    .isTrue();
            assertThat(shared.content().secret()).isEqualTo(sso.currentToken("client"));
            assertThat(other.families.regenerateIfDue(shared(shared), null, BEFORE))
                    .isFalse();
            for (TestTokenService controller : List.of(other, core)) {
                clock.advance(Duration.ofHours(2));
                assertThat(controller.families.await(shared(shared), ANY).error())
                        .isNull();
            }
        }
        assertThat(sso.regenerations()).isEqualTo(1);
        assertThat(sso.refusals()).isZero();
    }

    private CredentialHandle shared(InMemoryVersionedSecret store) {
        return new CredentialHandle(
                "sso",
                new CredentialLocation("system", "sso"),
                store.content().secret(),
                core.vcfSso(),
                new CredentialWriter() {
                    @Override
                    public void writeBack(Predicate<String> sameFamily, String current, boolean again) {
                        throw new AssertionError("written to the credentials store");
                    }

                    @Override
                    public VersionedSecret versionedSecret() {
                        return store;
                    }
                });
    }

    @Test
    void replacedToken_atAnotherLocation_isRefused() throws Exception {
        becomeDue();
        regenerate();
        CredentialHandle elsewhere = core.handle("elsewhere", core.vcfSso(), FIRST);
        assertThatThrownBy(() -> core.families.await(elsewhere, ANY))
                .hasMessageContaining("another credential uses its refresh token");
        assertThat(core.families.regenerateIfDue(elsewhere, firstExpiry, BEFORE))
                .as("the replaced token's own date")
                .isFalse();
        assertThat(sso.refusals()).isZero();
    }

    @Test
    void tokenRequest_ofARegeneratedTokenWithoutAnAnswer_isSentAgain() throws Exception {
        becomeDue();
        regenerate();
        clock.advance(Duration.ofHours(2));
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_502);
        }
        assertThatThrownBy(() -> core.families.await(handle(), ANY)).hasMessageContaining("Nothing is lost");
        await();
    }
}
