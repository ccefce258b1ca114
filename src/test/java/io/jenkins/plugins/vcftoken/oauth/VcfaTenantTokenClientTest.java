package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Set;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VcfaTenantTokenClientTest extends TokenClientTestBase {

    private OneShotHttpClient client;
    private AccessToken provider;

    @BeforeEach
    void start() throws Exception {
        client = http;
        provider = new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, "System"))
                .requestToken(simulator.addAccount("provider", "System"))
                .accessToken();
    }

    @Test
    void theProvidersAccessTokenBuysTheOrganizations() throws Exception {
        simulator.tenants().add("allapps_org01");
        TokenResponse response = service("allapps_org01").requestToken(provider.value());
        assertThat(response.refreshToken()).isNull();
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("allapps_org01");
        assertThat(service("allapps_org01").warning(response.accessToken())).isNull();
    }

    @Test
    void bothListsAreSearchedToTheirLastPage() throws Exception {
        simulator.tenants().addPartiesBefore(60);
        for (int i = 0; i < 60; i++) {
            simulator.tenants().add("org-" + i);
        }
        simulator.tenants().add("allapps_org01");
        assertThat(service("allapps_org01").requestToken(provider.value()).accessToken())
                .isNotNull();
        assertThat(simulator.tenants().lists()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void theVersionIsNegotiatedAndRemembered(String version) throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().setVersions(Set.of(version));
        service("acme").requestToken(provider.value());
        int first = simulator.tenants().lists();
        service("acme").requestToken(provider.value());
        assertThat(simulator.tenants().lists() - first).isEqualTo(2);
    }

    @Test
    void theNameIsComparedWithoutCase() throws Exception {
        simulator.tenants().add("allapps_org01");
        TokenResponse response = service("AllApps_ORG01").requestToken(provider.value());
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("allapps_org01");
        assertThat(service("AllApps_ORG01").warning(response.accessToken())).isNull();
    }

    @Test
    void anUnknownOrganizationIsNamed() {
        TokenRequestException e = refused("acne");
        assertThat(e.tokenError()).isEqualTo(TokenError.WRONG_ORGANIZATION);
        assertThat(e.detail()).contains("‘acne’");
    }

    @Test
    void anOrganizationWithoutAccessIsSaidSo() {
        simulator.tenants().add("acme");
        simulator.tenants().close("acme");
        assertThat(refused("acme").tokenError()).isEqualTo(TokenError.WRONG_ORGANIZATION);
    }

    @Test
    void aTenantsAccessTokenIsNotEnough() throws Exception {
        provider = new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, "acme"))
                .requestToken(simulator.addAccount("tenant", "acme"))
                .accessToken();
        assertThat(refused("acme").tokenError()).isEqualTo(TokenError.FORBIDDEN);
    }

    @Test
    void anAccessTokenOfAnotherOrganizationIsDoubted() throws Exception {
        simulator.tenants().add("acme");
        simulator.setClaimedOrganization("System");
        AccessToken accessToken = service("acme").requestToken(provider.value()).accessToken();
        assertThat(service("acme").warning(accessToken)).contains("‘System’").contains("‘acme’");
    }

    /** A request without a body counts as sent once there is a connection. */
    @Test
    void aListThatIsCutOffMayHaveBeenAskedFor() throws Exception {
        OkHttpClient cutting = TestTokenService.trusting(simulator)
                .newBuilder()
                .addNetworkInterceptor(chain -> {
                    chain.proceed(chain.request()).close();
                    throw new IOException("cut off");
                })
                .build();
        client = TestTokenService.client(cutting, InstantSource.system(), TestTokenService.PLENTY);
        assertThat(refused("acme")).isInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(simulator.tenants().lists()).isEqualTo(1);
    }

    private TokenRequestException refused(String organization) {
        return failure(() -> service(organization).requestToken(provider.value()));
    }

    private VcfaTenantTokenClient service(String organization) {
        return new VcfaTenantTokenClient(client, account(VcfaTokenClient.SYSTEM, organization));
    }
}
