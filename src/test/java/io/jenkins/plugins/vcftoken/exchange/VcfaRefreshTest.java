package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VcfaRefreshTest {

    private Simulator simulator;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    @Test
    void tenantGrant() throws Exception {
        String seed = simulator.addAccount("ci", "acme");
        Grant grant = service("acme").exchange(seed);
        assertThat(simulator.bearers()).containsExactly(grant.bearer().value());
        assertThat(grant.bearer().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(grant.refreshToken()).isEqualTo(simulator.currentToken("ci")).isNotEqualTo(seed);
    }

    @Test
    void systemIsTheProviderInAnyCase() throws Exception {
        String seed = simulator.addAccount("ci", "System");
        Grant first = service("System").exchange(seed);
        Grant second = service("sYSTEM").exchange(first.refreshToken());
        assertThat(second.refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void organizationNamesArePercentEncoded() throws Exception {
        String seed = simulator.addAccount("ci", "R&D Köln 50%");
        assertThat(service("R&D Köln 50%").exchange(seed).refreshToken()).isNotNull();
    }

    @Test
    void organizationNamesAreSentWithoutRegardToCase() throws Exception {
        String seed = simulator.addAccount("ci", "acme");
        assertThat(service("ACME").exchange(seed).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    /** Some front ends decode a path before they look at it, more than once. */
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
        assertThat(VcfaRefresh.isOrganization(organization)).isFalse();
        String seed = simulator.addAccount("ci", "acme");
        for (ExchangeException e : List.of(
                catchThrowableOfType(
                        ExchangeException.class, () -> service(organization).exchange(seed)),
                catchThrowableOfType(
                        ExchangeException.class,
                        () -> new VcfaDeviceEndpoint(
                                        Core.client(simulator, InstantSource.system()),
                                        new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), organization),
                                        "client")
                                .codes()))) {
            assertThat(e).isInstanceOf(ExchangeException.NotSent.class);
            assertThat(e.problem()).isEqualTo(Problem.WRONG_ORGANIZATION);
        }
        assertThat(simulator.requests() + simulator.missed()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme", "System", "a.b", "...", ".acme", "R&D Köln 50%", "100%2", "a%20b"})
    void otherNamesAreOrganizations(String organization) {
        assertThat(VcfaRefresh.isOrganization(organization)).isTrue();
    }

    @Test
    void aTokenThatDoesNotRotateComesBackUnchanged() throws Exception {
        String seed = simulator.addAccount("person", "acme");
        simulator.setRotation("person", false);
        assertThat(service("acme").exchange(seed).refreshToken()).isEqualTo(seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "text/html;charset=UTF-8", "application/octet-stream"})
    void whatTheServerCallsItsJsonDoesNotCostTheToken(String contentType) throws Exception {
        String seed = simulator.addAccount("ci", "acme");
        simulator.setContentType(contentType);
        assertThat(service("acme").exchange(seed).refreshToken()).isEqualTo(simulator.currentToken("ci"));
    }

    @Test
    void findsTheServiceBehindTmAndRemembersIt() throws Exception {
        String seed = simulator.addAccount("ci", "acme");
        simulator.moveBehindTm();
        TokenService service = service("acme");
        Grant first = service.exchange(seed);
        assertThat(simulator.missed()).isEqualTo(1);
        service.exchange(first.refreshToken());
        assertThat(simulator.missed()).isEqualTo(1);
    }

    @Test
    void spentTokenIsRefused() throws Exception {
        String seed = simulator.addAccount("ci", "acme");
        service("acme").exchange(seed);
        ExchangeException e = catchThrowableOfType(
                ExchangeException.class, () -> service("acme").exchange(seed));
        assertThat(e).isInstanceOf(ExchangeException.Refused.class);
        assertThat(e.problem()).isEqualTo(Problem.SPENT_OR_REVOKED);
        assertThat(e.detail()).isEqualTo("HTTP 400, invalid_grant: Invalid refresh token");
    }

    @Test
    void unknownOrganizationHasNoService() {
        String seed = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() -> service("acne").exchange(seed))
                .isInstanceOfSatisfying(
                        ExchangeException.Refused.class,
                        e -> assertThat(e.problem()).isEqualTo(Problem.NO_SUCH_SERVICE));
    }

    @Test
    void untrustedCertificateStopsTheTokenFromLeaving() {
        String seed = simulator.addAccount("ci", "acme");
        assertThatThrownBy(() ->
                        service(new OkHttpClient(), simulator.url(), "acme").exchange(seed))
                .isInstanceOfSatisfying(ExchangeException.NotSent.class, e -> {
                    assertThat(e.problem()).isEqualTo(Problem.NOT_TRUSTED);
                    assertThat(e.detail())
                            .contains("SSLHandshakeException")
                            .contains("PKIX path building failed: sun.security.provider.certpath."
                                    + "SunCertPathBuilderException: unable to find valid certification path");
                });
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void certificateOfAnotherHostStopsTheTokenFromLeaving() {
        String seed = simulator.addAccount("ci", "acme");
        URI byAddress = URI.create(simulator.url().toString().replace("localhost", "127.0.0.1"));
        assertThatThrownBy(() ->
                        service(Core.trusting(simulator), byAddress, "acme").exchange(seed))
                .isInstanceOfSatisfying(
                        ExchangeException.NotSent.class,
                        e -> assertThat(e.problem()).isEqualTo(Problem.NOT_TRUSTED));
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void nobodyListening() {
        assertThatThrownBy(() -> service(Core.trusting(simulator), URI.create("https://localhost:1"), "acme")
                        .exchange("token"))
                .isInstanceOfSatisfying(
                        ExchangeException.NotSent.class,
                        e -> assertThat(e.problem()).isEqualTo(Problem.UNREACHABLE));
    }

    /** Half of all such calls end with somebody looking at the proxy. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProxyThatCannotBeReachedIsNamed(boolean fixed) {
        Proxy proxy = new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("localhost", 1));
        OkHttpClient.Builder http = Core.trusting(simulator).newBuilder();
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
        assertThatThrownBy(() -> service(behind, closed, "acme").exchange("token"))
                .isInstanceOfSatisfying(ExchangeException.NotSent.class, e -> {
                    assertThat(e.problem()).isEqualTo(Problem.UNREACHABLE);
                    assertThat(e.detail()).contains(", through the proxy localhost");
                });
    }

    private TokenService service(String organization) {
        return service(Core.trusting(simulator), simulator.url(), organization);
    }

    private TokenService service(OkHttpClient http, URI url, String organization) {
        TokenClient client = new TokenClient(http, Core.PLENTY, Core.PLENTY, InstantSource.system());
        return new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, url, organization));
    }
}
