package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.CloudServices;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CspClientsTest extends TokenClientTestBase {

    private static final Instant EXPIRY = Instant.parse("2099-12-31T00:00:00Z");
    /** Too short to be redacted as a token by its format, and with characters that are encoded in forms. */
    private static final String API_TOKEN = "api+tok/en&1=%";

    private static final String ORGANIZATION = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";

    private CloudServices csp;

    @BeforeEach
    void configureServer() throws Exception {
        csp = simulator.cloudServices();
        csp.addApiToken(API_TOKEN, EXPIRY);
        csp.addApp("app-1", "s3cr:et+&ü", ORGANIZATION);
    }

    @Test
    void requestToken_withApiToken_returnsAccessTokenAndUnchangedApiToken() throws Exception {
        TokenResponse response = apiTokenClient().requestToken(API_TOKEN);
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.refreshToken()).isEqualTo(API_TOKEN);
    }

    @Test
    void requestToken_withRevokedApiToken_failsWithRedactedMessage() {
        csp.revoke(API_TOKEN);
        TokenRequestException e = failure(() -> apiTokenClient().requestToken(API_TOKEN));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.API_TOKEN_REJECTED);
        assertThat(e.detail()).isEqualTo("HTTP 400: invalid_grant: Invalid refresh token: ****");
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void secretExpiry_acceptsSecondsAndMilliseconds(boolean milliseconds) throws Exception {
        csp.setMilliseconds(milliseconds);
        assertThat(new CspApiTokenClient(http, cspAccount("", "")).secretExpiry(API_TOKEN, null))
                .isEqualTo(EXPIRY);
    }

    @Test
    void secretExpiry_isRetriedAndRequestsNoAccessToken() throws Exception {
        simulator.inject(Fault.STATUS_502);
        assertThat(apiTokenClient().secretExpiry(API_TOKEN, null)).isEqualTo(EXPIRY);
        assertThat(appClient("app-1", "", 0, "").secretExpiry("s3cr:et+&ü", null))
                .isNull();
        assertThat(apiTokenClient().expiryNeedsAccessToken()).isFalse();
        assertThat(apiTokenClient().secretExpiry(API_TOKEN, new AccessToken("b", Instant.EPOCH, EXPIRY)))
                .isEqualTo(EXPIRY);
        assertThat(simulator.requests()).isZero();
        assertThat(simulator.accessTokens()).isEmpty();
    }

    @Test
    void secretExpiry_ofUnknownApiToken_failsWithApiTokenRefused() {
        TokenRequestException e = failure(() -> apiTokenClient().secretExpiry("withdrawn", null));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.API_TOKEN_REJECTED);
    }

    @Test
    void requestToken_withAppSecret_returnsAccessTokenOnly() throws Exception {
        TokenResponse response = appClient("app-1", "", 0, "").requestToken("s3cr:et+&ü");
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.refreshToken()).isNull();
        assertThat(csp.lastForm()).isEqualTo("grant_type=client_credentials");
    }

    @Test
    void requestToken_sendsOrganizationScopeAndValidity() throws Exception {
        TokenResponse response =
                appClient("app-1", "csp:org_member a/b", 600, ORGANIZATION).requestToken("s3cr:et+&ü");
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofMinutes(10));
        assertThat(csp.lastForm())
                .contains("orgId=" + ORGANIZATION)
                .contains("scope=csp%3Aorg_member%20a%2Fb")
                .contains("accessTokenValiditySeconds=600");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void requestToken_withWrongAppSecret_failsWithWrongSecret(boolean with401) {
        csp.setRefusesWith401(with401);
        TokenRequestException e = failure(() -> appClient("app-1", "", 0, "").requestToken("wrong-secret"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_SECRET);
        assertThat(e.getMessage()).doesNotContain("wrong-secret");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void requestToken_forAnotherOrganization_failsWithWrongOrganization() {
        TokenRequestException e = failure(() -> appClient("app-1", "", 0, "11111111-94c1-4b0c-8d1f-6a5c1e0f7a11")
                .requestToken("s3cr:et+&ü"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
    }

    private TokenClient apiTokenClient() {
        return TestTokenService.withRetries(new CspApiTokenClient(http, cspAccount("", "")));
    }

    private TokenClient appClient(String id, String scope, int validity, String organization) {
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App(id, scope, validity);
        return TestTokenService.withRetries(
                new CspClientCredentialsClient(http, cspAccount(organization, app.account()), app));
    }

    private Account cspAccount(String organization, String account) {
        return new Account(CspApiTokenClient.SYSTEM, simulator.url(), organization, account);
    }
}
