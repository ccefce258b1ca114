package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.CloudServices;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Capabilities of servers are remembered across restarts of the controller. */
class ServerCapabilitiesTest {

    private static final Instant END = Instant.parse("2099-03-01T12:00:00Z");
    private static final HttpUrl SERVER = HttpUrl.get("https://vcf.example.com");

    @TempDir
    private Path disk;

    private final MutableClock clock = new MutableClock();

    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start(clock, 0);

    private OneShotHttpClient client;

    @BeforeEach
    void start() throws Exception {
        restart();
    }

    private void restart() {
        client = new OneShotHttpClient(
                TestTokenService.trusting(simulator), TestTokenService.PLENTY, TestTokenService.PLENTY, clock, facts());
    }

    private ServerCapabilities facts() {
        return new ServerCapabilities(disk.resolve("servers"), clock, TestTokenService.HASH::hash);
    }

    @Test
    void whatWasFoundOut_isKnownAfterARestart() {
        ServerCapabilities before = facts();
        before.setBehindTm(SERVER, true);
        before.setApiBehindTm(SERVER, false);
        before.setApiVersion(SERVER, "40.0");
        before.setNoTokenList(SERVER);
        ServerCapabilities after = facts();
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
                "null",
                "{\"hosts\":7}",
                "{\"hosts\":{\"vcf.example.com:443\":null}}",
                "{\"refused\":[]}",
                "{\"hosts\":{\"vcf.example.com:443\":1}}",
                "{\"hosts\":{\"vcf.example.com:443\":{\"tokenListAbsentSince\":\"soon\",\"apiVersion\":9}}}"
            })
    void aDamagedFile_isNoReasonToKnowAnything(String content) throws Exception {
        Files.writeString(disk.resolve("servers"), content);
        ServerCapabilities facts = facts();
        assertThat(facts.isBehindTm(SERVER)).isFalse();
        assertThat(facts.apiVersion(SERVER)).isNull();
        assertThat(facts.hasNoTokenList(SERVER)).isFalse();
        facts.setBehindTm(SERVER, true);
        assertThat(facts().isBehindTm(SERVER)).isTrue();
    }

    @Test
    void whereThereIsNoDirectory_noneIsMade() {
        ServerCapabilities facts =
                new ServerCapabilities(disk.resolve("away").resolve("servers"), clock, TestTokenService.HASH::hash);
        facts.setBehindTm(SERVER, true);
        assertThat(facts.isBehindTm(SERVER)).isTrue();
        assertThat(disk.resolve("away")).doesNotExist();
    }

    @Test
    void theOldestGoes_whereThereAreTooMany() {
        ServerCapabilities facts = facts();
        for (int i = 0; i <= ServerCapabilities.MAX_ENTRIES; i++) {
            facts.setBehindTm(HttpUrl.get("https://vcf-" + i + ".example.com"), true);
        }
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-0.example.com"))).isFalse();
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-1.example.com"))).isTrue();
        assertThat(facts.isBehindTm(HttpUrl.get("https://vcf-" + ServerCapabilities.MAX_ENTRIES + ".example.com")))
                .isTrue();
    }

    @Test
    void aServerWithoutAListOfTokens_isAskedForItOnceAMonth() throws Exception {
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", END);
        AccessToken accessToken = refresh().requestToken(token).accessToken();
        simulator.apiTokens().setAnswer(404, "");
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> refresh().secretExpiry("", accessToken));
        assertThat(e.tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        int lists = simulator.apiTokens().lists();
        int missed = simulator.missed();
        for (int i = 0; i < 3; i++) {
            restart();
            assertThat(refresh().secretExpiry("", accessToken)).isNull();
        }
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists);
        assertThat(simulator.missed()).isEqualTo(missed);
        clock.advance(ServerCapabilities.ABSENCE_HOLDS);
        simulator.apiTokens().setAnswer(200, "{\"pageCount\":1,\"values\":[]}");
        assertThat(refresh().secretExpiry(token, refresh().requestToken(token).accessToken()))
                .isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists + 1);
    }

    @Test
    void whereAServersPathsAre_isNotTriedAgainAfterARestart() throws Exception {
        simulator.moveBehindTm();
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", END);
        assertThat(refresh().secretExpiry(token, refresh().requestToken(token).accessToken()))
                .isEqualTo(END);
        int missed = simulator.missed();
        int lists = simulator.apiTokens().lists();
        restart();
        assertThat(refresh().secretExpiry(token, refresh().requestToken(token).accessToken()))
                .isEqualTo(END);
        assertThat(simulator.missed()).isEqualTo(missed);
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists + 1);
    }

    @Test
    void anApiTokenThatWasRefused_isNotSentToBeLookedUp() throws Exception {
        CloudServices csp = simulator.cloudServices();
        csp.addApiToken("good-token", END);
        for (int i = 0; i < 3; i++) {
            TokenRequestException e = catchThrowableOfType(
                    TokenRequestException.class, () -> apiTokens().secretExpiry("revoked-token", null));
            assertThat(e.tokenError()).isEqualTo(TokenError.API_TOKEN_REFUSED);
            restart();
        }
        assertThat(csp.lookUps()).isEqualTo(1);
        catchThrowableOfType(TokenRequestException.class, () -> apiTokens().requestToken("another-one"));
        restart();
        catchThrowableOfType(TokenRequestException.class, () -> apiTokens().secretExpiry("another-one", null));
        assertThat(csp.lookUps()).isEqualTo(1);
        assertThat(apiTokens().secretExpiry("good-token", null)).isEqualTo(END);
        assertThat(Files.readString(disk.resolve("servers"))).doesNotContain("revoked-token", "another-one");
    }

    @Test
    void anApiTokenThatIsAcceptedLater_isLookedUpAgain() throws Exception {
        catchThrowableOfType(TokenRequestException.class, () -> apiTokens().secretExpiry("late-token", null));
        simulator.cloudServices().addApiToken("late-token", END);
        apiTokens().requestToken("late-token");
        restart();
        assertThat(apiTokens().secretExpiry("late-token", null)).isEqualTo(END);
    }

    private VcfaTokenClient refresh() {
        return new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, "acme"));
    }

    private CspApiTokenClient apiTokens() {
        return new CspApiTokenClient(client, account(CspApiTokenClient.SYSTEM, ""));
    }

    private Account account(String system, String organization) {
        URI url = simulator.url();
        return new Account(system, url, organization);
    }
}
