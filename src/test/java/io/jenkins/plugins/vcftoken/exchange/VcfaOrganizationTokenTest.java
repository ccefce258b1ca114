package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Set;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VcfaOrganizationTokenTest {

    private Simulator simulator;
    private TokenClient client;
    private Bearer provider;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        client = Core.client(simulator, InstantSource.system());
        provider = new VcfaRefresh(client, endpoint("System"))
                .exchange(simulator.addAccount("provider", "System"))
                .bearer();
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    @Test
    void theProvidersBearerBuysTheOrganizations() throws Exception {
        simulator.tenants().add("allapps_org01");
        Grant grant = service("allapps_org01").exchange("");
        assertThat(grant.refreshToken()).isNull();
        assertThat(JwtClaims.of(grant.bearer().value()).text("org_name")).isEqualTo("allapps_org01");
        assertThat(service("allapps_org01").doubt(grant.bearer())).isNull();
    }

    @Test
    void bothListsAreSearchedToTheirLastPage() throws Exception {
        simulator.tenants().addPartiesBefore(60);
        for (int i = 0; i < 60; i++) {
            simulator.tenants().add("org-" + i);
        }
        simulator.tenants().add("allapps_org01");
        assertThat(service("allapps_org01").exchange("").bearer()).isNotNull();
        assertThat(simulator.tenants().lists()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void theVersionIsNegotiatedAndRemembered(String version) throws Exception {
        simulator.tenants().add("acme");
        simulator.tenants().setVersions(Set.of(version));
        service("acme").exchange("");
        int first = simulator.tenants().lists();
        service("acme").exchange("");
        assertThat(simulator.tenants().lists() - first).isEqualTo(2);
    }

    @Test
    void theNameIsComparedWithoutCase() throws Exception {
        simulator.tenants().add("allapps_org01");
        Grant grant = service("AllApps_ORG01").exchange("");
        assertThat(JwtClaims.of(grant.bearer().value()).text("org_name")).isEqualTo("allapps_org01");
        assertThat(service("AllApps_ORG01").doubt(grant.bearer())).isNull();
    }

    @Test
    void anUnknownOrganizationIsNamed() {
        ExchangeException e = refused("acne");
        assertThat(e.problem()).isEqualTo(Problem.WRONG_ORGANIZATION);
        assertThat(e.detail()).contains("'acne'");
    }

    @Test
    void anOrganizationWithoutAccessIsSaidSo() {
        simulator.tenants().add("acme");
        simulator.tenants().close("acme");
        assertThat(refused("acme").problem()).isEqualTo(Problem.WRONG_ORGANIZATION);
    }

    @Test
    void aTenantsBearerIsNotEnough() throws Exception {
        provider = new VcfaRefresh(client, endpoint("acme"))
                .exchange(simulator.addAccount("tenant", "acme"))
                .bearer();
        assertThat(refused("acme").problem()).isEqualTo(Problem.FORBIDDEN);
    }

    @Test
    void aBearerOfAnotherOrganizationIsDoubted() throws Exception {
        simulator.tenants().add("acme");
        simulator.setClaimedOrganization("System");
        Bearer bearer = service("acme").exchange("").bearer();
        assertThat(service("acme").doubt(bearer)).contains("'System'").contains("'acme'");
    }

    /** A question without a body counts as sent once there is a connection. */
    @Test
    void aListThatIsCutOffMayHaveBeenAskedFor() throws Exception {
        OkHttpClient cutting = Core.trusting(simulator)
                .newBuilder()
                .addNetworkInterceptor(chain -> {
                    chain.proceed(chain.request()).close();
                    throw new IOException("cut off");
                })
                .build();
        client = new TokenClient(cutting, Core.PLENTY, Core.PLENTY, InstantSource.system());
        assertThat(refused("acme")).isInstanceOf(ExchangeException.OutcomeUnknown.class);
        assertThat(simulator.tenants().lists()).isEqualTo(1);
    }

    private ExchangeException refused(String organization) {
        return catchThrowableOfType(
                ExchangeException.class, () -> service(organization).exchange(""));
    }

    private VcfaOrganizationToken service(String organization) {
        return new VcfaOrganizationToken(client, endpoint(organization), provider);
    }

    private Endpoint endpoint(String organization) {
        return new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), organization);
    }
}
