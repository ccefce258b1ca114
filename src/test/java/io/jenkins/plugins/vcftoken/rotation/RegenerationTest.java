package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
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

/** Regeneration of API tokens before they expire. */
class RegenerationTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;
    private static final String FIRST = "vidb_first";
    private static final Duration LIFETIME = Duration.ofDays(30);
    private static final Duration BEFORE = Duration.ofDays(7);

    private final AtomicReference<String> stored = new AtomicReference<>(FIRST);
    private final List<String> events = new ArrayList<>();
    private Instant firstExpiry;
    private VcfSso sso;

    @BeforeEach
    void start() throws Exception {
        core.close();
        core = new TestTokenService(directory, simulator, clock, new TokenEventListener() {
            @Override
            public void regenerated(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
                events.add("regenerated " + after.tokens().generation());
            }

            @Override
            public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException e, Duration took) {
                events.add(after.state() + " " + e.errorType());
            }
        });
        sso = simulator.vcfSso();
        sso.setApiTokenLifetime(LIFETIME);
        firstExpiry = clock.instant().plus(LIFETIME);
        sso.addApiToken("CUSTOMER", "client", FIRST, firstExpiry);
    }

    @AfterEach
    void assertNoRepeatedRegeneration() {
        assertThat(sso.repeatedRegenerations()).isZero();
    }

    private CredentialHandle handle() {
        return new CredentialHandle(
                "sso",
                new CredentialLocation("system", "sso"),
                stored.get(),
                core.vcfSso(),
                (sameFamily, current, force) -> {
                    if (sameFamily.test(stored.get())) {
                        stored.set(current);
                    }
                });
    }

    private Instant storedExpiry() {
        return stored.get().equals(FIRST) ? firstExpiry : null;
    }

    private boolean regenerate() throws Exception {
        boolean done = core.families.regenerateIfDue(handle(), storedExpiry(), BEFORE);
        core.awaitWriteBacks();
        return done;
    }

    private void assertRegenerationFails(String message) {
        assertThatThrownBy(this::regenerate)
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining(message);
    }

    private AccessToken await() throws Exception {
        TokenResult result = core.families.await(handle(), ANY);
        assertThat(result.error()).isNull();
        return result.accessToken();
    }

    private void advanceToDueTime() throws Exception {
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
    void dueApiToken_isReplacedInLedgerAndStore_andTheAccessTokenStaysValid() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        AccessToken inUse = await();
        assertThat(regenerate()).isTrue();
        assertThat(stored.get()).isEqualTo(sso.currentToken("client")).isNotEqualTo(FIRST);
        TokenFamily family = onDisk();
        assertThat(family.tokens().current()).isEqualTo(stored.get());
        assertThat(family.tokens().expiresAt()).isEqualTo(clock.instant().plus(LIFETIME));
        assertThat(family.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(await()).isEqualTo(inUse);
        assertThat(events).containsExactly("regenerated 1");
        assertThat(regenerate()).isFalse();
        assertThat(sso.regenerations()).isEqualTo(1);
    }

    @Test
    void newApiToken_afterARestart_isUsedAndReplacedBeforeItExpires() throws Exception {
        for (int i = 1; i <= 3; i++) {
            advanceToDueTime();
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

    /** Configuration as Code restores the first token with its expiry. */
    @Test
    void firstApiToken_restoredFromAFile_isReplacedByTheNewOne() throws Exception {
        advanceToDueTime();
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

    /** Both controllers found it due, and one waited for the lock. */
    @Test
    void dueApiToken_onTwoControllersAtOnce_isReplacedOnce() throws Exception {
        advanceToDueTime();
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            CredentialHandle former = handle();
            Regeneration regeneration = new Regeneration(
                    former,
                    firstExpiry,
                    BEFORE,
                    TestTokenService.HASH,
                    clock,
                    TestTokenService.MAX_WAIT,
                    TokenEventListener.NONE);
            assertThat(regenerate()).isTrue();
            assertThat(other.families.regenerate(former, regeneration).get(1, TimeUnit.MINUTES))
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
    void regeneration_withoutAnExpiryInTheResponse_leavesItUnknown() throws Exception {
        sso.omitExpiry();
        advanceToDueTime();
        assertThat(regenerate()).isTrue();
        assertThat(onDisk().tokens().expiresAt()).isNull();
        assertThat(regenerate()).isFalse();
        restart();
        clock.advance(Duration.ofHours(2));
        await();
    }

    @Test
    void dueApiToken_withoutACachedAccessToken_requestsOneFirst() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        assertThat(regenerate()).isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void dueApiToken_thatTheServerRejects_isNotRegenerated() throws Exception {
        clock.advance(LIFETIME.minus(BEFORE));
        sso.setActive("client", false);
        assertRegenerationFails("Sign in once as the user");
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
    void declinedRegeneration_leavesTheFamilyUnchanged(Fault fault) throws Exception {
        advanceToDueTime();
        simulator.inject(fault);
        assertRegenerationFails("HTTP " + fault.name().substring(7));
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(onDisk().error()).isNull();
        restart();
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(stored.get()).isEqualTo(FIRST);
        assertThat(regenerate()).isTrue();
    }

    @Test
    void regeneration_withoutPermission_isReportedWithAdvice() throws Exception {
        sso.forbidRegeneration("client");
        advanceToDueTime();
        assertRegenerationFails(TokenErrorType.REGENERATION_REJECTED.nextStep());
        assertThat(events).containsExactly("READY REGENERATION_REJECTED");
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(stored.get()).isEqualTo(FIRST);
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CLOSE_BEFORE_READING", "STATUS_408", "STATUS_500", "STATUS_502", "STATUS_503", "HTML", "EMPTY"})
    void lostRegeneration_notDoneByTheServer_recoversAndIsRepeatedLater(Fault fault) throws Exception {
        advanceToDueTime();
        AccessToken inUse = await();
        simulator.inject(fault);
        assertRegenerationFails("the server may have replaced the stored one");
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
    void lostRegeneration_doneByTheServer_isReported_andTheAccessTokenStaysInUse(Fault fault) throws Exception {
        advanceToDueTime();
        AccessToken inUse = await();
        simulator.inject(fault);
        assertRegenerationFails("the server may have replaced the stored one");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        clock.advance(Duration.ofMinutes(50));
        assertThat(await()).isEqualTo(inUse);
        assertThat(sso.refusals()).isZero();
        clock.advance(Duration.ofMinutes(10));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> core.families.await(handle(), ANY))
                    .hasMessageContaining("This was the one more request after a lost response")
                    .hasMessageContaining("its successor is lost")
                    .hasMessageContaining("generate a new one in VCF Operations");
            assertThat(onDisk().error()).contains("the request for another API token was sent");
            clock.advance(TestTokenService.MAX_WAIT);
        }
        assertThat(regenerate()).isFalse();
        stored.set("vidb_new");
        sso.addApiToken("CUSTOMER", "client", "vidb_new", clock.instant().plus(LIFETIME));
        await();
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("vidb_new");
    }

    @Test
    void lostRegeneration_atAServerThatAcceptsTheOldToken_recovers() throws Exception {
        sso.keepReplacedTokens();
        advanceToDueTime();
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertRegenerationFails("the server may have replaced the stored one");
        clock.advance(Duration.ofHours(2));
        await();
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(regenerate()).isTrue();
        assertThat(stored.get()).isEqualTo(sso.currentToken("client"));
    }

    /** With the record that a kill leaves at each point of the request. */
    @ParameterizedTest
    @ValueSource(strings = {"before the request", "after the request", "after the response", "before the write-back"})
    void apiToken_afterAKill_isStoredOrReported(String point) throws Exception {
        advanceToDueTime();
        TokenFamily requesting = TokenFamily.created(
                        core.vcfSso().account(), FIRST, TestTokenService.HASH, clock.instant())
                .boundTo(new CredentialLocation("system", "sso"))
                .regenerating(firstExpiry, clock.instant());
        AccessToken accessToken = await();
        boolean isReplaced = !point.equals("before the request");
        if (isReplaced) {
            core.vcfSso().regenerate(FIRST, accessToken);
        }
        if (point.equals("before the write-back")) {
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
        if (point.equals("before the write-back") || !isReplaced) {
            if (!isReplaced) {
                assertThatThrownBy(() -> core.families.await(handle(), ANY))
                        .hasMessageContaining("it is not known whether");
                clock.advance(TestTokenService.MAX_WAIT);
            }
            await();
            core.awaitWriteBacks();
            assertThat(stored.get()).isEqualTo(sso.currentToken("client"));
        } else {
            assertThatThrownBy(() -> core.families.await(handle(), ANY)).hasMessageContaining("Jenkins stopped while");
            clock.advance(TestTokenService.MAX_WAIT);
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
        TokenClient off = TestTokenService.withRetries(
                new VcfSsoApiTokenClient(core.client(), core.vcfSso().account()));
        assertThatThrownBy(() -> core.families.await(core.handle("sso", off, FIRST), ANY))
                .hasMessageContaining("Jenkins stopped while");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        assertThat(simulator.requests()).isZero();
    }

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

    @Test
    void apiToken_publishedInASharedStore_isNotWrittenBackAgain() throws Exception {
        InMemoryVersionedSecret shared = new InMemoryVersionedSecret(FIRST);
        clock.advance(LIFETIME.minus(BEFORE));
        CredentialHandle handle = shared(shared);
        core.families.await(handle, ANY);
        core.awaitWriteBacks();
        int reads = shared.reads();
        assertThat(core.families.regenerateIfDue(handle, firstExpiry, BEFORE)).isTrue();
        core.awaitWriteBacks();
        assertThat(shared.content().secret()).isEqualTo(sso.currentToken("client"));
        assertThat(shared.reads() - reads).as("reads before the claim").isEqualTo(1);
    }

    private CredentialHandle shared(InMemoryVersionedSecret store) {
        return new CredentialHandle(
                "sso",
                new CredentialLocation("system", "sso"),
                store.content().secret(),
                core.vcfSso(),
                store.writer());
    }

    @Test
    void replacedToken_atAnotherLocation_isRefused() throws Exception {
        advanceToDueTime();
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
    void tokenRequest_ofARegeneratedTokenWithoutAResponse_isSentAgain() throws Exception {
        advanceToDueTime();
        regenerate();
        clock.advance(Duration.ofHours(2));
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_502);
        }
        assertThatThrownBy(() -> core.families.await(handle(), ANY)).hasMessageContaining("Nothing is lost");
        await();
    }
}
