package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VcfaProviderSessionClientTest extends TokenClientTestBase {

    private static final String HEADER = "x-vmware-vcloud-access-token";

    private String parentToken;

    @BeforeEach
    void requestParentToken() throws Exception {
        parentToken = ssoToken();
    }

    @Test
    void requestToken_returnsAccessTokenOfHeader() throws Exception {
        TokenResponse response = client().requestToken(parentToken);
        assertThat(simulator.accessTokens()).contains(response.accessToken().value());
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("System");
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(simulator.providerSessions().openSessions()).isEqualTo(1);
    }

    @Test
    void revokeSession_deletesAllSessions() throws Exception {
        VcfaProviderSessionClient client = client();
        String sessions = client.requestToken(parentToken).session();
        sessions = client.refreshSession(parentToken, sessions).session();
        client.revokeSession(sessions);
        assertThat(simulator.providerSessions().sessionsEnded()).isEqualTo(2);
        assertThat(simulator.providerSessions().openSessions()).isZero();
        client.revokeSession(sessions);
    }

    @Test
    void requestToken_withExpiredParentToken_isRejected() {
        simulator.endSessions();
        TokenRequestException e =
                catchThrowableOfType(TokenRequestException.Rejected.class, () -> client().requestToken(parentToken));
        assertThat(e.errorType().isParentTokenRejected()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "200, , INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "200, 'a b', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "401, , PARENT_TOKEN_REJECTED",
        "403, , FORBIDDEN",
        "404, , TOKEN_ENDPOINT_NOT_FOUND",
        "406, , REJECTED",
        "429, , THROTTLED",
        "502, , OUTCOME_UNKNOWN"
    })
    void requestToken_withoutAccessTokenInResponse_fails(int status, String header, TokenErrorType expected) {
        if (header == null) {
            server.enqueue(status, "{}");
        } else {
            server.enqueue(status, "{}", HEADER, header);
        }
        assertThat(failure(() -> scripted().requestToken("p")).errorType()).isEqualTo(expected);
        assertThat(server.requests).containsExactly("POST /cloudapi/1.0.0/sessions/provider");
    }

    @Test
    void requestToken_withOpaqueToken_hasDefaultLifetime() throws Exception {
        server.enqueue(200, "", HEADER, "opaque");
        assertThat(scripted().requestToken("p").accessToken().lifetime()).isEqualTo(Duration.ofMinutes(30));
    }

    private VcfaProviderSessionClient client() {
        return new VcfaProviderSessionClient(http, account(VcfaTokenClient.SYSTEM, "System"));
    }

    private VcfaProviderSessionClient scripted() {
        return new VcfaProviderSessionClient(
                server.client, new Account(VcfaTokenClient.SYSTEM, URI.create("https://vcfa.example.com"), "System"));
    }
}
