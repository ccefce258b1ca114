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
    void requestToken_returnsAccessTokenAndRotatedRefreshToken() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        TokenResponse response = client("acme").requestToken(initialToken);
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(response.refreshToken())
                .isEqualTo(simulator.currentToken("ci"))
                .isNotEqualTo(initialToken);
    }

    /** Without this header, the endpoint may respond in another format. */
    @Test
    void requestToken_acceptsJson() throws Exception {
        AtomicReference<String> accept = new AtomicReference<>();
        OkHttpClient http = TestTokenService.trusting(simulator)
                .newBuilder()
                .addInterceptor(chain -> {
                    accept.set(chain.request().header("Accept"));
                    return chain.proceed(chain.request());
                })
                .build();
        client(http, simulator.url(), "acme").requestToken(simulator.addAccount("ci", "acme"));
        assertThat(accept).hasValue("application/json");
    }

    @Test
    void requestToken_forSystemInAnyCase_usesProviderPath() throws Exception {
        String initialToken = simulator.addAccount("ci", "System");
        TokenResponse first = client("System").requestToken(initialToken);
        TokenResponse second = client("sYSTEM").requestToken(first.refreshToken());
        assertThat(second.refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void organizationName_isPercentEncoded() throws Exception {
        String initialToken = simulator.addAccount("ci", "R&D Köln 50%");
        assertThat(client("R&D Köln 50%").requestToken(initialToken).refreshToken())
                .isNotNull();
    }

    @Test
    void organizationName_isCaseInsensitive() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThat(client("ACME").requestToken(initialToken).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    /** Some reverse proxies decode a path once or twice before routing. */
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
    void organizationThatIsNotASinglePathSegment_isRejectedBeforeRequest(String organization) {
        assertThat(VcfaTokenClient.isValidOrganizationName(organization)).isFalse();
        String initialToken = simulator.addAccount("ci", "acme");
        for (TokenRequestException e : List.of(
                failure(() -> client(organization).requestToken(initialToken)),
                failure(() -> new VcfaTokenClient(http, account(VcfaTokenClient.SYSTEM, organization), "client")
                        .requestCodes()))) {
            assertThat(e).isInstanceOf(TokenRequestException.NotSent.class);
            assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
        }
        assertThat(simulator.requests() + simulator.notFound()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme", "System", "a.b", "...", ".acme", "R&D Köln 50%", "100%2", "a%20b"})
    void isValidOrganizationName_forOtherNames_isTrue(String organization) {
        assertThat(VcfaTokenClient.isValidOrganizationName(organization)).isTrue();
    }

    @Test
    void requestToken_withoutRotation_returnsSameRefreshToken() throws Exception {
        String initialToken = simulator.addAccount("person", "acme");
        simulator.setRotation("person", false);
        assertThat(client("acme").requestToken(initialToken).refreshToken()).isEqualTo(initialToken);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "text/html;charset=UTF-8", "application/octet-stream"})
    void requestToken_ignoresContentTypeOfResponse(String contentType) throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        simulator.setContentType(contentType);
        assertThat(client("acme").requestToken(initialToken).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void requestToken_remembersEndpointBehindTm() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        simulator.useTmPathPrefix();
        TokenClient client = client("acme");
        TokenResponse first = client.requestToken(initialToken);
        assertThat(simulator.notFound()).isEqualTo(1);
        client.requestToken(first.refreshToken());
        assertThat(simulator.notFound()).isEqualTo(1);
    }

    @Test
    void requestToken_withReplacedToken_isRejected() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        client("acme").requestToken(initialToken);
        TokenRequestException e = failure(() -> client("acme").requestToken(initialToken));
        assertThat(e).isInstanceOf(TokenRequestException.Rejected.class);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.REFRESH_TOKEN_REJECTED);
        assertThat(e.detail()).isEqualTo("HTTP 400, invalid_grant: Invalid refresh token");
    }

    @Test
    void requestToken_forUnknownOrganization_failsWithNoSuchService() {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() -> client("acne").requestToken(initialToken))
                .isInstanceOfSatisfying(
                        TokenRequestException.Rejected.class,
                        e -> assertThat(e.errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND));
    }

    @Test
    void requestToken_withUntrustedCertificate_isNotSent() {
        String initialToken = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() ->
                        client(new OkHttpClient(), simulator.url(), "acme").requestToken(initialToken))
                .isInstanceOfSatisfying(TokenRequestException.NotSent.class, e -> {
                    assertThat(e.errorType()).isEqualTo(TokenErrorType.NOT_TRUSTED);
                    assertThat(e.detail())
                            .contains("SSLHandshakeException")
                            .contains("PKIX path building failed: sun.security.provider.certpath."
                                    + "SunCertPathBuilderException: unable to find valid certification path");
                });
        assertThat(simulator.requests()).isZero();
    }

    /** Many connection failures are caused by a proxy. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void requestToken_withUnreachableProxy_namesTheProxy(boolean isConfigured) {
        Proxy proxy = new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("localhost", 1));
        OkHttpClient.Builder http = TestTokenService.trusting(simulator).newBuilder();
        OkHttpClient withProxy = isConfigured
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
        assertThatThrownBy(() -> client(withProxy, closed, "acme").requestToken("token"))
                .isInstanceOfSatisfying(TokenRequestException.NotSent.class, e -> {
                    assertThat(e.errorType()).isEqualTo(TokenErrorType.UNREACHABLE);
                    assertThat(e.detail()).contains(", through the proxy localhost");
                });
    }

    private TokenClient client(String organization) {
        return new VcfaTokenClient(http, account(VcfaTokenClient.SYSTEM, organization));
    }

    private TokenClient client(OkHttpClient http, URI url, String organization) {
        AtMostOnceHttpClient httpClient =
                TestTokenService.client(http, InstantSource.system(), TestTokenService.MAX_WAIT);
        return new VcfaTokenClient(httpClient, new Account(VcfaTokenClient.SYSTEM, url, organization));
    }
}
