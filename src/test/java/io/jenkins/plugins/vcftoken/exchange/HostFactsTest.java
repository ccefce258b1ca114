package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.simulator.CloudServices;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of servers, across restarts of the controller. */
class HostFactsTest {

    private static final Instant END = Instant.parse("2099-03-01T12:00:00Z");
    private static final HttpUrl SERVER = HttpUrl.get("https://vcf.example.com");

    @TempDir
    private Path disk;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private TokenClient client;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        restart();
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    private void restart() {
        client = new TokenClient(Core.trusting(simulator), Core.PLENTY, Core.PLENTY, clock, facts());
    }

    private HostFacts facts() {
        return new HostFacts(disk.resolve("servers"), clock, Core.HASH::hash);
    }

    @Test
    void whatWasFoundOut_isKnownAfterARestart() {
        HostFacts before = facts();
        before.setBehindTm(SERVER, true);
        before.setApiBehindTm(SERVER, false);
        before.setApiVersion(SERVER, "40.0");
        before.setNoTokenList(SERVER);
        HostFacts after = facts();
        assertThat(after.isBehindTm(SERVER)).isTrue();
        assertThat(after.isApiBehindTm(SERVER)).isFalse();
        assertThat(after.apiVersion(SERVER)).isEqualTo("40.0");
        assertThat(after.hasNoTokenList(SERVER)).isTrue();
        HttpUrl other = HttpUrl.get("https://vcf.example.com:8443");
        assertThat(after.isBehindTm(other)).isFalse();
        assertThat(after.apiVersion(other)).isNull();
        assertThat(after.hasNoTokenList(other)).isFalse();
        after.setBehindTm(SERVER, false);
        assertThat(facts().isBehindTm(SERVER)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"hosts\":7}",
                "{\"refused\":[]}",
                "{\"hosts\":{\"vcf.example.com:443\":1}}",
                "{\"hosts\":{\"vcf.example.com:443\":{\"tokenListAbsentSince\":\"soon\",\"apiVersion\":9}}}"
            })
    void aDamagedFile_isNoReasonToKnowAnything(String content) throws Exception {
        Files.writeString(disk.resolve("servers"), content);
        HostFacts facts = facts();
        assertThat(facts.isBehindTm(SERVER)).isFalse();
        assertThat(facts.apiVersion(SERVER)).isNull();
        assertThat(facts.hasNoTokenList(SERVER)).isFalse();
        facts.setBehindTm(SERVER, true);
        assertThat(facts().isBehindTm(SERVER)).isTrue();
    }

    @Test
    void whereThereIsNoDirectory_noneIsMade() {
        HostFacts facts = new HostFacts(disk.resolve("away").resolve("servers"), clock, Core.HASH::hash);
        facts.setBehindTm(SERVER, true);
        assertThat(facts.isBehindTm(SERVER)).isTrue();
        assertThat(disk.resolve("away")).doesNotExist();
    }

    @Test
    void theOldestGoes_whereThereAreTooMany() {
        HostFacts facts = facts();
        for (int i = 0; i <= HostFacts.MAX_ENTRIES; i++) {
            facts.setBehindTm(HttpUrl.get("https://vcf-" + i + ".example.com"), true);
        }
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-0.example.com"))).isFalse();
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-1.example.com"))).isTrue();
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-" + HostFacts.MAX_ENTRIES + ".example.com")))
                .isTrue();
    }

    @Test
    void aServerWithoutAListOfTokens_isAskedForItOnceAMonth() throws Exception {
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", END);
        Bearer bearer = refresh().exchange(token).bearer();
        simulator.apiTokens().setAnswer(404, "");
        ExchangeException e =
                catchThrowableOfType(ExchangeException.class, () -> refresh().secretExpiry(bearer));
        assertThat(e.problem()).isEqualTo(Problem.NO_SUCH_SERVICE);
        int lists = simulator.apiTokens().lists();
        int missed = simulator.missed();
        for (int i = 0; i < 3; i++) {
            restart();
            assertThat(refresh().secretExpiry(bearer)).isNull();
        }
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists);
        assertThat(simulator.missed()).isEqualTo(missed);
        clock.advance(HostFacts.ABSENCE_HOLDS);
        simulator.apiTokens().setAnswer(200, "{\"pageCount\":1,\"values\":[]}");
        assertThat(refresh().secretExpiry(refresh().exchange(token).bearer())).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists + 1);
    }

    @Test
    void whereAServersPathsAre_isNotTriedAgainAfterARestart() throws Exception {
        simulator.moveBehindTm();
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", END);
        assertThat(refresh().secretExpiry(refresh().exchange(token).bearer())).isEqualTo(END);
        int missed = simulator.missed();
        int lists = simulator.apiTokens().lists();
        restart();
        assertThat(refresh().secretExpiry(refresh().exchange(token).bearer())).isEqualTo(END);
        assertThat(simulator.missed()).isEqualTo(missed);
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists + 1);
    }

    @Test
    void anApiTokenThatWasRefused_isNotSentToBeLookedUp() throws Exception {
        CloudServices csp = simulator.cloudServices();
        csp.addApiToken("good-token", END);
        for (int i = 0; i < 3; i++) {
            ExchangeException e = catchThrowableOfType(
                    ExchangeException.class, () -> apiTokens().secretExpiry("revoked-token"));
            assertThat(e.problem()).isEqualTo(Problem.API_TOKEN_REFUSED);
            restart();
        }
        assertThat(csp.lookUps()).isEqualTo(1);
        catchThrowableOfType(ExchangeException.class, () -> apiTokens().exchange("another-one"));
        restart();
        catchThrowableOfType(ExchangeException.class, () -> apiTokens().secretExpiry("another-one"));
        assertThat(csp.lookUps()).isEqualTo(1);
        assertThat(apiTokens().secretExpiry("good-token")).isEqualTo(END);
        assertThat(Files.readString(disk.resolve("servers"))).doesNotContain("revoked-token", "another-one");
    }

    @Test
    void anApiTokenThatIsAcceptedLater_isLookedUpAgain() throws Exception {
        catchThrowableOfType(ExchangeException.class, () -> apiTokens().secretExpiry("late-token"));
        simulator.cloudServices().addApiToken("late-token", END);
        apiTokens().exchange("late-token");
        restart();
        assertThat(apiTokens().secretExpiry("late-token")).isEqualTo(END);
    }

    private VcfaRefresh refresh() {
        return new VcfaRefresh(client, endpoint(VcfaRefresh.SYSTEM, "acme"));
    }

    private CspApiTokens apiTokens() {
        return new CspApiTokens(client, endpoint(CspApiTokens.SYSTEM, ""));
    }

    private Endpoint endpoint(String system, String organization) {
        URI url = simulator.url();
        return new Endpoint(system, url, organization);
    }
}
