package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.net.URI;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialHandleTest {

    private static final Account ACCOUNT = new Account("system", URI.create("https://vcfa.example.com"), "acme");

    @ParameterizedTest
    @CsvSource({"other, other", "before, before", "'', before", "'  ', before", ", before"})
    void asStored_usesTheStoredTokenUnlessItIsBlank(String stored, String expected) throws Exception {
        CredentialHandle handle = handle(stored);
        CredentialHandle now = handle.asStored();
        assertThat(now.token()).isEqualTo(expected);
        assertThat(now.location()).isEqualTo(handle.location());
        assertThat(now.description()).isEqualTo(handle.description());
    }

    @ParameterizedTest
    @ValueSource(strings = {"before", "other"})
    void asStored_usesTheStoredSettings(String token) throws Exception {
        TokenClient now = TestClient.unused(ACCOUNT);
        CredentialHandle handle = handle(token, now);
        assertThat(handle.client()).isNotSameAs(now);
        assertThat(handle.asStored().client()).isSameAs(now);
        assertThat(handle.asStored().token()).isEqualTo(token);
        assertThat(handle(token, null).asStored().client()).isNotSameAs(now);
    }

    @Test
    void location_afterAMove_leavesTheHandleEqual() {
        String[] context = {"folder:old"};
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean force) {}

            @Override
            public CredentialLocation location() {
                return new CredentialLocation(context[0], "sa");
            }
        };
        CredentialHandle handle = new CredentialHandle(
                "sa", new CredentialLocation("folder:old", "sa"), "token", TestClient.unused(ACCOUNT), writer);
        Set<CredentialHandle> known = new HashSet<>(Set.of(handle));
        context[0] = "folder:new";
        assertThat(handle.location().context()).isEqualTo("folder:new");
        assertThat(known).contains(handle);
    }

    @Test
    void toString_containsNoSecret() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        AccessToken accessToken = new AccessToken("the-access-token", now, now.plusSeconds(60));
        RefreshTokenHistory tokens = RefreshTokenHistory.of("the-initial", TestTokenService.HASH)
                .rotatedTo("the-current", TestTokenService.HASH);
        TokenFamily record = TokenFamily.created(ACCOUNT, "the-initial", TestTokenService.HASH, now)
                .granted(new TokenResponse(accessToken, "the-current", "the-session"), TestTokenService.HASH, now);
        TokenResult result = new TokenResult(record.id(), ACCOUNT, accessToken, null, null, true);
        assertThat(tokens).hasToString("RefreshTokenHistory[generation 1]");
        assertThat(record.toString()).contains(record.id(), "acme", "READY", "generation 1");
        assertThat(handle("the-stored")).hasToString(handle("").description());
        assertThat(accessToken).hasToString("AccessToken[until 2026-01-01T00:01:00Z]");
        assertThat(new TokenResponse(accessToken, null)).hasToString("TokenResponse[" + accessToken + "]");
        assertThat(new TokenResponse(accessToken, "the-current", "the-session"))
                .hasToString("TokenResponse[" + accessToken + ", with a refresh token, with a session]");
        assertThat("" + record + result + new TokenResponse(accessToken, "the-current", "the-session"))
                .doesNotContain("the-");
    }

    private static CredentialHandle handle(String stored) {
        return handle(stored, null);
    }

    private static CredentialHandle handle(String stored, TokenClient service) {
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean force) {}

            @Override
            public String stored(Account account) {
                return stored;
            }
        };
        TokenClient client = TestClient.unused(ACCOUNT);
        return new CredentialHandle(
                "sa",
                new CredentialLocation("system", "sa"),
                "before",
                client,
                writer,
                () -> service == null ? client : service);
    }
}
