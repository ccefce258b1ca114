package io.jenkins.plugins.vcftoken.exchange;

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
class WordlessServiceTest {

    private static final Throwable CAUSE = new IOException("words of a server");

    static List<ExchangeException> failures() {
        return List.of(
                new ExchangeException.Refused(Problem.WRONG_SECRET, "HTTP 401, CODE: words of a server"),
                new ExchangeException.Throttled("HTTP 429: words of a server", Duration.ofSeconds(7)),
                new ExchangeException.OutcomeUnknown("HTTP 502: words of a server", CAUSE),
                new ExchangeException.Unintelligible("HTTP 200 words of a server", "rescued"),
                new ExchangeException.NotSent(Problem.UNREACHABLE, "HTTP 407 words of a server", CAUSE));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void onlyTheStatusIsRepeated(ExchangeException failure) {
        for (int i = 0; i < 4; i++) {
            int call = i;
            ExchangeException bare = catchThrowableOfType(
                    ExchangeException.class, () -> call(new WordlessService(failing(failure)), call));
            assertThat(bare).isExactlyInstanceOf(failure.getClass()).hasNoCause();
            assertThat(bare.problem()).isEqualTo(failure.problem());
            assertThat(bare.detail()).isEqualTo(failure.detail().substring(0, 8));
            assertThat(bare.getMessage()).isEqualTo(failure.problem().meaning() + " (" + bare.detail() + ")");
            if (bare instanceof ExchangeException.Throttled busy) {
                assertThat(busy.retryAfter()).isEqualTo(Duration.ofSeconds(7));
            }
            if (bare instanceof ExchangeException.Unintelligible strange) {
                assertThat(strange.refreshToken()).isEqualTo("rescued");
            }
        }
    }

    @Test
    void whatNoServerSaidIsRepeated() {
        ExchangeException.NotSent failure =
                new ExchangeException.NotSent(Problem.UNREACHABLE, "POST https://host: ConnectException", CAUSE);
        assertThat(catchThrowableOfType(
                        ExchangeException.class, () -> new WordlessService(failing(failure)).exchange("s")))
                .isSameAs(failure);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatCannotHaveBeenSpentAlarmsNobody(ExchangeException failure) {
        ExchangeException calm = failure.harmless();
        assertThat(calm).isExactlyInstanceOf(failure.getClass()).hasCause(failure.getCause());
        assertThat(calm.detail()).isEqualTo(failure.detail());
        assertThat(calm.problem()).isEqualTo(failure.problem().harmless());
        assertThat(calm.problem().meaning()).doesNotContain("rotated away");
        if (calm instanceof ExchangeException.Unintelligible strange) {
            assertThat(strange.refreshToken()).isEqualTo("rescued");
        }
    }

    @Test
    void allElseIsTheServices() throws Exception {
        TokenService service = failing(null);
        WordlessService wordless = new WordlessService(service);
        assertThat(wordless.endpoint()).isEqualTo(service.endpoint());
        assertThat(wordless.rotates()).isTrue();
        assertThat(wordless.needsSecret()).isTrue();
        assertThat(wordless.exchange("s")).isSameAs(GRANT);
        assertThat(wordless.renew("s", "session")).isSameAs(GRANT);
        assertThat(wordless.secretExpiry("s")).isEqualTo(Instant.EPOCH);
        assertThat(wordless.tellsBearersOnly()).isTrue();
        assertThat(wordless.secretExpiry(GRANT.bearer())).isEqualTo(Instant.MAX);
        assertThat(wordless.doubt(GRANT.bearer())).isEqualTo("odd");
    }

    private static final Grant GRANT = new Grant(new Bearer("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60)), null);

    private static Object call(TokenService service, int which) throws ExchangeException {
        return switch (which) {
            case 0 -> service.exchange("s");
            case 1 -> service.renew("s", "session");
            case 2 -> service.secretExpiry(GRANT.bearer());
            default -> service.secretExpiry("s");
        };
    }

    /** @param failure null for none */
    private static TokenService failing(ExchangeException failure) {
        return new TokenService() {
            @Override
            public Endpoint endpoint() {
                return new Endpoint("system", URI.create("https://host"), "");
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                if (failure != null) {
                    throw failure;
                }
                return GRANT;
            }

            @Override
            public Instant secretExpiry(String secret) throws ExchangeException {
                exchange(secret);
                return Instant.EPOCH;
            }

            @Override
            public boolean tellsBearersOnly() {
                return true;
            }

            @Override
            public Instant secretExpiry(Bearer bearer) throws ExchangeException {
                exchange("s");
                return Instant.MAX;
            }

            @Override
            public String doubt(Bearer bearer) {
                return "odd";
            }
        };
    }
}
