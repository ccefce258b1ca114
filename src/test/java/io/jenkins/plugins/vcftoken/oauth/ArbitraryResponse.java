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

/** Passes a response to all clients, and asserts invariants of all results. */
final class ArbitraryResponse {

    static final String SECRET = "s3cret-of-mine";

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private interface Call {
        TokenResponse run() throws TokenRequestException;
    }

    private final int status;
    private final byte[] body;
    private final String date;
    private final String retryAfter;
    private final String location;

    /** @param date omitted if empty, like the other headers */
    ArbitraryResponse(int status, byte[] body, String date, String retryAfter, String location) {
        this.status = status;
        this.body = body;
        this.date = date;
        this.retryAfter = retryAfter;
        this.location = location;
    }

    void check() {
        for (Call call : calls()) {
            try {
                TokenResponse response = call.run();
                Duration lifetime = response.accessToken().lifetime();
                assertThat(lifetime).isPositive().isLessThanOrEqualTo(TokenResponseParser.MAX_LIFETIME);
                assertThat(response.accessToken().value()).matches("[!-~]+");
                assertThat(response.toString()
                                .replaceAll("TokenResponse|AccessToken|until|session|with|refresh|token|an?\\b", ""))
                        .doesNotContainPattern("\\p{Alpha}{3}");
                String warning = VcfaTokenClient.organizationWarning("acme", response.accessToken());
                assertThat(warning == null ? "" : warning).doesNotContain("\n").hasSizeLessThan(400);
            } catch (TokenRequestException e) {
                assertSafe(e);
                assertSafe(e.forNonRotatingSecret());
            }
        }
    }

    /** Any exception other than TokenRequestException fails the test. */
    private List<Call> calls() {
        SddcManagerTokenClient sddc =
                new SddcManagerTokenClient(client(), new Account(SddcManagerTokenClient.SYSTEM, uri(), "", "user"));
        VcfaTokenClient vcfa = new VcfaTokenClient(client(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        CspApiTokenClient csp = new CspApiTokenClient(client(), new Account(CspApiTokenClient.SYSTEM, uri(), ""));
        CspClientCredentialsClient app = new CspClientCredentialsClient(
                client(),
                new Account(CspApiTokenClient.SYSTEM, uri(), "", "app"),
                new CspClientCredentialsClient.App("app", "", 0));
        VcfSsoApiTokenClient sso =
                new VcfSsoApiTokenClient(client(), new Account(VcfSsoApiTokenClient.SYSTEM, uri(), "CUSTOMER"));
        VcfOperationsTokenClient operations = new VcfOperationsTokenClient(
                client(),
                new Account(VcfOperationsTokenClient.SYSTEM, uri(), "", "user"),
                new VcfOperationsTokenClient.User("user", ""));
        AccessToken accessToken = new AccessToken(SECRET, NOW, NOW.plusSeconds(60));
        VcfaTenantTokenExchangeClient tenant =
                new VcfaTenantTokenExchangeClient(client(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        VcfaTokenClient device =
                new VcfaTokenClient(client(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"), SECRET);
        VcenterSessionClient vcenter =
                new VcenterSessionClient(client(), new Account(VcenterSessionClient.SYSTEM, uri(), ""));
        VcfaProviderSessionClient provider =
                new VcfaProviderSessionClient(client(), new Account(VcfaTokenClient.SYSTEM, uri(), "System"));
        FleetServiceTokenClient service = new FleetServiceTokenClient(
                client(),
                new Account(VcfOperationsTokenClient.SYSTEM, uri(), "", "service x"),
                FleetServiceTokenClient.SSO_SCHEME,
                "x");
        SupervisorNamespaceClient namespaces =
                new SupervisorNamespaceClient(client(), new Account(VcfaTokenClient.SYSTEM, uri(), "acme"));
        return List.of(
                () -> vcfa.requestToken(SECRET),
                () -> sddc.requestToken(SECRET),
                () -> sddc.refreshSession(SECRET, SECRET),
                () -> csp.requestToken(SECRET),
                () -> app.requestToken(SECRET),
                () -> sso.requestToken(SECRET),
                () -> operations.requestToken(SECRET),
                () -> tenant.requestToken(SECRET),
                () -> vcenter.requestToken(SECRET),
                () -> provider.requestToken(SECRET),
                () -> service.requestToken(SECRET),
                () -> {
                    assertThat(namespaces.list(accessToken))
                            .allSatisfy(namespace ->
                                    assertThat(namespace.endpoint()).startsWith(uri() + "/"));
                    return anyResponse();
                },
                () -> {
                    vcenter.revokeSession(SECRET);
                    return anyResponse();
                },
                () -> {
                    RegeneratedSecret next = sso.regenerate(SECRET, accessToken);
                    assertThat(next.secret()).isNotBlank();
                    assertThat(next.toString()).doesNotContain(next.secret());
                    return anyResponse();
                },
                () -> {
                    csp.secretExpiry(SECRET, null);
                    return anyResponse();
                },
                () -> {
                    Instant expiry = vcfa.secretExpiry("", accessToken);
                    assertThat(expiry == null || expiry.isAfter(NOW)).isTrue();
                    return anyResponse();
                },
                () -> {
                    sddc.revokeSession(SECRET);
                    return anyResponse();
                },
                () -> {
                    operations.revokeSession(SECRET);
                    return anyResponse();
                },
                () -> {
                    DeviceAuthorizationResponse codes = device.requestCodes();
                    assertThat(codes.interval()).isBetween(Duration.ofSeconds(1), Duration.ofMinutes(5));
                    assertThat(codes.expiresAt()).isAfter(NOW);
                    return anyResponse();
                });
    }

    private static TokenResponse anyResponse() {
        return new TokenResponse(new AccessToken("b", NOW, NOW.plusSeconds(1)), null);
    }

    /** Client without network access. */
    private AtMostOnceHttpClient client() {
        OkHttpClient http = new OkHttpClient.Builder()
                .addInterceptor(chain -> response(chain.request()))
                .build();
        return TestTokenService.client(http, () -> NOW, TestTokenService.MAX_WAIT);
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

    /** Removes characters that are invalid in headers. */
    private static void header(Response.Builder response, String name, String value) {
        String clean = value.replaceAll("[^ -~]", "");
        if (!clean.isBlank()) {
            response.header(name, clean.trim());
        }
    }

    private static void assertSafe(TokenRequestException e) {
        assertThat(e.getMessage()).doesNotContain(SECRET).hasSizeLessThan(1_000);
        assertThat(e.detail().chars().noneMatch(Character::isISOControl)).isTrue();
        assertThat(e.getCause()).isNull();
        if (e instanceof TokenRequestException.Throttled throttled) {
            assertThat(throttled.retryAfter()).isBetween(Duration.ZERO, Duration.ofHours(1));
        }
    }

    private static URI uri() {
        return URI.create("https://host.example.com");
    }
}
