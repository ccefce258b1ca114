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

class VcfaTenantTokenExchangeClientTest extends TokenClientTestBase {

    private AtMostOnceHttpClient httpClient;
    private AccessToken providerToken;

    @BeforeEach
    void requestProviderToken() throws Exception {
        httpClient = http;
        providerToken = new VcfaTokenClient(httpClient, account(VcfaTokenClient.SYSTEM, "System"))
                .requestToken(simulator.addAccount("provider", "System"))
                .accessToken();
    }

    @Test
    void requestToken_withProviderToken_returnsTenantToken() throws Exception {
        simulator.tenants().add("allapps_org01");
        TokenResponse response = client("allapps_org01").requestToken(providerToken.value());
        assertThat(response.refreshToken()).isNull();
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("allapps_org01");
        assertThat(client("allapps_org01").warning(response.accessToken())).isNull();
    }

    @Test
    void requestToken_searchesAllPagesOfBothLists() throws Exception {
        simulator.tenants().prependRelyingParties(60);
        for (int i = 0; i < 60; i++) {
            simulator.tenants().add("org-" + i);
        }
        simulator.tenants().add("allapps_org01");
        assertThat(client("allapps_org01").requestToken(providerToken.value()).accessToken())
                .isNotNull();
        assertThat(simulator.tenants().listRequests()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void apiVersion_isNegotiatedAndRemembered(String version) throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().setVersions(Set.of(version));
        client("acme").requestToken(providerToken.value());
        int first = simulator.tenants().listRequests();
        client("acme").requestToken(providerToken.value());
        assertThat(simulator.tenants().listRequests() - first).isEqualTo(2);
    }

    @Test
    void requestToken_ignoresCaseOfOrganization() throws Exception {
        simulator.tenants().add("allapps_org01");
        TokenResponse response = client("AllApps_ORG01").requestToken(providerToken.value());
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("allapps_org01");
        assertThat(client("AllApps_ORG01").warning(response.accessToken())).isNull();
    }

    @Test
    void requestToken_forUnknownOrganization_namesTheOrganization() {
        TokenRequestException e = requestFailure("acne");
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
        assertThat(e.detail()).contains("‘acne’");
    }

    @Test
    void requestToken_forOrganizationWithoutAccess_failsWithWrongOrganization() {
        simulator.tenants().add("acme");
        simulator.tenants().denyAccessTokens("acme");
        assertThat(requestFailure("acme").errorType()).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
    }

    @Test
    void requestToken_withTenantToken_isForbidden() throws Exception {
        providerToken = new VcfaTokenClient(httpClient, account(VcfaTokenClient.SYSTEM, "acme"))
                .requestToken(simulator.addAccount("tenant", "acme"))
                .accessToken();
        assertThat(requestFailure("acme").errorType()).isEqualTo(TokenErrorType.FORBIDDEN);
    }

    @Test
    void warning_forTokenOfAnotherOrganization_namesBoth() throws Exception {
        simulator.tenants().add("acme");
        simulator.setClaimedOrganization("System");
        AccessToken accessToken =
                client("acme").requestToken(providerToken.value()).accessToken();
        assertThat(client("acme").warning(accessToken)).contains("‘System’").contains("‘acme’");
    }

    /** A request without a body counts as sent after the connection is established. */
    @Test
    void requestToken_afterInterruptedList_isOutcomeUnknown() throws Exception {
        OkHttpClient interrupting = TestTokenService.trusting(simulator)
                .newBuilder()
                .addNetworkInterceptor(chain -> {
                    chain.proceed(chain.request()).close();
                    throw new IOException("cut off");
                })
                .build();
        httpClient = TestTokenService.client(interrupting, InstantSource.system(), TestTokenService.MAX_WAIT);
        assertThat(requestFailure("acme")).isInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(simulator.tenants().listRequests()).isEqualTo(1);
    }

    private TokenRequestException requestFailure(String organization) {
        return failure(() -> client(organization).requestToken(providerToken.value()));
    }

    private VcfaTenantTokenExchangeClient client(String organization) {
        return new VcfaTenantTokenExchangeClient(httpClient, account(VcfaTokenClient.SYSTEM, organization));
    }
}
