package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is left of a failure for those who may have made up the server that failed, and for those who need not worry. */
class ServerTextFilterTest {

    private static final Throwable CAUSE = new IOException("words of a server");

    static List<TokenRequestException> failures() {
        return List.of(
                new TokenRequestException.Rejected(TokenError.WRONG_SECRET, "HTTP 401, CODE: words of a server"),
                new TokenRequestException.Throttled("HTTP 429: words of a server", Duration.ofSeconds(7)),
                new TokenRequestException.OutcomeUnknown("HTTP 502: words of a server", CAUSE),
                new TokenRequestException.InvalidResponse("HTTP 200 words of a server", "rescued"),
                new TokenRequestException.NotSent(TokenError.UNREACHABLE, "HTTP 407 words of a server", CAUSE));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void onlyTheStatusIsRepeated(TokenRequestException failure) {
        for (int i = 0; i < 4; i++) {
            int call = i;
            TokenRequestException bare = catchThrowableOfType(
                    TokenRequestException.class, () -> call(new ServerTextFilter(failing(failure)), call));
            assertThat(bare).isExactlyInstanceOf(failure.getClass()).hasNoCause();
            assertThat(bare.tokenError()).isEqualTo(failure.tokenError());
            assertThat(bare.detail()).isEqualTo(failure.detail().substring(0, 8));
            assertThat(bare.getMessage()).isEqualTo(failure.tokenError().classify() + " (" + bare.detail() + ")");
            if (bare instanceof TokenRequestException.Throttled busy) {
                assertThat(busy.retryAfter()).isEqualTo(Duration.ofSeconds(7));
            }
            if (bare instanceof TokenRequestException.InvalidResponse strange) {
                assertThat(strange.refreshToken()).isEqualTo("rescued");
            }
        }
    }

    @Test
    void whatNoServerSaidIsRepeated() {
        TokenRequestException.NotSent failure =
                new TokenRequestException.NotSent(TokenError.UNREACHABLE, "POST https://host: ConnectException", CAUSE);
        assertThat(catchThrowableOfType(
                        TokenRequestException.class, () -> new ServerTextFilter(failing(failure)).requestToken("s")))
                .isSameAs(failure);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatCannotHaveBeenSpentAlarmsNobody(TokenRequestException failure) {
        TokenRequestException calm = failure.forNonRotatingSecret();
        assertThat(calm).isExactlyInstanceOf(failure.getClass()).hasCause(failure.getCause());
        assertThat(calm.detail()).isEqualTo(failure.detail());
        assertThat(calm.tokenError()).isEqualTo(failure.tokenError().forNonRotatingSecret());
        assertThat(calm.tokenError().classify()).doesNotContain("rotated away");
        if (calm instanceof TokenRequestException.InvalidResponse strange) {
            assertThat(strange.refreshToken()).isEqualTo("rescued");
        }
    }

    @Test
    void allElseIsTheServices() throws Exception {
        TokenEndpointClient service = failing(null);
        ServerTextFilter withoutServerText = new ServerTextFilter(service);
        assertThat(withoutServerText.account()).isEqualTo(service.account());
        assertThat(withoutServerText.rotates()).isTrue();
        assertThat(withoutServerText.needsSecret()).isTrue();
        assertThat(withoutServerText.requestToken("s")).isSameAs(GRANT);
        assertThat(withoutServerText.refreshSession("s", "session")).isSameAs(GRANT);
        assertThat(withoutServerText.secretExpiry("s")).isEqualTo(Instant.EPOCH);
        assertThat(withoutServerText.tellsAccessTokensOnly()).isTrue();
        assertThat(withoutServerText.secretExpiry(GRANT.accessToken())).isEqualTo(Instant.MAX);
        assertThat(withoutServerText.warning(GRANT.accessToken())).isEqualTo("odd");
    }

    private static final TokenResponse GRANT =
            new TokenResponse(new AccessToken("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60)), null);

    private static Object call(TokenEndpointClient service, int which) throws TokenRequestException {
        return switch (which) {
            case 0 -> service.requestToken("s");
            case 1 -> service.refreshSession("s", "session");
            case 2 -> service.secretExpiry(GRANT.accessToken());
            default -> service.secretExpiry("s");
        };
    }

    /** @param failure null for none */
    private static TokenEndpointClient failing(TokenRequestException failure) {
        return new TokenEndpointClient() {
            @Override
            public Account account() {
                return new Account("system", URI.create("https://host"), "");
            }

            @Override
            public TokenResponse requestToken(String secret) throws TokenRequestException {
                if (failure != null) {
                    throw failure;
                }
                return GRANT;
            }

            @Override
            public Instant secretExpiry(String secret) throws TokenRequestException {
                requestToken(secret);
                return Instant.EPOCH;
            }

            @Override
            public boolean tellsAccessTokensOnly() {
                return true;
            }

            @Override
            public Instant secretExpiry(AccessToken accessToken) throws TokenRequestException {
                requestToken("s");
                return Instant.MAX;
            }

            @Override
            public String warning(AccessToken accessToken) {
                return "odd";
            }
        };
    }
}
