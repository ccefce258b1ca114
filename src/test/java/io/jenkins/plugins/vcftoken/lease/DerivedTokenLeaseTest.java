package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.FleetServiceTokenClient;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
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

/** Leases on tokens that are derived from the access token of a credential. */
class DerivedTokenLeaseTest extends LeaseTestBase {

    private static final String API_TOKEN = "vidb_one";
    private static final Instant LATER = Instant.parse("2099-01-01T00:00:00Z");

    private Vcenter vcenter;
    private InMemoryCredential store;
    private LeaseManager leases;

    @BeforeEach
    void start() throws Exception {
        leases = leasesOnThisThread();
        vcenter = simulator.vcenter();
        simulator.setLifetime(Duration.ofMinutes(30));
        simulator.vcfSso().addApiToken("CUSTOMER", "client", API_TOKEN, LATER);
        store = new InMemoryCredential("system", API_TOKEN);
    }

    @Test
    void open_ofTwoBlocks_sharesOneSession_whichEndsWithTheLastLease() throws Exception {
        Lease one = leases.open(session(), TEN_MINUTES, block);
        Lease other = leases.open(session(), TEN_MINUTES, block);
        assertThat(other.accessToken()).isEqualTo(one.accessToken());
        assertThat(vcenter.begun()).isEqualTo(1);
        assertThat(simulator.requests()).as("with that of the access token").isEqualTo(2);
        one.close();
        assertThat(vcenter.openSessions()).isEqualTo(1);
        other.close();
        assertThat(vcenter.openSessions()).isZero();
        assertThat(vcenter.ended()).isEqualTo(1);
    }

    @Test
    void renewal_beginsAnotherSession_andTheLastLeaseEndsBoth() throws Exception {
        Lease lease = leases.open(session(), TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(23));
        timer.fire();
        assertThat(lease.accessToken()).isNotEqualTo(first);
        assertThat(block.expected).contains(lease.accessToken());
        assertThat(vcenter.openSessions()).as("a step may still use the first").isEqualTo(2);
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
        assertThat(block.warnings).isEmpty();
    }

    @Test
    void close_ofTheLastLease_leavesNoSessionThatAnotherBlockWouldGet() throws Exception {
        Lease lease = leases.open(session(), TEN_MINUTES, block);
        String ended = lease.accessToken().value();
        lease.close();
        Lease next = leases.open(session(), TEN_MINUTES, block);
        assertThat(next.accessToken().value()).isNotEqualTo(ended);
        assertThat(simulator.admits(next.accessToken().value())).isTrue();
        next.close();
    }

    @Test
    void derivedTokensOfTwoServices_haveFamiliesOfTheirOwn() throws Exception {
        Lease lifecycle = leases.open(fleetService("fleet-lcm"), TEN_MINUTES, block);
        Lease logs = leases.open(fleetService("ops-li"), TEN_MINUTES, block);
        Lease provider = leases.open(providerSession(), TEN_MINUTES, block);
        assertThat(logs.accessToken()).isNotEqualTo(lifecycle.accessToken());
        assertThat(simulator.requests()).as("one for VCF SSO").isEqualTo(4);
        provider.close();
        assertThat(simulator.providerSessions().openSessions()).isZero();
    }

    @Test
    void refresh_whenTheServerHasEndedAllAccessTokens_requestsTheParentsOnceMore() throws Exception {
        Lease lease = leases.open(session(), TEN_MINUTES, block);
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
    void open_whenTheServerRefusesNewAccessTokensToo_triesOnceAndSaysSo() {
        simulator.vcfSso().setTrusted(false);
        assertThatThrownBy(() -> leases.open(session(), TEN_MINUTES, block))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("vCenter at " + simulator.url())
                .hasMessageContaining("refuses the access token of the credential");
        assertThat(vcenter.refusals()).isEqualTo(1);
    }

    @Test
    void open_whenTheApiTokenIsRevoked_namesVcfSsoAndAsksNoOtherServer() {
        simulator.vcfSso().revoke(API_TOKEN);
        simulator.vcfSso().addApiToken("CUSTOMER", "client", "vidb_two", LATER);
        assertThatThrownBy(() -> leases.open(session(), TEN_MINUTES, block))
                .hasMessageContaining("VCF SSO at " + simulator.url())
                .hasMessageContaining("HTTP 500");
        assertThat(vcenter.refusals()).isZero();
        assertThat(vcenter.begun()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CLOSE_BEFORE_READING", "CLOSE_AFTER_COMMIT", "STATUS_502", "STATUS_503_AFTER_COMMIT", "STATUS_429"
            })
    void open_afterAFaultThatPasses_hasASession(Fault fault) throws Exception {
        leases.open(parent(), TEN_MINUTES, block);
        simulator.inject(fault);
        Lease lease = leases.open(session(), TEN_MINUTES, block);
        assertThat(simulator.admits(lease.accessToken().value())).isTrue();
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
    }

    @Test
    void renewal_thatFailsWhileTheSessionIsValid_warnsAndKeepsIt() throws Exception {
        Lease lease = leases.open(session(), TEN_MINUTES, block);
        Lease own = leases.open(parent(), TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = lease.accessToken();
        clock.advance(Duration.ofMinutes(20));
        own.refresh();
        clock.advance(Duration.ofMinutes(3));
        for (int i = 0; i < 3; i++) {
            simulator.inject(Fault.STATUS_502);
        }
        timer.fireAll();
        assertThat(lease.accessToken()).isEqualTo(first);
        assertThat(block.warnings).singleElement().asString().contains("vCenter at", "HTTP 502");
        timer.fireAll();
        assertThat(lease.accessToken()).isNotEqualTo(first);
    }

    /** A new API token has other rights, so what was derived from the old one is replaced. */
    @Test
    void renewChanged_afterAnotherApiTokenWasStored_renewsTheDerivedToken() throws Exception {
        Lease lease = leases.open(session(), TEN_MINUTES, block);
        AccessToken first = lease.accessToken();
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isEqualTo(first);
        simulator.vcfSso().addApiToken("CUSTOMER", "another-client", "vidb_two", LATER);
        store.type("vidb_two");
        clock.advance(Duration.ofSeconds(1));
        leases.renewChanged(location -> true);
        assertThat(lease.accessToken()).isNotEqualTo(first);
        lease.close();
        assertThat(vcenter.openSessions()).isZero();
    }

    /** The token of a service ends soon after the access token that it was requested with. */
    @Test
    void fleetServiceToken_isNotRequestedWithAnAccessTokenOfMoreThanTenMinutes() throws Exception {
        leases.open(parent(), TEN_MINUTES, block);
        clock.advance(TEN_MINUTES);
        Lease one = leases.open(fleetService("fleet-lcm"), TEN_MINUTES, block);
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(one.accessToken().remaining(clock.instant()))
                .isBetween(Duration.ofMinutes(24), Duration.ofMinutes(25));
        clock.advance(Duration.ofSeconds(1));
        Lease other = leases.open(fleetService("ops-li"), TEN_MINUTES, block);
        assertThat(simulator.requests()).as("another one of VCF SSO").isEqualTo(4);
        assertThat(other.accessToken().remaining(clock.instant())).isGreaterThan(Duration.ofMinutes(34));
    }

    /** Of the access token that the derived one of the block came of. */
    @Test
    void derivedToken_ofADerivedToken_worksTheSameWay() throws Exception {
        CredentialHandle provider = providerSession();
        Lease lease = leases.open(provider.derive(() -> client(new OwnedByProvider())), TEN_MINUTES, block);
        assertThat(lease.accessToken().value()).startsWith("derived-from-eyJ");
        leases.renewChanged(location -> true);
        assertThat(simulator.providerSessions().begun()).isEqualTo(1);
    }

    private final class OwnedByProvider implements TokenEndpointClient {

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
        TokenEndpointClient sso = new VcfSsoApiTokenClient(
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

    /** Shows the date by the clock of the test: the server of the JDK has its own. */
    private OneShotHttpClient clientWithDate() {
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
        return TestTokenService.client(http, clock, TestTokenService.PLENTY);
    }

    private TokenEndpointClient client(TokenEndpointClient client) {
        return TestTokenService.patient(client);
    }
}
