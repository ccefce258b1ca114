package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTenantTokenExchangeClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
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
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Families with secrets that do not rotate. */
class NonRotatingSecretTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;
    private static final String USER = "svc@vsphere.local";
    private static final String PASSWORD = "a-password-of-sddc-manager";

    private SddcManager sddc;
    private CloudServices csp;

    @BeforeEach
    void start() throws Exception {
        sddc = simulator.sddcManager();
        csp = simulator.cloudServices();
        sddc.addUser(USER, PASSWORD);
        csp.addApiToken("api-token-one", Instant.parse("2099-01-01T00:00:00Z"));
    }

    @Test
    void nonRotatingSecret_whenUsed_needsNoFile() throws Exception {
        core.families.await(sddcHandle(PASSWORD), ANY);
        core.families.await(cspHandle("api-token-one"), ANY);
        core.families.await(cspHandle("api-token-one"), ANY);
        assertThat(records()).isEmpty();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void nonRotatingSecret_replacedByTheServer_isSavedInTheLedger() throws Exception {
        csp.replaceAtNextUse("api-token-one", "api-token-two");
        AtomicReference<String> stored = new AtomicReference<>("api-token-one");
        core.families.await(handleWithWriteBack(stored), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("api-token-two");
        assertThat(records())
                .singleElement()
                .satisfies(record -> assertThat(record.tokens().current()).isEqualTo("api-token-two"));
        clock.advance(Duration.ofHours(2));
        core.close();
        core = new TestTokenService(directory, simulator, clock);
        stored.set("api-token-one");
        core.families.await(handleWithWriteBack(stored), ANY);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo("api-token-two");
    }

    @Test
    void twoUsers_withTheSamePassword_haveTwoFamilies() throws Exception {
        sddc.addUser("other@vsphere.local", PASSWORD);
        TokenResult one = core.families.await(sddcHandle(PASSWORD), ANY);
        TokenResult other =
                core.families.await(core.handle("other", core.sddcManager("other@vsphere.local"), PASSWORD), ANY);
        assertThat(other.familyId()).isNotEqualTo(one.familyId());
        assertThat(other.accessToken()).isNotEqualTo(one.accessToken());
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void nonRotatingSecret_afterAnyFault_isNotLost(Fault fault) throws Exception {
        simulator.inject(fault);
        if (!canGetAccessToken()) {
            core.families.await(sddcHandle(PASSWORD), ANY);
        }
        assertThat(sddc.refusedLogins()).isZero();
        assertThat(records()).isEmpty();
    }

    @Test
    @Tag("slow")
    void nonRotatingSecret_afterAnEndlessResponse_isNotLost() throws Exception {
        simulator.inject(Fault.TRICKLE);
        int limit = 1;
        do {
            // On a busy machine, the time limit may end before the request is sent.
            limit *= 2;
            core.close();
            core = new TestTokenService(
                    directory,
                    simulator,
                    clock,
                    TokenEventListener.NONE,
                    TestTokenService.client(simulator, clock, Duration.ofSeconds(limit)));
        } while (!canGetAccessToken());
        assertThat(simulator.requests()).isGreaterThan(1);
        assertThat(sddc.refusedLogins()).isZero();
        assertThat(records()).isEmpty();
    }

    private boolean canGetAccessToken() throws InterruptedException {
        try {
            core.families.await(sddcHandle(PASSWORD), ANY);
            return true;
        } catch (TokenUnavailableException e) {
            assertThat(e)
                    .hasMessageContaining("Credential ‘sddc’")
                    .hasMessageContaining(USER)
                    .hasMessageNotContaining("rotated")
                    .hasMessageNotContaining(PASSWORD);
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource({"STATUS_502, NO_RESPONSE", "NO_ACCESS_TOKEN, INVALID_RESPONSE"})
    void request_withoutAUsableResponse_reportsTheDocumentedError(Fault fault, TokenErrorType error) {
        for (int i = 0; i < 3; i++) {
            simulator.inject(fault);
        }
        assertThatThrownBy(() -> core.families.await(sddcHandle(PASSWORD), ANY))
                .hasMessageContaining(error.explanation() + " (HTTP ")
                .hasMessageContaining("Nothing is lost")
                .hasMessageEndingWith(error.nextStep());
    }

    @Test
    void nonRotatingSecret_whileTheServerIsBusy_isSentAgain() throws Exception {
        simulator.inject(Fault.STATUS_502);
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        core.families.await(cspHandle("api-token-one"), ANY);
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void login_afterARefusal_isNotRepeatedForFifteenMinutes() throws Exception {
        for (int i = 0; i < 4; i++) {
            assertThatThrownBy(() -> core.families.await(sddcHandle("wrong-password"), ANY))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("rejected the credentials");
        }
        assertThat(sddc.refusedLogins()).isEqualTo(1);
        assertThatThrownBy(() -> core.families.await(sddcHandle("wrong-password"), ANY))
                .hasMessageContaining("Jenkins waits until 2026-01-01T00:15:00Z");
        clock.advance(TokenManager.REJECTION_RETRY_DELAY);
        sddc.addUser(USER, "wrong-password");
        core.families.await(sddcHandle("wrong-password"), ANY);
    }

    @Test
    void login_withACorrectedPassword_isSentAtOnce() throws Exception {
        assertThatThrownBy(() -> core.families.await(sddcHandle("wrong-password"), ANY))
                .isInstanceOf(TokenUnavailableException.class);
        core.families.await(sddcHandle(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(1);
    }

    @Test
    void refusal_afterTheSessionEnded_isRemembered() throws Exception {
        TokenManager manager = TestTokenService.manager(core.ledger, clock);
        TokenResult first = manager.await(sddcHandle(PASSWORD), ANY);
        sddc.addUser(USER, "changed-on-the-server");
        sddc.forgetSessions();
        TokenResult second = manager.await(sddcHandle(PASSWORD), accessToken -> false);
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        assertThat(second.error()).hasMessageContaining("rejected the credentials");
        int before = sddc.refusedLogins();
        manager.release(sddcHandle(PASSWORD), second.familyId(), () -> true);
        assertThatThrownBy(() -> manager.await(sddcHandle(PASSWORD), ANY))
                .hasMessageContaining("To avoid locking the account, Jenkins waits until");
        assertThat(sddc.refusedLogins()).isEqualTo(before);
    }

    /** Unlike a rotating token, a password may be valid at several servers. */
    @Test
    void password_afterAllowRetry_isSentToAnotherServer() throws Exception {
        TokenResult result = core.families.await(sddcHandle(PASSWORD), ANY);
        sddc.addUser(USER, "changed-on-the-server");
        sddc.forgetSessions();
        assertThat(core.families
                        .await(sddcHandle(PASSWORD), accessToken -> false)
                        .error())
                .isNotNull();
        assertThat(core.families.administration().allowRetry(result.familyId())).isTrue();
        try (Simulator other = Simulator.start(clock, 0)) {
            other.sddcManager().addUser(USER, PASSWORD);
            Account otherAccount = new Account(SddcManagerTokenClient.SYSTEM, other.url(), "", USER);
            CredentialHandle otherHandle = core.handle(
                    "other",
                    TestTokenService.withRetries(
                            new SddcManagerTokenClient(TestTokenService.client(other, clock), otherAccount)),
                    PASSWORD);
            core.families.await(otherHandle, ANY);
            assertThat(other.sddcManager().logins()).isEqualTo(1);
        }
    }

    @Test
    void session_renewsTheAccessTokenWithoutALogin() throws Exception {
        core.families.await(sddcHandle(PASSWORD), ANY);
        clock.advance(Duration.ofHours(2));
        core.families.await(sddcHandle(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
        sddc.forgetSessions();
        clock.advance(Duration.ofHours(2));
        core.families.await(sddcHandle(PASSWORD), ANY);
        assertThat(sddc.logins()).isEqualTo(2);
    }

    /** A rejected renewal is followed by a login; a failed one is retried before. */
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
    void failedRenewal_sendsTheSecretOnce(int status, int times, int refused, int logins) throws Exception {
        core.families.await(sddcHandle(PASSWORD), ANY);
        sddc.refuseRenewals(status, times);
        clock.advance(Duration.ofMinutes(45));
        TokenResult renewed = core.families.await(sddcHandle(PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(renewed.error()).isNull();
        assertThat(renewed.accessToken().remaining(clock.instant())).isEqualTo(Duration.ofHours(1));
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
    void failedRenewalAndRejectedSecret_areNotRepeated(int status, int times) throws Exception {
        TokenResult first = core.families.await(sddcHandle(PASSWORD), ANY);
        sddc.refuseRenewals(status, times);
        sddc.addUser(USER, "changed-on-the-server");
        clock.advance(Duration.ofMinutes(45));
        for (int i = 0; i < 3; i++) {
            TokenResult result = core.families.await(sddcHandle(PASSWORD), youngerThan(Duration.ofMinutes(1)));
            assertThat(result.accessToken()).isEqualTo(first.accessToken());
            assertThat(result.error()).isNotNull();
        }
        assertThat(sddc.refusedLogins()).isEqualTo(1);
        assertThat(sddc.refusedRenewals()).isLessThanOrEqualTo(2);
        clock.advance(TokenManager.REJECTION_RETRY_DELAY);
        sddc.addUser(USER, PASSWORD);
        int renewals = sddc.refusedRenewals();
        assertThat(core.families
                        .await(sddcHandle(PASSWORD), youngerThan(Duration.ofMinutes(1)))
                        .error())
                .isNull();
        assertThat(sddc.refusedRenewals()).isEqualTo(renewals);
    }

    /** After several failed attempts there is no time left for a login in the same request. */
    @Test
    void repeatedlyFailedRenewal_isFollowedByALogin() throws Exception {
        TokenResult first = core.families.await(sddcHandle(PASSWORD), ANY);
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_500);
        }
        clock.advance(Duration.ofMinutes(45));
        TokenResult failed = core.families.await(sddcHandle(PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(failed.accessToken()).isEqualTo(first.accessToken());
        assertThat(failed.error()).isNotNull();
        assertThat(core.families
                        .await(sddcHandle(PASSWORD), youngerThan(Duration.ofMinutes(1)))
                        .error())
                .isNull();
        assertThat(sddc.logins()).isEqualTo(2);
        assertThat(sddc.renewals()).isZero();
    }

    @Test
    void renewal_thatWasNotSent_keepsTheSession() throws Exception {
        AtomicReference<TokenRequestException> failure = new AtomicReference<>();
        TokenClient real = core.sddcManager(USER);
        TokenClient failing = new TokenClient() {
            @Override
            public Account account() {
                return real.account();
            }

            @Override
            public boolean rotates() {
                return false;
            }

            @Override
            public TokenResponse requestToken(String secret) throws TokenRequestException {
                return real.requestToken(secret);
            }

            @Override
            public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
                TokenRequestException e = failure.get();
                if (e != null) {
                    throw e;
                }
                return real.refreshSession(secret, session);
            }
        };
        core.families.await(core.handle("sddc", failing, PASSWORD), ANY);
        failure.set(new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "refused", null));
        clock.advance(Duration.ofMinutes(45));
        core.families.await(core.handle("sddc", failing, PASSWORD), youngerThan(Duration.ofMinutes(1)));
        failure.set(null);
        core.families.await(core.handle("sddc", failing, PASSWORD), youngerThan(Duration.ofMinutes(1)));
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
    }

    private Predicate<AccessToken> youngerThan(Duration age) {
        return accessToken -> accessToken.issuedAt().isAfter(clock.instant().minus(age));
    }

    @Test
    void tenantToken_isCachedAndRequestedWithAValidProviderToken() throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().add("globex");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        TokenResult first = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        TokenResult second = core.families.await(organization(stored, "acme"), ANY);
        assertThat(second.accessToken()).isEqualTo(first.accessToken());
        TokenResult other = core.families.await(organization(stored, "globex"), ANY);
        assertThat(other.accessToken()).isNotEqualTo(first.accessToken());
        assertThat(simulator.rotations()).isEqualTo(1);
        clock.advance(Duration.ofHours(2));
        assertThat(core.families.await(organization(stored, "acme"), ANY).accessToken())
                .isNotEqualTo(first.accessToken());
        core.awaitWriteBacks();
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("provider"));
        assertThat(records()).hasSize(1);
    }

    /** The server also ended the session of the provider's access token, before it expired. */
    @Test
    void tenantToken_afterTheServerEndedAllSessions_renewsTheProviderTokenOnce() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        TokenResult before = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        int lists = simulator.tenants().listRequests();
        TokenResult after = core.families.await(organization(stored, "acme"), youngerThan(Duration.ofMinutes(1)));
        assertThat(after.error()).isNull();
        assertThat(after.accessToken()).isNotEqualTo(before.accessToken());
        assertThat(simulator.admits(after.accessToken().value())).isTrue();
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isEqualTo(1);
        assertThat(simulator.tenants().listRequests() - lists).isEqualTo(3);
        core.awaitWriteBacks();
        assertThat(stored.get()).isEqualTo(simulator.currentToken("provider"));
        core.families.await(organization(stored, "acme"), ANY);
        assertThat(simulator.unauthorized()).isEqualTo(1);
    }

    @Test
    void tenantToken_ofAnotherOrganizationAfterTheServerEndedAllSessions_isIssued() throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().add("globex");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        assertThat(core.families.await(organization(stored, "globex"), ANY).error())
                .isNull();
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    @Test
    void tenantToken_whenTheServerRejectsAllAccessTokens_renewsTheProviderTokenOnce() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        CredentialHandle handle = organization(stored, "acme");
        core.families.await(handle.parent(), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.rejectAccessTokens();
        assertThatThrownBy(() -> core.families.await(organization(stored, "acme"), ANY))
                .hasMessageContaining("access token of the provider's account")
                .hasMessageContaining("organization ‘acme’");
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isEqualTo(2);
    }

    @Test
    void tenantToken_afterTheProviderWasRevoked_reportsTheProvider() throws Exception {
        simulator.tenants().add("acme");
        AtomicReference<String> stored = new AtomicReference<>(simulator.addAccount("provider", "System"));
        TokenResult before = core.families.await(organization(stored, "acme"), ANY);
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(5));
        simulator.endSessions();
        simulator.revoke("provider");
        TokenResult after = core.families.await(organization(stored, "acme"), youngerThan(Duration.ofMinutes(1)));
        assertThat(after.accessToken()).isEqualTo(before.accessToken());
        assertThat(after.error()).hasMessageContaining("access token of the provider's account");
        assertThat(simulator.requests()).isLessThanOrEqualTo(3);
    }

    /** A provider's access token is sent while its remaining validity is a minute or half of its lifetime. */
    @ParameterizedTest
    @CsvSource({
        "PT1H, PT59M, 1",
        "PT1H, PT59M1S, 2",
        "PT2M, PT1M, 1",
        "PT2M, PT1M1S, 2",
        "PT1M, PT30S, 1",
        "PT1M, PT31S, 2"
    })
    void providerToken_isSentUntilItsLastMinute(Duration lifetime, Duration age, int rotations) throws Exception {
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
    void connectionTest_ofAnUnsavedSecret_isForgottenUnlessUsedElsewhere() throws Exception {
        TokenManager manager = TestTokenService.manager(core.ledger, clock);
        CredentialHandle unsaved = new CredentialHandle(
                "unsaved",
                CredentialLocation.ofUnsaved("system"),
                "api-token-one",
                core.cspApiToken(),
                (family, token, force) -> {});
        TokenResult connectionTest = manager.await(unsaved, ANY);
        manager.forgetUnsaved(unsaved, id -> true);
        assertThat(manager.isReleased(connectionTest)).isTrue();
        assertThat(manager.snapshot().find(unsaved.client().account(), unsaved.token(), unsaved.location()))
                .isNull();
        manager.await(cspHandle("api-token-one"), ANY);
        manager.await(unsaved, ANY);
        manager.forgetUnsaved(unsaved, id -> true);
        assertThat(manager.snapshot()
                        .find(unsaved.client().account(), unsaved.token(), unsaved.location())
                        .locations())
                .contains(new CredentialLocation("system", "csp"));
        manager.await(cspHandle("api-token-one"), ANY);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void accessToken_ofAnotherOrganization_causesAWarningEachTime() throws Exception {
        simulator.setClaimedOrganization("globex");
        CredentialHandle handle = core.newAccount("ci", "acme");
        for (int i = 0; i < 2; i++) {
            assertThat(core.families.await(handle, ANY).warning())
                    .contains("‘globex’")
                    .contains("‘acme’");
        }
    }

    private CredentialHandle organization(AtomicReference<String> stored, String name) {
        CredentialHandle provider = new CredentialHandle(
                "provider",
                new CredentialLocation("system", "provider"),
                stored.get(),
                core.service("System"),
                (family, token, force) -> stored.set(token));
        return provider.derive(() -> TestTokenService.withRetries(new VcfaTenantTokenExchangeClient(
                core.client(), new Account(VcfaTokenClient.SYSTEM, simulator.url(), name))));
    }

    private CredentialHandle handleWithWriteBack(AtomicReference<String> stored) {
        return new CredentialHandle(
                "csp",
                new CredentialLocation("system", "csp"),
                stored.get(),
                core.cspApiToken(),
                (family, token, force) -> stored.set(token));
    }

    private CredentialHandle sddcHandle(String password) {
        return core.handle("sddc", core.sddcManager(USER), password);
    }

    /** The server responds to a revoked API token as to an internal error. */
    @Test
    void await_whenTheServerProbablyRejectsTheSecret_namesTheRejection() {
        String tenant = VcfSsoApiTokenClient.DEFAULT_TENANT;
        for (String token : List.of("valid", "revoked")) {
            simulator.vcfSso().addApiToken(tenant, "jenkins", token, Instant.parse("2099-01-01T00:00:00Z"));
        }
        simulator.vcfSso().revoke("revoked");
        Account account = new Account(VcfSsoApiTokenClient.SYSTEM, simulator.url(), tenant);
        CredentialHandle handle = core.handle(
                "sso", TestTokenService.withRetries(new VcfSsoApiTokenClient(core.client(), account)), "revoked");
        assertThatThrownBy(() -> core.families.await(handle, ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("expired or revoked")
                .hasMessageNotContaining("Nothing is lost");
        assertThat(simulator.vcfSso().refusals()).isEqualTo(2);
    }

    private CredentialHandle cspHandle(String token) {
        return core.handle("csp", core.cspApiToken(), token);
    }

    private List<TokenFamily> records() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.filter(file -> file.toString().endsWith(".json")).count())
                    .isEqualTo(core.ledger.loadAll().size());
        }
        return core.ledger.loadAll();
    }

    @Test
    void unsavedResponse_savedLater_replacesTheFamilyInMemory() throws Exception {
        CloudServices csp = simulator.cloudServices();
        csp.addApiToken("first", Instant.parse("2099-01-01T00:00:00Z"));
        csp.replaceAtNextUse("first", "second");
        InterceptingLedger fullLedger = new InterceptingLedger(core.ledger);
        TokenManager manager = TestTokenService.manager(fullLedger, clock);
        fullLedger.beforeSave = id -> {
            throw new IOException("disk full");
        };
        CredentialHandle handle = core.handle("csp", core.cspApiToken(), "first");
        assertThatThrownBy(() -> manager.await(handle, accessToken -> true)).hasMessageContaining("disk full");
        fullLedger.beforeSave = id -> {};
        manager.administration().saveUnsaved();
        assertThat(manager.await(handle, accessToken -> true).error()).isNull();
        assertThat(core.ledger.loadAll())
                .singleElement()
                .satisfies(record -> assertThat(record.tokens().current()).isEqualTo("second"));
    }
}
