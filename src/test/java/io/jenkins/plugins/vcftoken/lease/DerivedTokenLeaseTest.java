package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.FleetServiceTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.oauth.VcenterSessionClient;
import io.jenkins.plugins.vcftoken.oauth.VcfOperationsTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaProviderSessionClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Vcenter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Leases on tokens that are requested with the access token of a credential. */
class DerivedTokenLeaseTest extends LeaseTestBase {

    private static final String API_TOKEN = "vidb_one";
    private static final Instant LATER = Instant.parse("2099-01-01T00:00:00Z");

    private Vcenter vcenter;
    private InMemoryCredential store;

    @BeforeEach
    void start() throws Exception {
        leases = synchronousLeaseManager();
        vcenter = simulator.vcenter();
        simulator.setLifetime(Duration.ofMinutes(30));
        simulator.vcfSso().addApiToken("CUSTOMER", "client", API_TOKEN, LATER);
        store = new InMemoryCredential("system", API_TOKEN);
    }

    @Test
    void open_ofTwoBlocks_sharesOneSession_whichEndsWithTheLastLease() throws Exception {
        Lease one = open(session(), owner);
        Lease other = open(session(), owner);
        assertThat(other.accessToken()).isEqualTo(one.accessToken());
        assertThat(vcenter.sessionsCreated()).isEqualTo(1);
        assertThat(simulator.requests()).as("including the access token").isEqualTo(2);
        one.close();
        assertThat(vcenter.openSessions()).isEqualTo(1);
        other.close();
        assertThat(vcenter.openSessions()).isZero();
        assertThat(vcenter.sessionsEnded()).isEqualTo(1);
    }

    @Test
    void renewal_startsAnotherSession_andTheLastLeaseEndsBoth() throws Exception {
        Lease lease = open(session(), owner);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(23));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(owner.published).contains(lease.accessToken());
        assertThat(vcenter.openSessions()).as("a step may still use the first").isEqualTo(2);
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
        assertThat(owner.warnings).isEmpty();
    }

    @Test
    void open_afterTheLastLeaseClosed_startsANewSession() throws Exception {
        Lease lease = open(session(), owner);
        String ended = lease.accessToken().value();
        lease.close();
        Lease next = open(session(), owner);
        assertThat(next.accessToken().value()).isNotEqualTo(ended);
        assertThat(simulator.admits(next.accessToken().value())).isTrue();
        next.close();
    }

    @Test
    void derivedTokens_ofTwoServices_haveSeparateFamilies() throws Exception {
        Lease lifecycle = open(fleetService("fleet-lcm"), owner);
        Lease logs = open(fleetService("ops-li"), owner);
        Lease provider = open(providerSession(), owner);
        assertThat(logs.accessToken()).isNotEqualTo(lifecycle.accessToken());
        assertThat(simulator.requests()).as("including one to VCF SSO").isEqualTo(4);
        provider.close();
        assertThat(simulator.providerSessions().openSessions()).isZero();
    }

    @Test
    void refresh_afterTheServerEndedAllSessions_requestsTheParentTokenAgain() throws Exception {
        Lease lease = open(session(), owner);
        clock.advance(Duration.ofMinutes(1));
        simulator.endSessions();
        int requests = simulator.requests();
        AccessToken refreshed = lease.refresh();
        assertThat(simulator.admits(refreshed.value())).isTrue();
        assertThat(vcenter.refusals()).isEqualTo(1);
        assertThat(simulator.requests() - requests)
                .as("two to vCenter, one to VCF SSO")
                .isEqualTo(3);
    }

    @Test
    void open_whenTheServerRejectsNewAccessTokens_failsAfterOneAttempt() {
        simulator.vcfSso().setTrusted(false);
        assertThatThrownBy(() -> open(session(), owner))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("vCenter at " + simulator.url())
                .hasMessageContaining("rejects the access token of the credential");
        assertThat(vcenter.refusals()).isEqualTo(1);
    }

    @Test
    void open_whenTheApiTokenIsRevoked_namesVcfSsoAndSendsNothingElse() {
        simulator.vcfSso().revoke(API_TOKEN);
        simulator.vcfSso().addApiToken("CUSTOMER", "client", "vidb_two", LATER);
        assertThatThrownBy(() -> open(session(), owner))
                .hasMessageContaining("VCF SSO at " + simulator.url())
                .hasMessageContaining("HTTP 500");
        assertThat(vcenter.refusals()).isZero();
        assertThat(vcenter.sessionsCreated()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CLOSE_BEFORE_READING", "CLOSE_AFTER_COMMIT", "STATUS_502", "STATUS_503_AFTER_COMMIT", "STATUS_429"
            })
    void open_afterATransientFault_hasASession(Fault fault) throws Exception {
        open(parent(), owner);
        simulator.inject(fault);
        Lease lease = open(session(), owner);
        assertThat(simulator.admits(lease.accessToken().value())).isTrue();
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
    }

    @Test
    void renewal_thatFailsWhileTheSessionIsValid_warnsAndKeepsIt() throws Exception {
        Lease lease = open(session(), owner);
        Lease own = open(parent());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(20));
        own.refresh();
        clock.advance(Duration.ofMinutes(3));
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_502);
        }
        timer.fireAll();
        assertThat(lease.accessToken()).isEqualTo(first);
        assertThat(owner.warnings).singleElement().asString().contains("vCenter at", "HTTP 502");
        timer.fireAll();
        assertThat(lease.accessToken()).isNotEqualTo(first);
    }

    /** A new API token may have other permissions, so tokens that were derived from the old one are replaced. */
    @Test
    void renewChanged_afterAnotherApiTokenWasStored_renewsTheDerivedToken() throws Exception {
        Lease lease = open(session(), owner);
        AccessToken first = lease.accessToken();
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isEqualTo(first);
        simulator.vcfSso().addApiToken("CUSTOMER", "another-client", "vidb_two", LATER);
        store.set("vidb_two");
        clock.advance(Duration.ofSeconds(1));
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isNotEqualTo(first);
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
    }

    /** A service token expires shortly after the access token that it was requested with. */
    @Test
    void fleetServiceToken_isNotRequestedWithAnAccessTokenOlderThanTenMinutes() throws Exception {
        open(parent(), owner);
        clock.advance(TEN_MINUTES);
        Lease one = open(fleetService("fleet-lcm"), owner);
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(one.accessToken().remaining(clock.instant()))
                .isBetween(Duration.ofMinutes(24), Duration.ofMinutes(25));
        clock.advance(Duration.ofSeconds(1));
        Lease other = open(fleetService("ops-li"), owner);
        assertThat(simulator.requests()).as("including another one to VCF SSO").isEqualTo(4);
        assertThat(other.accessToken().remaining(clock.instant())).isGreaterThan(Duration.ofMinutes(34));
    }

    @Test
    void derivedToken_ofADerivedToken_isRequestedWithIt() throws Exception {
        CredentialHandle provider = providerSession();
        Lease lease = open(provider.derive(() -> client(new DerivedFromProvider())), owner);
        assertThat(lease.accessToken().value()).startsWith("derived-from-eyJ");
        leases.renewChanged(location -> true);
        assertThat(simulator.providerSessions().sessionsCreated()).isEqualTo(1);
    }

    private final class DerivedFromProvider implements TokenClient {

        @Override
        public Account account() {
            return new Account("Anything", simulator.url(), "");
        }

        @Override
        public boolean rotates() {
            return false;
        }

        @Override
        public TokenResponse requestToken(String parentToken) {
            Instant now = clock.instant();
            return new TokenResponse(new AccessToken("derived-from-" + parentToken, now, now.plus(TEN_MINUTES)), null);
        }
    }

    private CredentialHandle parent() {
        TokenClient sso = new VcfSsoApiTokenClient(
                core.client(), new Account(VcfSsoApiTokenClient.SYSTEM, simulator.url(), "CUSTOMER"));
        return new CredentialHandle("sso", store.location(), store.get(), client(sso), store);
    }

    private CredentialHandle session() {
        return parent().derive(() -> client(new VcenterSessionClient(
                core.client(), new Account(VcenterSessionClient.SYSTEM, simulator.url(), ""))));
    }

    private CredentialHandle providerSession() {
        return parent().derive(() -> client(new VcfaProviderSessionClient(
                core.client(), new Account(VcfaTokenClient.SYSTEM, simulator.url(), "System"))));
    }

    private CredentialHandle fleetService(String key) {
        return parent().derive(() -> client(new FleetServiceTokenClient(
                clientWithDate(),
                new Account(VcfOperationsTokenClient.SYSTEM, simulator.url(), "", "service " + key),
                FleetServiceTokenClient.SSO_SCHEME,
                key)));
    }

    /** Sets the Date header by the clock of the test, since the HTTP server of the JDK uses the system clock. */
    private AtMostOnceHttpClient clientWithDate() {
        OkHttpClient http = TestTokenService.trusting(simulator)
                .newBuilder()
                .addNetworkInterceptor(chain -> chain.proceed(chain.request())
                        .newBuilder()
                        .header(
                                "Date",
                                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                                        clock.instant().atOffset(ZoneOffset.UTC)))
                        .build())
                .build();
        return TestTokenService.client(http, clock, TestTokenService.MAX_WAIT);
    }

    private TokenClient client(TokenClient client) {
        return TestTokenService.withRetries(client);
    }
}
