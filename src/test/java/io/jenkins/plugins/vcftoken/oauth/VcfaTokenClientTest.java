package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VcfaTokenClientTest extends TokenClientTestBase {

    @Test
    void tenantGrant() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        TokenResponse response = service("acme").requestToken(initialToken);
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(response.refreshToken())
                .isEqualTo(simulator.currentToken("ci"))
                .isNotEqualTo(initialToken);
    }

    /** The token endpoint also answers where there is no such header, with JSON or without. */
    @Test
    void requestToken_asksForJson() throws Exception {
        AtomicReference<String> accept = new AtomicReference<>();
        OkHttpClient http = TestTokenService.trusting(simulator)
                .newBuilder()
                .addInterceptor(chain -> {
                    accept.set(chain.request().header("Accept"));
                    return chain.proceed(chain.request());
                })
                .build();
        new VcfaTokenClient(
                        TestTokenService.client(http, InstantSource.system(), TestTokenService.PLENTY),
                        new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme"))
                .requestToken(simulator.addAccount("ci", "acme"));
        assertThat(accept).hasValue("application/json");
    }

    @Test
    void systemIsTheProviderInAnyCase() throws Exception {
        String initialToken = simulator.addAccount("ci", "System");
        TokenResponse first = service("System").requestToken(initialToken);
        TokenResponse second = service("sYSTEM").requestToken(first.refreshToken());
        assertThat(second.refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void organizationNamesArePercentEncoded() throws Exception {
        String initialToken = simulator.addAccount("ci", "R&D Köln 50%");
        assertThat(service("R&D Köln 50%").requestToken(initialToken).refreshToken())
                .isNotNull();
    }

    @Test
    void organizationNamesAreSentWithoutRegardToCase() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThat(service("ACME").requestToken(initialToken).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    /** Some front ends decode a path, more than once, before they route it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                ".",
                "..",
                "%2e",
                "%2E%2e",
                ".%2e",
                "%252e%252e",
                "a/b",
                "../provider",
                "acme/..",
                "acme%2f..",
                "acme%252F",
                "acme\\..",
                "acme%5c..",
                "acme\n"
            })
    void organizationThatLeavesItsPlaceInThePath_isRefusedBeforeAnythingIsSent(String organization) {
        assertThat(VcfaTokenClient.isOrganization(organization)).isFalse();
        String initialToken = simulator.addAccount("ci", "acme");
        for (TokenRequestException e : List.of(
                failure(() -> service(organization).requestToken(initialToken)),
                failure(() -> new VcfaTokenClient(
                                TestTokenService.client(simulator, InstantSource.system()),
                                new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization),
                                "client")
                        .requestCodes()))) {
            assertThat(e).isInstanceOf(TokenRequestException.NotSent.class);
            assertThat(e.tokenError()).isEqualTo(TokenError.WRONG_ORGANIZATION);
        }
        assertThat(simulator.requests() + simulator.missed()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme", "System", "a.b", "...", ".acme", "R&D Köln 50%", "100%2", "a%20b"})
    void otherNamesAreOrganizations(String organization) {
        assertThat(VcfaTokenClient.isOrganization(organization)).isTrue();
    }

    @Test
    void aTokenThatDoesNotRotateComesBackUnchanged() throws Exception {
        String initialToken = simulator.addAccount("person", "acme");
        simulator.setRotation("person", false);
        assertThat(service("acme").requestToken(initialToken).refreshToken()).isEqualTo(initialToken);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "text/html;charset=UTF-8", "application/octet-stream"})
    void whatTheServerCallsItsJsonDoesNotCostTheToken(String contentType) throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        simulator.setContentType(contentType);
        assertThat(service("acme").requestToken(initialToken).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void findsTheServiceBehindTmAndRemembersIt() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        simulator.moveBehindTm();
        TokenEndpointClient service = service("acme");
        TokenResponse first = service.requestToken(initialToken);
        assertThat(simulator.missed()).isEqualTo(1);
        service.requestToken(first.refreshToken());
        assertThat(simulator.missed()).isEqualTo(1);
    }

    @Test
    void spentTokenIsRefused() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        service("acme").requestToken(initialToken);
        TokenRequestException e = failure(() -> service("acme").requestToken(initialToken));
        assertThat(e).isInstanceOf(TokenRequestException.Rejected.class);
        assertThat(e.tokenError()).isEqualTo(TokenError.SPENT_OR_REVOKED);
        assertThat(e.detail()).isEqualTo("HTTP 400, invalid_grant: Invalid refresh token");
    }

    @Test
    void unknownOrganizationHasNoService() {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() -> service("acne").requestToken(initialToken))
                .isInstanceOfSatisfying(
                        TokenRequestException.Rejected.class,
                        e -> assertThat(e.tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE));
    }

    @Test
    void untrustedCertificateStopsTheTokenFromLeaving() {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() ->
                        service(new OkHttpClient(), simulator.url(), "acme").requestToken(initialToken))
                .isInstanceOfSatisfying(TokenRequestException.NotSent.class, e -> {
                    assertThat(e.tokenError()).isEqualTo(TokenError.NOT_TRUSTED);
                    assertThat(e.detail())
                            .contains("SSLHandshakeException")
                            .contains("PKIX path building failed: sun.security.provider.certpath."
                                    + "SunCertPathBuilderException: unable to find valid certification path");
                });
        assertThat(simulator.requests()).isZero();
    }

    /** The message names the proxy, which is the cause of many failed connections. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProxyThatCannotBeReachedIsNamed(boolean fixed) {
        Proxy proxy = new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("localhost", 1));
        OkHttpClient.Builder http = TestTokenService.trusting(simulator).newBuilder();
        OkHttpClient behind = fixed
                ? http.proxy(proxy).build()
                : http.proxySelector(new ProxySelector() {
                            @Override
                            public List<Proxy> select(URI uri) {
                                return List.of(Proxy.NO_PROXY, proxy);
                            }

                            @Override
                            public void connectFailed(URI uri, SocketAddress address, IOException e) {}
                        })
                        .build();
        URI closed = URI.create("https://localhost:1");
        assertThatThrownBy(() -> service(behind, closed, "acme").requestToken("token"))
                .isInstanceOfSatisfying(TokenRequestException.NotSent.class, e -> {
                    assertThat(e.tokenError()).isEqualTo(TokenError.UNREACHABLE);
                    assertThat(e.detail()).contains(", through the proxy localhost");
                });
    }

    private TokenEndpointClient service(String organization) {
        return service(TestTokenService.trusting(simulator), simulator.url(), organization);
    }

    private TokenEndpointClient service(OkHttpClient http, URI url, String organization) {
        OneShotHttpClient client = TestTokenService.client(http, InstantSource.system(), TestTokenService.PLENTY);
        return new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, url, organization));
    }
}
