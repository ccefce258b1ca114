package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SupervisorNamespaceClientTest {

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private List<SupervisorNamespace> list(String organization) throws Exception {
        String secret = simulator.addAccount("ci of " + organization, organization);
        AtMostOnceHttpClient client = TestTokenService.client(simulator, InstantSource.system());
        Account account = new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization);
        AccessToken accessToken =
                new VcfaTokenClient(client, account).requestToken(secret).accessToken();
        return new SupervisorNamespaceClient(client, account).list(accessToken);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1alpha3", "v1alpha2", "v1alpha1", "v1"})
    void list_withAnyApiVersion_returnsNameProjectAndEndpoint(String version) throws Exception {
        simulator.kubernetes().setVersions(List.of(version));
        URI endpoint = simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        simulator.kubernetes().addNamespace("other", "default-project", "foreign");
        assertThat(list("acme"))
                .containsExactly(new SupervisorNamespace("dev", "default-project", endpoint.toString()));
        assertThat(simulator.unauthorized()).isZero();
    }

    @Test
    void list_withSeveralPages_isComplete() throws Exception {
        int count = 2 * SupervisorNamespaceClient.PAGE_SIZE + 1;
        IntStream.range(0, count).forEach(i -> simulator.kubernetes().addNamespace("acme", "default-project", "n" + i));
        assertThat(list("acme"))
                .extracting(SupervisorNamespace::name)
                .doesNotHaveDuplicates()
                .hasSize(count);
        assertThat(simulator.kubernetes().listRequests()).isEqualTo(3);
    }

    @Test
    void list_omitsNamespacesThatAreNotReady() throws Exception {
        simulator.kubernetes().addNamespace("acme", "default-project", "ready");
        for (String name : List.of("failed", "new")) {
            simulator.kubernetes().addNamespace("acme", "default-project", name);
        }
        simulator
                .kubernetes()
                .changeNamespace(
                        "acme",
                        "default-project",
                        "failed",
                        namespace -> namespace
                                .withObject("/status")
                                .putArray("conditions")
                                .addObject()
                                .put("type", "Ready")
                                .put("status", "False"));
        simulator
                .kubernetes()
                .changeNamespace("acme", "default-project", "new", namespace -> namespace.remove("status"));
        assertThat(list("acme")).extracting(SupervisorNamespace::name).containsExactly("ready");
    }

    @Test
    void list_withEndpointOnAnotherServer_returnsItsPathOnTheServerOfTheAccount() throws Exception {
        URI endpoint = simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        simulator
                .kubernetes()
                .changeNamespace(
                        "acme",
                        "default-project",
                        "dev",
                        namespace -> namespace
                                .withObject("/status")
                                .put(
                                        "namespaceEndpointURL",
                                        "http://elsewhere.example.com:81" + endpoint.getPath() + "?a=b"));
        assertThat(list("acme")).extracting(SupervisorNamespace::endpoint).containsExactly(endpoint.toString());
    }

    @Test
    void list_withoutNamespaces_isEmpty() throws Exception {
        assertThat(list("acme")).isEmpty();
    }

    @Test
    void list_withProviderToken_isRejected() {
        TokenRequestException failure = catchThrowableOfType(TokenRequestException.class, () -> list("System"));
        assertThat(failure.errorType()).isEqualTo(TokenErrorType.FORBIDDEN);
        assertThat(failure.detail()).startsWith("HTTP 401");
    }

    @Test
    void list_withoutApiOnServer_failsWithNoSuchService() {
        simulator.kubernetes().setVersions(List.of());
        TokenRequestException failure = catchThrowableOfType(TokenRequestException.class, () -> list("acme"));
        assertThat(failure.errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
    }
}
