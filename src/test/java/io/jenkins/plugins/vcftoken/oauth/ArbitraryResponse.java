package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
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

/** Gives one response to all parsers, and asserts what holds for any response. */
final class ArbitraryResponse {

    static final String SECRET = "s3cret-of-mine";

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private interface Reader {
        TokenResponse read() throws TokenRequestException;
    }

    private final int status;
    private final byte[] body;
    private final String date;
    private final String retryAfter;
    private final String location;

    /** @param date and the other headers are left out when empty */
    ArbitraryResponse(int status, byte[] body, String date, String retryAfter, String location) {
        this.status = status;
        this.body = body;
        this.date = date;
        this.retryAfter = retryAfter;
        this.location = location;
    }

    void check() {
        for (Reader reader : readers()) {
            try {
                TokenResponse response = reader.read();
                Duration lifetime = response.accessToken().lifetime();
                assertThat(lifetime).isPositive().isLessThanOrEqualTo(TokenResponseParser.MAX_LIFETIME);
                assertThat(response.accessToken().value()).matches("[!-~]+");
                assertThat(response.toString()
                                .replaceAll("TokenResponse|AccessToken|until|session|with|refresh|token|an?\\b", ""))
                        .doesNotContainPattern("\\p{Alpha}{3}");
                String warning = VcfaTokenClient.organizationWarning("acme", response.accessToken());
                assertThat(warning == null ? "" : warning).doesNotContain("\n").hasSizeLessThan(400);
            } catch (TokenRequestException e) {
                assertFit(e);
                assertFit(e.forNonRotatingSecret());
            }
        }
    }

    /** Parsers throw only TokenRequestException; any other exception fails the test. */
    private List<Reader> readers() {
        SddcManagerTokenClient sddc =
                new SddcManagerTokenClient(canned(), new Account(SddcManagerTokenClient.SYSTEM, uri(), "", "user"));
        VcfaTokenClient vcfa = new VcfaTokenClient(canned(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        CspApiTokenClient csp = new CspApiTokenClient(canned(), new Account(CspApiTokenClient.SYSTEM, uri(), ""));
        CspClientCredentialsClient app = new CspClientCredentialsClient(
                canned(),
                new Account(CspApiTokenClient.SYSTEM, uri(), "", "app"),
                new CspClientCredentialsClient.App("app", "", 0));
        VcfSsoApiTokenClient sso =
                new VcfSsoApiTokenClient(canned(), new Account(VcfSsoApiTokenClient.SYSTEM, uri(), "CUSTOMER"));
        VcfOperationsTokenClient operations = new VcfOperationsTokenClient(
                canned(),
                new Account(VcfOperationsTokenClient.SYSTEM, uri(), "", "user"),
                new VcfOperationsTokenClient.User("user", ""));
        AccessToken accessToken = new AccessToken(SECRET, NOW, NOW.plusSeconds(60));
        VcfaTenantTokenClient organization =
                new VcfaTenantTokenClient(canned(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        VcfaTokenClient device =
                new VcfaTokenClient(canned(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"), SECRET);
        VcenterSessionClient vcenter =
                new VcenterSessionClient(canned(), new Account(VcenterSessionClient.SYSTEM, uri(), ""));
        VcfaProviderSessionClient provider =
                new VcfaProviderSessionClient(canned(), new Account(VcfaTokenClient.SYSTEM, uri(), "System"));
        FleetServiceTokenClient service = new FleetServiceTokenClient(
                canned(),
                new Account(VcfOperationsTokenClient.SYSTEM, uri(), "", "service x"),
                FleetServiceTokenClient.SSO_SCHEME,
                "x");
        SupervisorNamespaceClient namespaces =
                new SupervisorNamespaceClient(canned(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        return List.of(
                () -> vcfa.requestToken(SECRET),
                () -> sddc.requestToken(SECRET),
                () -> sddc.refreshSession(SECRET, SECRET),
                () -> csp.requestToken(SECRET),
                () -> app.requestToken(SECRET),
                () -> sso.requestToken(SECRET),
                () -> operations.requestToken(SECRET),
                () -> organization.requestToken(SECRET),
                () -> vcenter.requestToken(SECRET),
                () -> provider.requestToken(SECRET),
                () -> service.requestToken(SECRET),
                () -> {
                    assertThat(namespaces.list(accessToken))
                            .allSatisfy(namespace ->
                                    assertThat(namespace.endpoint()).startsWith(uri() + "/"));
                    return any();
                },
                () -> {
                    vcenter.revokeSession(SECRET);
                    return any();
                },
                () -> {
                    RegeneratedSecret next = sso.regenerate(SECRET, accessToken);
                    assertThat(next.secret()).isNotBlank();
                    assertThat(next.toString()).doesNotContain(next.secret());
                    return any();
                },
                () -> {
                    csp.secretExpiry(SECRET, null);
                    return any();
                },
                () -> {
                    Instant ends = vcfa.secretExpiry("", accessToken);
                    assertThat(ends == null || ends.isAfter(NOW)).isTrue();
                    return any();
                },
                () -> {
                    sddc.revokeSession(SECRET);
                    return any();
                },
                () -> {
                    operations.revokeSession(SECRET);
                    return any();
                },
                () -> {
                    DeviceAuthorizationResponse codes = device.requestCodes();
                    assertThat(codes.interval()).isBetween(Duration.ofSeconds(1), Duration.ofMinutes(5));
                    assertThat(codes.expiresAt()).isAfter(NOW);
                    return any();
                });
    }

    private static TokenResponse any() {
        return new TokenResponse(new AccessToken("b", NOW, NOW.plusSeconds(1)), null);
    }

    /** A client without a network. */
    private OneShotHttpClient canned() {
        OkHttpClient http = new OkHttpClient.Builder()
                .addInterceptor(chain -> response(chain.request()))
                .build();
        return TestTokenService.client(http, () -> NOW, TestTokenService.PLENTY);
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

    /** Only characters that a header may have. */
    private static void header(Response.Builder response, String name, String value) {
        String clean = value.replaceAll("[^ -~]", "");
        if (!clean.isBlank()) {
            response.header(name, clean.trim());
        }
    }

    private static void assertFit(TokenRequestException e) {
        assertThat(e.getMessage()).doesNotContain(SECRET).hasSizeLessThan(1_000);
        assertThat(e.detail().chars().noneMatch(Character::isISOControl)).isTrue();
        assertThat(e.getCause()).isNull();
        if (e instanceof TokenRequestException.Throttled busy) {
            assertThat(busy.retryAfter()).isBetween(Duration.ZERO, Duration.ofHours(1));
        }
    }

    private static URI uri() {
        return URI.create("https://host.example.com");
    }
}
