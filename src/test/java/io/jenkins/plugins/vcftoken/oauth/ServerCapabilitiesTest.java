package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.CloudServices;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
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

class ServerCapabilitiesTest {

    private static final Instant EXPIRY = Instant.parse("2099-03-01T12:00:00Z");
    private static final HttpUrl SERVER = HttpUrl.get("https://vcf.example.com");

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();

    @AutoClose("closeAndCheckViolations")
    private final Simulator simulator = Simulator.start(clock, 0);

    private AtMostOnceHttpClient client;

    @BeforeEach
    void restart() {
        client = new AtMostOnceHttpClient(
                TestTokenService.trusting(simulator),
                TestTokenService.MAX_WAIT,
                TestTokenService.MAX_WAIT,
                clock,
                capabilities());
    }

    private ServerCapabilities capabilities() {
        return new ServerCapabilities(directory.resolve("servers"), clock, TestTokenService.HASH::hash);
    }

    @Test
    void capabilities_areRestoredAfterRestart() {
        ServerCapabilities before = capabilities();
        before.setBehindTm(SERVER, true);
        before.setApiBehindTm(SERVER, false);
        before.setApiVersion(SERVER, "40.0");
        before.setNoTokenList(SERVER);
        ServerCapabilities after = capabilities();
        assertThat(after.isBehindTm(SERVER)).isTrue();
        assertThat(after.isApiBehindTm(SERVER)).isFalse();
        assertThat(after.apiVersion(SERVER)).isEqualTo("40.0");
        assertThat(after.hasNoTokenList(SERVER)).isTrue();
        HttpUrl other = HttpUrl.get("https://vcf.example.com:8443");
        assertThat(after.isBehindTm(other)).isFalse();
        assertThat(after.apiVersion(other)).isNull();
        assertThat(after.hasNoTokenList(other)).isFalse();
        after.setBehindTm(SERVER, false);
        assertThat(capabilities().isBehindTm(SERVER)).isFalse();
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
    void damagedFile_isIgnored(String content) throws Exception {
        Files.writeString(directory.resolve("servers"), content);
        ServerCapabilities capabilities = capabilities();
        assertThat(capabilities.isBehindTm(SERVER)).isFalse();
        assertThat(capabilities.apiVersion(SERVER)).isNull();
        assertThat(capabilities.hasNoTokenList(SERVER)).isFalse();
        capabilities.setBehindTm(SERVER, true);
        assertThat(capabilities().isBehindTm(SERVER)).isTrue();
    }

    @Test
    void missingDirectory_isNotCreated() {
        ServerCapabilities capabilities = new ServerCapabilities(
                directory.resolve("missing").resolve("servers"), clock, TestTokenService.HASH::hash);
        capabilities.setBehindTm(SERVER, true);
        assertThat(capabilities.isBehindTm(SERVER)).isTrue();
        assertThat(directory.resolve("missing")).doesNotExist();
    }

    @Test
    void oldestServer_isRemovedAtTheLimit() {
        ServerCapabilities capabilities = capabilities();
        for (int i = 0; i <= ServerCapabilities.MAX_ENTRIES; i++) {
            capabilities.setBehindTm(HttpUrl.get("https://vcf-" + i + ".example.com"), true);
        }
        assertThat(capabilities.isBehindTm(HttpUrl.get("https://vcf-0.example.com")))
                .isFalse();
        assertThat(capabilities.isBehindTm(HttpUrl.get("https://vcf-1.example.com")))
                .isTrue();
        assertThat(capabilities.isBehindTm(
                        HttpUrl.get("https://vcf-" + ServerCapabilities.MAX_ENTRIES + ".example.com")))
                .isTrue();
    }

    @Test
    void missingTokenList_isRequestedOnceAMonth() throws Exception {
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", EXPIRY);
        AccessToken accessToken = vcfaClient().requestToken(token).accessToken();
        simulator.apiTokens().setAnswer(404, "");
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> vcfaClient().secretExpiry("", accessToken));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        int lists = simulator.apiTokens().listRequests();
        int notFound = simulator.notFound();
        for (int i = 0; i < 3; i++) {
            restart();
            assertThat(vcfaClient().secretExpiry("", accessToken)).isNull();
        }
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(lists);
        assertThat(simulator.notFound()).isEqualTo(notFound);
        clock.advance(ServerCapabilities.ABSENCE_RECHECK_INTERVAL);
        simulator.apiTokens().setAnswer(200, "{\"pageCount\":1,\"values\":[]}");
        assertThat(vcfaClient()
                        .secretExpiry(token, vcfaClient().requestToken(token).accessToken()))
                .isNull();
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(lists + 1);
    }

    @Test
    void paths_areNotProbedAgainAfterRestart() throws Exception {
        simulator.useTmPathPrefix();
        String token = simulator.apiTokens().addUser("ann", "acme", "mine", EXPIRY);
        assertThat(vcfaClient()
                        .secretExpiry(token, vcfaClient().requestToken(token).accessToken()))
                .isEqualTo(EXPIRY);
        int notFound = simulator.notFound();
        int lists = simulator.apiTokens().listRequests();
        restart();
        assertThat(vcfaClient()
                        .secretExpiry(token, vcfaClient().requestToken(token).accessToken()))
                .isEqualTo(EXPIRY);
        assertThat(simulator.notFound()).isEqualTo(notFound);
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(lists + 1);
    }

    @Test
    void secretExpiry_ofRejectedApiToken_isNotRequestedAgain() throws Exception {
        CloudServices csp = simulator.cloudServices();
        csp.addApiToken("good-token", EXPIRY);
        for (int i = 0; i < 3; i++) {
            TokenRequestException e = catchThrowableOfType(
                    TokenRequestException.class, () -> cspClient().secretExpiry("revoked-token", null));
            assertThat(e.errorType()).isEqualTo(TokenErrorType.API_TOKEN_REJECTED);
            restart();
        }
        assertThat(csp.detailRequests()).isEqualTo(1);
        catchThrowableOfType(TokenRequestException.class, () -> cspClient().requestToken("another-one"));
        restart();
        catchThrowableOfType(TokenRequestException.class, () -> cspClient().secretExpiry("another-one", null));
        assertThat(csp.detailRequests()).isEqualTo(1);
        assertThat(cspClient().secretExpiry("good-token", null)).isEqualTo(EXPIRY);
        assertThat(Files.readString(directory.resolve("servers"))).doesNotContain("revoked-token", "another-one");
    }

    @Test
    void secretExpiry_ofApiTokenAcceptedLater_isRequestedAgain() throws Exception {
        catchThrowableOfType(TokenRequestException.class, () -> cspClient().secretExpiry("late-token", null));
        simulator.cloudServices().addApiToken("late-token", EXPIRY);
        cspClient().requestToken("late-token");
        restart();
        assertThat(cspClient().secretExpiry("late-token", null)).isEqualTo(EXPIRY);
    }

    private VcfaTokenClient vcfaClient() {
        return new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, "acme"));
    }

    private CspApiTokenClient cspClient() {
        return new CspApiTokenClient(client, account(CspApiTokenClient.SYSTEM, ""));
    }

    private Account account(String system, String organization) {
        return new Account(system, simulator.url(), organization);
    }
}
