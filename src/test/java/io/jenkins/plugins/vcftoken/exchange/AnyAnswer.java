package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;

/** Gives one answer to everything that reads answers, and holds what must be true whatever it says. */
final class AnyAnswer {

    static final String SECRET = "s3cret-of-mine";

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private interface Reader {
        Grant read() throws ExchangeException;
    }

    private final int status;
    private final byte[] body;
    private final String date;
    private final String retryAfter;
    private final String location;

    /** @param date and the other headers are left out when empty */
    AnyAnswer(int status, byte[] body, String date, String retryAfter, String location) {
        this.status = status;
        this.body = body;
        this.date = date;
        this.retryAfter = retryAfter;
        this.location = location;
    }

    void check() {
        for (Reader reader : readers()) {
            try {
                Grant grant = reader.read();
                Duration lifetime = grant.bearer().lifetime();
                assertThat(lifetime).isPositive().isLessThanOrEqualTo(ServerAnswer.MAX_LIFETIME);
                assertThat(grant.bearer().value()).matches("[!-~]+");
                assertThat(grant.toString().replaceAll("Grant|Bearer|until|session|with|refresh|token|an?\\b", ""))
                        .doesNotContainPattern("\\p{Alpha}{3}");
                String doubt = Organizations.doubt("acme", grant.bearer());
                assertThat(doubt == null ? "" : doubt).doesNotContain("\n").hasSizeLessThan(400);
            } catch (ExchangeException e) {
                assertFit(e);
                assertFit(e.harmless());
            }
        }
    }

    /** Nothing but the outcome model's exceptions leaves a reader; any other fails the test by itself. */
    private List<Reader> readers() {
        SddcManagerTokens sddc =
                new SddcManagerTokens(canned(), new Endpoint(SddcManagerTokens.SYSTEM, uri(), "", "user"));
        VcfaRefresh vcfa = new VcfaRefresh(canned(), new Endpoint(VcfaRefresh.SYSTEM, uri(), "acme"));
        CspApiTokens csp = new CspApiTokens(canned(), new Endpoint(CspApiTokens.SYSTEM, uri(), ""));
        CspClientCredentials app = new CspClientCredentials(
                canned(),
                new Endpoint(CspApiTokens.SYSTEM, uri(), "", "app"),
                new CspClientCredentials.App("app", "", 0));
        Bearer bearer = new Bearer(SECRET, NOW, NOW.plusSeconds(60));
        VcfaOrganizationToken organization =
                new VcfaOrganizationToken(canned(), new Endpoint(VcfaRefresh.SYSTEM, uri(), "acme"), bearer);
        VcfaDeviceEndpoint device =
                new VcfaDeviceEndpoint(canned(), new Endpoint(VcfaRefresh.SYSTEM, uri(), "acme"), SECRET);
        return List.of(
                () -> vcfa.exchange(SECRET),
                () -> sddc.exchange(SECRET),
                () -> sddc.renew(SECRET, SECRET),
                () -> csp.exchange(SECRET),
                () -> app.exchange(SECRET),
                () -> organization.exchange(""),
                () -> {
                    csp.secretExpiry(SECRET);
                    return any();
                },
                () -> {
                    Instant ends = vcfa.secretExpiry(bearer);
                    assertThat(ends == null || ends.isAfter(NOW)).isTrue();
                    return any();
                },
                () -> {
                    sddc.release(SECRET);
                    return any();
                },
                () -> {
                    DeviceCodes codes = device.codes();
                    assertThat(codes.interval()).isBetween(Duration.ofSeconds(1), Duration.ofMinutes(5));
                    assertThat(codes.expiresAt()).isAfter(NOW);
                    return any();
                });
    }

    private static Grant any() {
        return new Grant(new Bearer("b", NOW, NOW.plusSeconds(1)), null);
    }

    /** A client without a network. */
    private TokenClient canned() {
        OkHttpClient http = new OkHttpClient.Builder()
                .addInterceptor(chain -> response(chain.request()))
                .build();
        return new TokenClient(http, Core.PLENTY, Core.PLENTY, () -> NOW);
    }

    private Response response(Request request) {
        Response.Builder response = new Response.Builder()
                .request(request)
                .protocol(Protocol.HTTP_1_1)
                .code(status)
                .message("")
                .body(ResponseBody.create(body, MediaType.get("application/json")));
        header(response, "Date", date);
        header(response, "Retry-After", retryAfter);
        header(response, "Location", location);
        return response.build();
    }

    /** Only what can be in a header at all. */
    private static void header(Response.Builder response, String name, String value) {
        String clean = value.replaceAll("[^ -~]", "");
        if (!clean.isBlank()) {
            response.header(name, clean.trim());
        }
    }

    private static void assertFit(ExchangeException e) {
        assertThat(e.getMessage()).doesNotContain(SECRET).hasSizeLessThan(1_000);
        assertThat(e.detail().chars().noneMatch(Character::isISOControl)).isTrue();
        assertThat(e.getCause()).isNull();
        if (e instanceof ExchangeException.Throttled busy) {
            assertThat(busy.retryAfter()).isBetween(Duration.ZERO, Duration.ofHours(1));
        }
    }

    private static URI uri() {
        return URI.create("https://host.example.com");
    }
}
