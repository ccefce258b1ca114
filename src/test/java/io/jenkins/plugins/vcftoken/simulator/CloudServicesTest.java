package io.jenkins.plugins.vcftoken.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.net.URI;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that the simulated Cloud Services and VMware Cloud on AWS reject. The samples cover valid requests. */
class CloudServicesTest {

    private static final String ORGANIZATION = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";

    private Simulator simulator;
    private OkHttpClient http;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        simulator.cloudServices().addApp("app", "", ORGANIZATION);
        http = TestTokenService.trusting(simulator);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private int status(URI address, String path, String header, String value) throws Exception {
        Request request = new Request.Builder()
                .url(address.resolve(path).toString())
                .header(header, value)
                .build();
        try (Response response = http.newCall(request).execute()) {
            return response.code();
        }
    }

    private int status(URI address, String path, String accessToken) throws Exception {
        return status(address, path, "Authorization", "Bearer " + accessToken);
    }

    @Test
    void vmc_atConsoleUrl_isNotFound() throws Exception {
        String accessToken = simulator.issue("app", ORGANIZATION, false);
        assertThat(status(simulator.url(), "/vmc/api/orgs", accessToken)).isEqualTo(404);
        assertThat(status(simulator.vmcUrl(), "/vmc/api/orgs", accessToken)).isEqualTo(200);
        assertThat(status(simulator.vmcUrl(), "/csp/gateway/am/api/loggedin/user/orgs", accessToken))
                .isEqualTo(404);
    }

    @Test
    void vmc_acceptsOnlyValidAccessTokensOfCloudServices() throws Exception {
        String own = simulator.issue("app", ORGANIZATION, false);
        String foreign = simulator.issue("ci", "acme", false);
        assertThat(status(simulator.vmcUrl(), "/vmc/api/orgs", "csp-auth-token", own))
                .isEqualTo(200);
        assertThat(status(simulator.vmcUrl(), "/vmc/api/orgs", "csp-auth-token", foreign))
                .isEqualTo(401);
        simulator.endSessions();
        assertThat(status(simulator.vmcUrl(), "/vmc/api/orgs", "csp-auth-token", own))
                .isEqualTo(401);
    }

    @Test
    void console_withAccessTokenOfApp_returnsOnlyItsOrganization() throws Exception {
        String accessToken = simulator.issue("app", ORGANIZATION, false);
        String organizations = "/csp/gateway/am/api/orgs/";
        assertThat(status(simulator.url(), organizations + ORGANIZATION, accessToken))
                .isEqualTo(200);
        assertThat(status(simulator.url(), organizations + "other", accessToken))
                .isEqualTo(403);
        assertThat(status(simulator.url(), "/csp/gateway/am/api/loggedin/user/orgs", accessToken))
                .isEqualTo(403);
    }
}
