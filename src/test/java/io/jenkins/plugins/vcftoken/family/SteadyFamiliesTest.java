package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.exchange.SddcManagerTokens;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.VcfaOrganizationToken;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.simulator.CloudServices;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Families whose secret the server is not known to replace. */
class SteadyFamiliesTest {

    private static final Predicate<Bearer> ANY = bearer -> true;
    private static final String USER = "svc@vsphere.local";
    private static final String PASSWORD = "a-password-of-sddc-manager";

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private SddcManager sddc;
    private CloudServices csp;
    private Core core;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        sddc = simulator.sddcManager();
        csp = simulator.cloudServices();
        core = new Core(directory, simulator, clock);
        sddc.addUser(USER, PASSWORD);
        csp.addApiToken("api-token-one", Instant.parse("2099-01-01T00:00:00Z"));
    }

    @AfterEach
    void stop() {
        core.close();
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    @Test
    void costNoFile() throws Exception {
        core.families.await(sddcHolder(PASSWORD), ANY);
        core.families.await(cspHolder("api-token-one"), ANY);
        core.families.await(cspHolder("api-token-one"), ANY);
        assertThat(records()).isEmpty();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void areJournaledOnceTheSecretCameBackDifferent() throws Exception {
        csp.replaceAtNextUse("api-token-one", "api-token-two");
        AtomicReference<String> stored = new AtomicReference<>("api-token-one");
        core.families.await(keptHolder(stored), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("api-token-two");
        assertThat(records())
                .singleElement()
                .satisfies(record -> assertThat(record.tokens().current()).isEqualTo("api-token-two"));
        clock.advance(Duration.ofHours(2));
        core.close();
        core = new Core(directory, simulator, clock);
        stored.set("api-token-one");
        core.families.await(keptHolder(stored), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("api-token-two");
    }

    @Test
    void twoUsersWithOnePasswordAreTwoFamilies() throws Exception {
        sddc.addUser("other@vsphere.local", PASSWORD);
        Supply one = core.families.await(sddcHolder(PASSWORD), ANY);
        Supply other =
                core.families.await(core.holder("other", core.sddcManager("other@vsphere.local"), PASSWORD), ANY);
        assertThat(other.familyId()).isNotEqualTo(one.familyId());
        assertThat(other.bearer()).isNotEqualTo(one.bearer());
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void surviveAnyFault(Fault fault) throws Exception {
        simulator.inject(fault);
        if (!isServed()) {
            core.families.await(sddcHolder(PASSWORD), ANY);
        }
        assertThat(sddc.refusedLogins()).isZero();
        assertThat(records()).isEmpty();
    }

    @Test
    @Tag("slow")
    void surviveAnAnswerThatNeverEnds() throws Exception {
        simulator.inject(Fault.TRICKLE);
        int limit = 1;
        do {
            // A machine that is busy may not even get to send it so soon.
            limit *= 2;
            core.close();
            core = new Core(
                    directory,
                    simulator,
                    clock,
                    TokenListener.NOBODY,
                    Core.client(simulator, clock, Duration.ofSeconds(limit)));
        } while (!isServed());
        assertThat(simulator.requests()).isGreaterThan(1);
        assertThat(sddc.refusedLogins()).isZero();
        assertThat(records()).isEmpty();
    }

    private boolean isServed() throws InterruptedException {
        try {
            core.families.await(sddcHolder(PASSWORD), ANY);
            return true;
        } catch (FamilyException e) {
            assertThat(e)
                    .hasMessageContaining("Credential 'sddc'")
                    .hasMessageContaining(USER)
                    .hasMessageNotContaining("rotated")
                    .hasMessageNotContaining(PASSWORD);
            return false;
        }
    }

    @Test
    void areRetriedWhenTheServerIsBusyForAMoment() throws Exception {
        simulator.inject(Fault.STATUS_502);
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        core.families.await(cspHolder("api-token-one"), ANY);
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void aRefusedLoginIsNotRepeatedUntilTheServerHasForgottenIt() throws Exception {
        for (int i = 0; i < 4; i++) {
            assertThatThrownBy(() -> core.families.await(sddcHolder("wrong-password"), ANY))
                    .isInstanceOf(FamilyException.class)
                    .hasMessageContaining("refuses the stored secret");
        }
        assertThat(sddc.refusedLogins()).isEqualTo(1);
        assertThatThrownBy(() -> core.families.await(sddcHolder("wrong-password"), ANY))
                .hasMessageContaining("not sent again before 2026-01-01T00:15:00Z");
        clock.advance(Custody.REFUSAL_HOLDS);
        sddc.addUser(USER, "wrong-password");
        core.families.await(sddcHolder("wrong-password"), ANY);
    }

    @Test
    void aCorrectedPasswordIsSentAtOnce() throws Exception {
        assertThatThrownBy(() -> core.families.await(sddcHolder("wrong-password"), ANY))
                .isInstanceOf(FamilyException.class);
        core.families.await(sddcHolder(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(1);
    }

    /** What was refused is remembered when a block ends, whatever else is let go of then. */
    @Test
    void aRefusalOutlastsTheSession() throws Exception {
        Families families = new Families(core.ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        Supply first = families.await(sddcHolder(PASSWORD), ANY);
        sddc.addUser(USER, "changed-on-the-server");
        sddc.forgetSessions();
        Supply second = families.await(sddcHolder(PASSWORD), bearer -> false);
        assertThat(second.bearer()).isEqualTo(first.bearer());
        assertThat(second.trouble()).hasMessageContaining("refuses the stored secret");
        int before = sddc.refusedLogins();
        families.release(sddcHolder(PASSWORD), second.familyId(), () -> true);
        assertThatThrownBy(() -> families.await(sddcHolder(PASSWORD), ANY))
                .hasMessageContaining("not sent again before");
        assertThat(sddc.refusedLogins()).isEqualTo(before);
    }

    /** Unlike a token that rotates, a password may be the same at two servers. */
    @Test
    void aPersonsWordDoesNotMakeAPasswordOneServersOwn() throws Exception {
        Supply supply = core.families.await(sddcHolder(PASSWORD), ANY);
        sddc.addUser(USER, "changed-on-the-server");
        sddc.forgetSessions();
        assertThat(core.families.await(sddcHolder(PASSWORD), bearer -> false).trouble())
                .isNotNull();
        assertThat(core.families.administration().vouch(supply.familyId())).isTrue();
        try (Simulator other = Simulator.start(clock, 0)) {
            other.sddcManager().addUser(USER, PASSWORD);
            Endpoint there = new Endpoint(SddcManagerTokens.SYSTEM, other.url(), "", USER);
            Holder twin = core.holder(
                    "other", core.patient(new SddcManagerTokens(Core.client(other, clock), there)), PASSWORD);
            core.families.await(twin, ANY);
            assertThat(other.sddcManager().logins()).isEqualTo(1);
        }
    }

    @Test
    void aSessionRenewsInsteadOfALogin() throws Exception {
        core.families.await(sddcHolder(PASSWORD), ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(sddcHolder(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
        sddc.forgetSessions();
        clock.advance(Duration.ofHours(2));
        core.families.await(sddcHolder(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(2);
    }

    /** A session that the server no longer renews is worth one login, and a server in trouble one more try before. */
    @ParameterizedTest
    @CsvSource({
        "400, 1, 1, 2",
        "401, 1, 1, 2",
        "403, 1, 1, 2",
        "404, 1, 1, 2",
        "500, 1, 1, 1",
        "503, 1, 1, 1",
        "400, 1000000, 1, 2",
        "401, 1000000, 1, 2",
        "403, 1000000, 1, 2",
        "404, 1000000, 1, 2",
        "500, 1000000, 2, 2",
        "503, 1000000, 2, 2"
    })
    void whenRenewingFails_theSecretIsSentOnce(int status, int times, int refused, int logins) throws Exception {
        core.families.await(sddcHolder(PASSWORD), ANY);
        sddc.refuseRenewals(status, times);
        clock.advance(Duration.ofMinutes(45));
        Supply renewed = core.families.await(sddcHolder(PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(renewed.trouble()).isNull();
        assertThat(renewed.bearer().remaining(clock.instant())).isEqualTo(Duration.ofHours(1));
        assertThat(sddc.refusedRenewals()).isEqualTo(refused);
        assertThat(sddc.logins()).isEqualTo(logins);
        assertThat(sddc.refusedLogins()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "400, 1",
        "401, 1",
        "403, 1",
        "404, 1",
        "400, 1000000",
        "401, 1000000",
        "403, 1000000",
        "404, 1000000",
        "500, 1000000",
        "503, 1000000"
    })
    void whenRenewingFailsAndTheSecretIsRefused_neitherIsSentAgain(int status, int times) throws Exception {
        Supply first = core.families.await(sddcHolder(PASSWORD), ANY);
        sddc.refuseRenewals(status, times);
        sddc.addUser(USER, "changed-on-the-server");
        clock.advance(Duration.ofMinutes(45));
        for (int i = 0; i < 3; i++) {
            Supply supply = core.families.await(sddcHolder(PASSWORD), youngerThan(Duration.ofMinutes(1)));
            assertThat(supply.bearer()).isEqualTo(first.bearer());
            assertThat(supply.trouble()).isNotNull();
        }
        assertThat(sddc.refusedLogins()).isEqualTo(1);
        assertThat(sddc.refusedRenewals()).isLessThanOrEqualTo(2);
        clock.advance(Custody.REFUSAL_HOLDS);
        sddc.addUser(USER, PASSWORD);
        int renewals = sddc.refusedRenewals();
        assertThat(core.families
                        .await(sddcHolder(PASSWORD), youngerThan(Duration.ofMinutes(1)))
                        .trouble())
                .isNull();
        assertThat(sddc.refusedRenewals()).isEqualTo(renewals);
    }

    /** As when every try waits until the client gives up: then there is no time for a login in the same request. */
    @Test
    void whenARenewalFailsForGood_theNextRequestLogsIn() throws Exception {
        Supply first = core.families.await(sddcHolder(PASSWORD), ANY);
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_500);
        }
        clock.advance(Duration.ofMinutes(45));
        Supply failed = core.families.await(sddcHolder(PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(failed.bearer()).isEqualTo(first.bearer());
        assertThat(failed.trouble()).isNotNull();
        assertThat(core.families
                        .await(sddcHolder(PASSWORD), youngerThan(Duration.ofMinutes(1)))
                        .trouble())
                .isNull();
        assertThat(sddc.logins()).isEqualTo(2);
        assertThat(sddc.renewals()).isZero();
    }

    /** Nothing was asked of the session, so it is as good as before. */
    @Test
    void whenTheServerCannotBeReached_theSessionIsKept() throws Exception {
        AtomicReference<ExchangeException> failure = new AtomicReference<>();
        TokenService real = core.sddcManager(USER);
        TokenService service = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return real.endpoint();
            }

            @Override
            public boolean rotates() {
                return false;
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                return real.exchange(secret);
            }

            @Override
            public Grant renew(String secret, String session) throws ExchangeException {
                ExchangeException e = failure.get();
                if (e != null) {
                    throw e;
                }
                return real.renew(secret, session);
            }
        };
        core.families.await(core.holder("sddc", service, PASSWORD), ANY);
        failure.set(new ExchangeException.NotSent(Problem.UNREACHABLE, "refused", null));
        clock.advance(Duration.ofMinutes(45));
        core.families.await(core.holder("sddc", service, PASSWORD), youngerThan(Duration.ofMinutes(1)));
        failure.set(null);
        core.families.await(core.holder("sddc", service, PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
    }

    private Predicate<Bearer> youngerThan(Duration age) {
        return bearer -> bearer.issuedAt().isAfter(clock.instant().minus(age));
    }

    @Test
    void anOrganizationsBearerIsCachedAndBoughtWithAFreshOneOfTheProvider() throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().add("globex");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        Supply first = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        Supply second = core.families.await(organization(stored, "acme"), ANY);
        assertThat(second.bearer()).isEqualTo(first.bearer());
        Supply other = core.families.await(organization(stored, "globex"), ANY);
        assertThat(other.bearer()).isNotEqualTo(first.bearer());
        assertThat(simulator.rotations()).isEqualTo(1);
        clock.advance(Duration.ofHours(2));
        assertThat(core.families.await(organization(stored, "acme"), ANY).bearer())
                .isNotEqualTo(first.bearer());
        core.awaitWriteBacks();
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("provider"));
        assertThat(records()).hasSize(1);
    }

    /** The provider's access token is one of those that the server ended, though it would have lived for an hour. */
    @Test
    void afterTheServerEndedAllSessions_theProvidersIsRenewedOnceAndTheOrganizationsWithIt() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        Supply before = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        int lists = simulator.tenants().lists();
        Supply after = core.families.await(organization(stored, "acme"), youngerThan(Duration.ofMinutes(1)));
        assertThat(after.trouble()).isNull();
        assertThat(after.bearer()).isNotEqualTo(before.bearer());
        assertThat(simulator.admits(after.bearer().value())).isTrue();
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isEqualTo(1);
        assertThat(simulator.tenants().lists() - lists).isEqualTo(3);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("provider"));
        core.families.await(organization(stored, "acme"), ANY);
        assertThat(simulator.unauthorized()).isEqualTo(1);
    }

    /** Also where there is none of the organization's that could serve on. */
    @Test
    void afterTheServerEndedAllSessions_anotherOrganizationGetsItsAccessToken() throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().add("globex");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        assertThat(core.families.await(organization(stored, "globex"), ANY).trouble())
                .isNull();
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    /** A server that admits nobody is not asked again and again, and no token is spent on that. */
    @Test
    void whereTheServerAdmitsNoAccessTokenAtAll_theProvidersIsRenewedOnceAndTheMessageNamesIt() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        Holder holder = organization(stored, "acme");
        core.families.await(holder.underived(), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.admitNobody();
        assertThatThrownBy(() -> core.families.await(organization(stored, "acme"), ANY))
                .hasMessageContaining("access token of the provider's account")
                .hasMessageContaining("organization 'acme'");
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isEqualTo(2);
    }

    @Test
    void afterTheServerEndedAllSessionsAndRevokedTheProvider_thatIsSaid() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        Supply before = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        simulator.revoke("provider");
        Supply after = core.families.await(organization(stored, "acme"), youngerThan(Duration.ofMinutes(1)));
        assertThat(after.bearer()).isEqualTo(before.bearer());
        assertThat(after.trouble()).hasMessageContaining("access token of the provider's account");
        assertThat(simulator.requests()).isLessThanOrEqualTo(3);
    }

    /** A provider's bearer pays for an organization's while it has a minute left, or half of its life. */
    @ParameterizedTest
    @CsvSource({
        "PT1H, PT59M, 1",
        "PT1H, PT59M1S, 2",
        "PT2M, PT1M, 1",
        "PT2M, PT1M1S, 2",
        "PT1M, PT30S, 1",
        "PT1M, PT31S, 2"
    })
    void aProvidersBearerPaysToItsLastMinute(Duration lifetime, Duration age, int rotations) throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().add("globex");
        simulator.setLifetime(lifetime);
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(age);
        core.families.await(organization(stored, "globex"), ANY);
        assertThat(simulator.rotations()).isEqualTo(rotations);
    }

    @Test
    void aTrialIsForgottenUnlessItIsUsedElsewhere() throws Exception {
        Families families = new Families(core.ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        Holder typed = new Holder(
                "typed", Place.ofUnsaved("system"), "api-token-one", core.cspApiToken(), (family, token, again) -> {});
        Supply trial = families.await(typed, ANY);
        families.forgetTrial(typed, id -> true);
        assertThat(families.isReleased(trial)).isTrue();
        assertThat(families.survey().of(typed.service().endpoint(), typed.token(), typed.place()))
                .isNull();
        families.await(cspHolder("api-token-one"), ANY);
        families.await(typed, ANY);
        families.forgetTrial(typed, id -> true);
        assertThat(families.survey()
                        .of(typed.service().endpoint(), typed.token(), typed.place())
                        .places())
                .contains(new Place("system", "csp"));
        families.await(cspHolder("api-token-one"), ANY);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aBearerOfAnotherOrganizationIsDoubtedEachTime() throws Exception {
        simulator.setClaimedOrganization("globex");
        Holder holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
        for (int i = 0; i < 2; i++) {
            assertThat(core.families.await(holder, ANY).doubt())
                    .contains("'globex'")
                    .contains("'acme'");
        }
    }

    private Holder organization(AtomicReference<String> stored, String name) {
        Function<Bearer, TokenService> derivation = bearer -> core.patient(new VcfaOrganizationToken(
                core.client(), new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), name), bearer));
        return new Holder(
                "provider",
                new Place("system", "provider"),
                stored.get(),
                core.service("System"),
                (family, token, again) -> stored.set(token),
                derivation);
    }

    private Holder keptHolder(AtomicReference<String> stored) {
        return new Holder(
                "csp",
                new Place("system", "csp"),
                stored.get(),
                core.cspApiToken(),
                (family, token, again) -> stored.set(token));
    }

    private Holder sddcHolder(String password) {
        return core.holder("sddc", core.sddcManager(USER), password);
    }

    private Holder cspHolder(String token) {
        return core.holder("csp", core.cspApiToken(), token);
    }

    private List<FamilyRecord> records() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.filter(file -> file.toString().endsWith(".json")).count())
                    .isEqualTo(core.ledger.loadAll().size());
        }
        return core.ledger.loadAll();
    }

    /** The disk was full as a secret that never changes came back different, and took the answer later. */
    @Test
    void whatWasWrittenLateIsNotHiddenByWhatMemoryHadBefore() throws Exception {
        CloudServices csp = simulator.cloudServices();
        csp.addApiToken("first", Instant.parse("2099-01-01T00:00:00Z"));
        csp.replaceAtNextUse("first", "second");
        HookedLedger full = new HookedLedger(core.ledger);
        Families families = new Families(full, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        full.save = id -> {
            throw new IOException("disk full");
        };
        Holder holder = core.holder("csp", core.cspApiToken(), "first");
        assertThatThrownBy(() -> families.await(holder, bearer -> true)).hasMessageContaining("disk full");
        full.save = id -> {};
        families.administration().saveHeld();
        assertThat(families.await(holder, bearer -> true).trouble()).isNull();
        assertThat(core.ledger.loadAll())
                .singleElement()
                .satisfies(record -> assertThat(record.tokens().current()).isEqualTo("second"));
    }
}
