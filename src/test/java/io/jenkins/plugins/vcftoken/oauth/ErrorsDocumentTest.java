package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.junit.jupiter.api.Test;

/**
 * Generates the table of server responses in {@code docs/troubleshooting.md} from the code: each row has responses that were
 * recorded or are specified, and the message of the plugin for exactly these.
 */
class ErrorsDocumentTest {

    private static final Path DOCUMENT = Path.of("docs/troubleshooting.md");

    private static final String HEAD = """
            | What was seen | What you read | What to do |
            |---|---|---|
            """;

    private record Seen(TokenError tokenError, String what) {}

    @Test
    void theDocumentSaysWhatTheCodeSays() throws Exception {
        Map<TokenError, List<String>> rows = new EnumMap<>(TokenError.class);
        for (Seen seen : all()) {
            rows.computeIfAbsent(seen.tokenError(), tokenError -> new ArrayList<>())
                    .add(seen.what());
        }
        assertThat(rows).as("errors with an example").containsOnlyKeys(TokenError.values());
        StringBuilder document = new StringBuilder(HEAD);
        rows.forEach((tokenError, seen) -> document.append("| ")
                .append(String.join("<br>", seen))
                .append(" | ")
                .append(tokenError.explanation())
                .append(" | ")
                .append(tokenError.nextStep())
                .append(" |\n"));
        Path made = Files.writeString(Files.createDirectories(Path.of("target")).resolve("errors.md"), document);
        String inDocument = Files.readString(DOCUMENT);
        inDocument = inDocument.substring(inDocument.indexOf(HEAD));
        assertThat(inDocument.substring(0, inDocument.indexOf("\n\n") + 1))
                .as("if the code is right, copy " + made + " to " + DOCUMENT)
                .isEqualTo(document.toString());
    }

    private static List<Seen> all() throws Exception {
        List<Seen> all = new ArrayList<>();
        all.add(vcfa(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`, in either shape of the error"));
        all.add(vcfa(401, "", "401"));
        all.add(vcfa(403, "", "403"));
        all.add(vcfa(400, "{\"error\":\"invalid_request\"}", "400 with any other error"));
        all.add(vcfa(404, "", "404 or 405, with and without `/tm`"));
        all.add(vcfa(307, "", "a redirect"));
        all.add(vcfa(429, "", "429"));
        all.add(vcfa(502, "", "408, 5xx, a connection that broke, or no answer in time"));
        all.add(vcfa(200, "<html>", "200 without a usable access token: HTML, empty, cut off, expired, too large"));
        all.add(organization(
                403, "", "400, 401 or 403 for the organization's access token, or no organization of that name"));
        all.add(seen(
                new VcfaTenantTokenClient(answering(401, ""), account(VcfaTokenClient.SYSTEM, "")),
                "401 for the list of organizations, also to a new access token"));
        all.add(new Seen(
                tokenError(new VcfaTokenClient(
                        answering(200, "{}"), new Account(VcfaTokenClient.SYSTEM, URI.create("https://host"), ".."))),
                VcfaTokenClient.SYSTEM
                        + ": an organization with slashes in its name, or with dots alone; nothing was sent"));
        all.add(sddc(401, "{\"errorCode\":\"IDENTITY_UNAUTHORIZED_ENTITY\"}", "401, `IDENTITY_UNAUTHORIZED_ENTITY`"));
        all.add(sddc(401, "{\"message\":\"User account is locked\"}", "“locked” in the message"));
        all.add(sddc(403, "", "403"));
        all.add(sddc(400, "{}", "400 with any other error"));
        all.add(sddc(404, "<html>The requested URL /v1/tokens", "404 or 405: no SDDC Manager"));
        all.add(sddc(500, "{\"errorCode\":\"IDENTITY_INTERNAL_SERVER_ERROR\"}", "5xx after three tries"));
        all.add(sddc(200, "<html>", "200 without a usable access token"));
        all.add(apiToken(
                400, "{\"message\":\"invalid_grant: Invalid refresh token: secret\"}", "400 or 401, `invalid_grant`"));
        all.add(apiToken(403, "", "403"));
        all.add(apiToken(404, "{\"message\":\"org\"}", "404 with an error in JSON"));
        all.add(apiToken(404, "<html>", "404 or 405 otherwise"));
        all.add(apiToken(409, "{}", "409"));
        all.add(apiToken(502, "", "5xx after three tries"));
        all.add(app(400, "{\"message\":\"Invalid authorization header\"}", "400 or 401"));
        all.add(app(404, "{\"message\":\"org\"}", "404 with an error in JSON"));
        all.add(app(200, "{}", "200 without a usable access token"));
        all.add(sso(500, "", "500, also at the second try"));
        all.add(sso(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`, or 401"));
        all.add(sso(403, "", "403"));
        all.add(sso(404, "", "404 or 405: no broker, or none with this tenant"));
        all.add(sso(503, "", "408, or 5xx other than 500, after three tries"));
        all.add(
                regeneration(
                        403,
                        "400, 401, 403 or 404 to the request for another API token, which is sent before the stored one expires"));
        all.add(regeneration(
                502, "408, 5xx, no answer, or one without an API token, to the request for another API token"));
        all.add(operations(
                401, "{\"message\":\"The provided username/password or token is not valid.\"}", "401 with an error"));
        all.add(operations(401, "<html>", "401 with a page in HTML"));
        all.add(operations(403, "", "403"));
        all.add(operations(404, "", "404 or 405: no VCF Operations"));
        all.add(operations(503, "", "5xx after three tries"));
        all.add(operations(200, "{}", "200 without a usable access token"));
        all.add(vcenter(401, "{\"error_type\":\"UNAUTHENTICATED\"}", "401 for the access token"));
        all.add(vcenter(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`"));
        all.add(providerSession(401, "401 for an access token of VCF SSO"));
        all.add(fleetService(401, "401 for an access token, in place of one of a fleet service"));
        all.add(fleetService(400, "400 for the key of a fleet service"));
        all.add(vcenter(404, "", "404 or 405: no vCenter, or one that does not use VCF SSO"));
        all.add(device(400, "{\"error\":\"invalid_client\"}", "400 `invalid_client`, or 401, when asked for a code"));
        all.add(unreachable());
        all.add(new Seen(
                TokenError.NOT_TRUSTED,
                "a certificate that has expired, is another host's, or of an unknown authority"));
        return all;
    }

    private static Seen unreachable() {
        TokenEndpointClient nowhere = new VcfaTokenClient(
                TestTokenService.client(new OkHttpClient(), InstantSource.system(), Duration.ofSeconds(1)),
                new Account(VcfaTokenClient.SYSTEM, URI.create("https://localhost:1"), "acme"));
        return new Seen(
                tokenError(nowhere),
                "connection refused, unknown host, time-out while connecting, a proxy that refuses");
    }

    private static Seen vcfa(int status, String body, String what) {
        return seen(new VcfaTokenClient(answering(status, body), account(VcfaTokenClient.SYSTEM, "")), what);
    }

    private static Seen organization(int status, String body, String what) throws Exception {
        OkHttpClient http = new OkHttpClient.Builder()
                .addInterceptor(chain -> {
                    String path = chain.request().url().encodedPath();
                    String list = path.endsWith("/orgs")
                            ? "{\"values\":[{\"id\":\"urn:vcloud:org:1\",\"name\":\"acme\"}]}"
                            : "{\"values\":[{\"clientId\":\"1\",\"clientName\":\"automation-relying-party\"}]}";
                    return path.startsWith("/oidc") ? answer(chain, status, body) : answer(chain, 200, list);
                })
                .build();
        return seen(new VcfaTenantTokenClient(client(http), account(VcfaTokenClient.SYSTEM, "")), what);
    }

    private static Seen device(int status, String body, String what) {
        VcfaTokenClient device =
                new VcfaTokenClient(answering(status, body), account(VcfaTokenClient.SYSTEM, ""), "client");
        TokenError tokenError = catchThrowableOfType(TokenRequestException.class, device::requestCodes)
                .tokenError();
        return new Seen(tokenError, VcfaTokenClient.SYSTEM + ": " + what);
    }

    private static Seen sddc(int status, String body, String what) {
        return seen(
                new SddcManagerTokenClient(answering(status, body), account(SddcManagerTokenClient.SYSTEM, "user")),
                what);
    }

    private static Seen apiToken(int status, String body, String what) {
        Seen seen = seen(new CspApiTokenClient(answering(status, body), account(CspApiTokenClient.SYSTEM, "")), what);
        return new Seen(seen.tokenError(), seen.what().replaceFirst(":", " API token:"));
    }

    private static Seen app(int status, String body, String what) {
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App("app", "", 0);
        Seen seen = seen(
                new CspClientCredentialsClient(answering(status, body), account(CspApiTokenClient.SYSTEM, "app"), app),
                what);
        return new Seen(seen.tokenError(), seen.what().replaceFirst(":", " OAuth app:"));
    }

    private static Seen sso(int status, String body, String what) {
        return seen(new VcfSsoApiTokenClient(answering(status, body), account(VcfSsoApiTokenClient.SYSTEM, "")), what);
    }

    private static Seen regeneration(int status, String what) {
        VcfSsoApiTokenClient client =
                new VcfSsoApiTokenClient(answering(status, ""), account(VcfSsoApiTokenClient.SYSTEM, ""));
        TokenError tokenError = catchThrowableOfType(
                        TokenRequestException.class, () -> client.regenerate("secret", null))
                .tokenError();
        return new Seen(tokenError, VcfSsoApiTokenClient.SYSTEM + ": " + what);
    }

    private static Seen operations(int status, String body, String what) {
        return seen(
                new VcfOperationsTokenClient(
                        answering(status, body),
                        account(VcfOperationsTokenClient.SYSTEM, "user"),
                        new VcfOperationsTokenClient.User("user", "")),
                what);
    }

    private static Seen vcenter(int status, String body, String what) {
        return seen(new VcenterSessionClient(answering(status, body), account(VcenterSessionClient.SYSTEM, "")), what);
    }

    private static Seen providerSession(int status, String what) {
        return seen(new VcfaProviderSessionClient(answering(status, ""), account(VcfaTokenClient.SYSTEM, "")), what);
    }

    private static Seen fleetService(int status, String what) {
        return seen(
                new FleetServiceTokenClient(
                        answering(status, ""),
                        account(VcfOperationsTokenClient.SYSTEM, "service x"),
                        FleetServiceTokenClient.SSO_SCHEME,
                        "x"),
                what);
    }

    private static Seen seen(TokenEndpointClient service, String what) {
        return new Seen(tokenError(service), service.account().system() + ": " + what);
    }

    private static TokenError tokenError(TokenEndpointClient service) {
        TokenEndpointClient patient = new RetryPolicy(InstantSource.system(), pause -> {}, () -> 0).decorate(service);
        return catchThrowableOfType(TokenRequestException.class, () -> patient.requestToken("secret"))
                .tokenError();
    }

    private static Account account(String system, String account) {
        return new Account(system, URI.create("https://host"), "acme", account);
    }

    private static OneShotHttpClient answering(int status, String body) {
        return client(new OkHttpClient.Builder()
                .addInterceptor(chain -> answer(chain, status, body))
                .build());
    }

    private static OneShotHttpClient client(OkHttpClient http) {
        return TestTokenService.client(http, InstantSource.system(), Duration.ofSeconds(1));
    }

    private static Response answer(okhttp3.Interceptor.Chain chain, int status, String body) throws IOException {
        return new Response.Builder()
                .request(chain.request())
                .protocol(Protocol.HTTP_1_1)
                .code(status)
                .message("")
                .body(ResponseBody.create(body, MediaType.get("application/json")))
                .build();
    }
}
