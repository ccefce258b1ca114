package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;

/**
 * Generates the table of server responses in {@code docs/troubleshooting.md} from the code: for each error, examples of
 * recorded or specified responses, and the message of the plugin.
 */
class ErrorsDocumentTest {

    private static final Path DOCUMENT = Path.of("docs/troubleshooting.md");

    private static final String HEAD = """
            | What was seen | What you read | What to do |
            |---|---|---|
            """;

    private record Example(TokenErrorType errorType, String response) {}

    @Test
    void tableOfServerResponses_matchesCode() throws Exception {
        Map<TokenErrorType, List<String>> rows = new EnumMap<>(TokenErrorType.class);
        for (Example example : examples()) {
            rows.computeIfAbsent(example.errorType(), errorType -> new ArrayList<>())
                    .add(example.response());
        }
        assertThat(rows).as("errors with an example").containsOnlyKeys(TokenErrorType.values());
        StringBuilder document = new StringBuilder(HEAD);
        rows.forEach((errorType, responses) -> document.append("| ")
                .append(String.join("<br>", responses))
                .append(" | ")
                .append(errorType.explanation())
                .append(" | ")
                .append(errorType.nextStep())
                .append(" |\n"));
        Path generated =
                Files.writeString(Files.createDirectories(Path.of("target")).resolve("errors.md"), document);
        String inDocument = Files.readString(DOCUMENT);
        inDocument = inDocument.substring(inDocument.indexOf(HEAD));
        assertThat(inDocument.substring(0, inDocument.indexOf("\n\n") + 1))
                .as("if the code is right, copy " + generated + " to " + DOCUMENT)
                .isEqualTo(document.toString());
    }

    private static List<Example> examples() throws Exception {
        List<Example> examples = new ArrayList<>();
        examples.add(vcfa(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`, in either shape of the error"));
        examples.add(vcfa(401, "", "401"));
        examples.add(vcfa(403, "", "403"));
        examples.add(vcfa(400, "{\"error\":\"invalid_request\"}", "400 with any other error"));
        examples.add(vcfa(404, "", "404 or 405, with and without `/tm`"));
        examples.add(vcfa(307, "", "a redirect"));
        examples.add(vcfa(429, "", "429"));
        examples.add(vcfa(502, "", "408, 5xx, a connection that broke, or no answer in time"));
        examples.add(
                vcfa(200, "<html>", "200 without a usable access token: HTML, empty, cut off, expired, too large"));
        examples.add(organization(
                403, "", "400, 401 or 403 for the organization's access token, or no organization of that name"));
        examples.add(example(
                new VcfaTenantTokenExchangeClient(respondingWith(401, ""), account(VcfaTokenClient.SYSTEM, "")),
                "401 for the list of organizations, also to a new access token"));
        examples.add(new Example(
                errorType(new VcfaTokenClient(
                        respondingWith(200, "{}"),
                        new Account(VcfaTokenClient.SYSTEM, URI.create("https://host"), ".."))),
                VcfaTokenClient.SYSTEM
                        + ": an organization with slashes in its name, or with dots alone; nothing was sent"));
        examples.add(
                sddc(401, "{\"errorCode\":\"IDENTITY_UNAUTHORIZED_ENTITY\"}", "401, `IDENTITY_UNAUTHORIZED_ENTITY`"));
        examples.add(sddc(401, "{\"message\":\"User account is locked\"}", "“locked” in the message"));
        examples.add(sddc(403, "", "403"));
        examples.add(sddc(400, "{}", "400 with any other error"));
        examples.add(sddc(404, "<html>The requested URL /v1/tokens", "404 or 405: no SDDC Manager"));
        examples.add(sddc(500, "{\"errorCode\":\"IDENTITY_INTERNAL_SERVER_ERROR\"}", "5xx after three tries"));
        examples.add(sddc(200, "<html>", "200 without a usable access token"));
        examples.add(apiToken(
                400, "{\"message\":\"invalid_grant: Invalid refresh token: secret\"}", "400 or 401, `invalid_grant`"));
        examples.add(apiToken(403, "", "403"));
        examples.add(apiToken(404, "{\"message\":\"org\"}", "404 with an error in JSON"));
        examples.add(apiToken(404, "<html>", "404 or 405 otherwise"));
        examples.add(apiToken(409, "{}", "409"));
        examples.add(apiToken(502, "", "5xx after three tries"));
        examples.add(app(400, "{\"message\":\"Invalid authorization header\"}", "400 or 401"));
        examples.add(app(404, "{\"message\":\"org\"}", "404 with an error in JSON"));
        examples.add(app(200, "{}", "200 without a usable access token"));
        examples.add(sso(500, "", "500, also at the second try"));
        examples.add(sso(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`, or 401"));
        examples.add(sso(403, "", "403"));
        examples.add(sso(404, "", "404 or 405: no broker, or none with this tenant"));
        examples.add(sso(503, "", "408, or 5xx other than 500, after three tries"));
        examples.add(
                regeneration(
                        403,
                        "400, 401, 403 or 404 to the request for another API token, which is sent before the stored one expires"));
        examples.add(regeneration(
                502, "408, 5xx, no answer, or one without an API token, to the request for another API token"));
        examples.add(operations(
                401, "{\"message\":\"The provided username/password or token is not valid.\"}", "401 with an error"));
        examples.add(operations(401, "<html>", "401 with a page in HTML"));
        examples.add(operations(403, "", "403"));
        examples.add(operations(404, "", "404 or 405: no VCF Operations"));
        examples.add(operations(503, "", "5xx after three tries"));
        examples.add(operations(200, "{}", "200 without a usable access token"));
        examples.add(vcenter(401, "{\"error_type\":\"UNAUTHENTICATED\"}", "401 for the access token"));
        examples.add(vcenter(400, "{\"error\":\"invalid_grant\"}", "400 `invalid_grant`"));
        examples.add(providerSession(401, "401 for an access token of VCF SSO"));
        examples.add(fleetService(401, "401 for an access token, in place of one of a fleet service"));
        examples.add(fleetService(400, "400 for the key of a fleet service"));
        examples.add(vcenter(404, "", "404 or 405: no vCenter, or one that does not use VCF SSO"));
        examples.add(
                device(400, "{\"error\":\"invalid_client\"}", "400 `invalid_client`, or 401, when asked for a code"));
        examples.add(unreachable());
        examples.add(new Example(
                TokenErrorType.NOT_TRUSTED,
                "a certificate that has expired, is another host's, or of an unknown authority"));
        return examples;
    }

    private static Example unreachable() {
        TokenClient nowhere = new VcfaTokenClient(
                TestTokenService.client(new OkHttpClient(), InstantSource.system(), Duration.ofSeconds(1)),
                new Account(VcfaTokenClient.SYSTEM, URI.create("https://localhost:1"), "acme"));
        return new Example(
                errorType(nowhere),
                "connection refused, unknown host, time-out while connecting, a proxy that refuses");
    }

    private static Example vcfa(int status, String body, String response) {
        return example(
                new VcfaTokenClient(respondingWith(status, body), account(VcfaTokenClient.SYSTEM, "")), response);
    }

    private static Example organization(int status, String body, String response) {
        ScriptedHttp server = new ScriptedHttp()
                .enqueue(200, "{\"values\":[{\"clientId\":\"1\",\"clientName\":\"automation-relying-party\"}]}")
                .enqueue(200, "{\"values\":[{\"id\":\"urn:vcloud:org:1\",\"name\":\"acme\"}]}")
                .enqueue(status, body);
        return example(new VcfaTenantTokenExchangeClient(server.client, account(VcfaTokenClient.SYSTEM, "")), response);
    }

    private static Example device(int status, String body, String response) {
        VcfaTokenClient device =
                new VcfaTokenClient(respondingWith(status, body), account(VcfaTokenClient.SYSTEM, ""), "client");
        TokenErrorType errorType = catchThrowableOfType(TokenRequestException.class, device::requestCodes)
                .errorType();
        return new Example(errorType, VcfaTokenClient.SYSTEM + ": " + response);
    }

    private static Example sddc(int status, String body, String response) {
        return example(
                new SddcManagerTokenClient(
                        respondingWith(status, body), account(SddcManagerTokenClient.SYSTEM, "user")),
                response);
    }

    private static Example apiToken(int status, String body, String response) {
        Example example = example(
                new CspApiTokenClient(respondingWith(status, body), account(CspApiTokenClient.SYSTEM, "")), response);
        return new Example(example.errorType(), example.response().replaceFirst(":", " API token:"));
    }

    private static Example app(int status, String body, String response) {
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App("app", "", 0);
        Example example = example(
                new CspClientCredentialsClient(
                        respondingWith(status, body), account(CspApiTokenClient.SYSTEM, "app"), app),
                response);
        return new Example(example.errorType(), example.response().replaceFirst(":", " OAuth app:"));
    }

    private static Example sso(int status, String body, String response) {
        return example(
                new VcfSsoApiTokenClient(respondingWith(status, body), account(VcfSsoApiTokenClient.SYSTEM, "")),
                response);
    }

    private static Example regeneration(int status, String response) {
        VcfSsoApiTokenClient client =
                new VcfSsoApiTokenClient(respondingWith(status, ""), account(VcfSsoApiTokenClient.SYSTEM, ""));
        TokenErrorType errorType = catchThrowableOfType(
                        TokenRequestException.class, () -> client.regenerate("secret", null))
                .errorType();
        return new Example(errorType, VcfSsoApiTokenClient.SYSTEM + ": " + response);
    }

    private static Example operations(int status, String body, String response) {
        return example(
                new VcfOperationsTokenClient(
                        respondingWith(status, body),
                        account(VcfOperationsTokenClient.SYSTEM, "user"),
                        new VcfOperationsTokenClient.User("user", "")),
                response);
    }

    private static Example vcenter(int status, String body, String response) {
        return example(
                new VcenterSessionClient(respondingWith(status, body), account(VcenterSessionClient.SYSTEM, "")),
                response);
    }

    private static Example providerSession(int status, String response) {
        return example(
                new VcfaProviderSessionClient(respondingWith(status, ""), account(VcfaTokenClient.SYSTEM, "")),
                response);
    }

    private static Example fleetService(int status, String response) {
        return example(
                new FleetServiceTokenClient(
                        respondingWith(status, ""),
                        account(VcfOperationsTokenClient.SYSTEM, "service x"),
                        FleetServiceTokenClient.SSO_SCHEME,
                        "x"),
                response);
    }

    private static Example example(TokenClient client, String response) {
        return new Example(errorType(client), client.account().system() + ": " + response);
    }

    private static TokenErrorType errorType(TokenClient client) {
        TokenClient retrying = new RetryPolicy(InstantSource.system(), pause -> {}, () -> 0).decorate(client);
        return catchThrowableOfType(TokenRequestException.class, () -> retrying.requestToken("secret"))
                .errorType();
    }

    private static Account account(String system, String account) {
        return new Account(system, URI.create("https://host"), "acme", account);
    }

    /** Enough responses for all attempts of a request. */
    private static AtMostOnceHttpClient respondingWith(int status, String body) {
        ScriptedHttp server = new ScriptedHttp();
        for (int i = 0; i < 3; i++) {
            server.enqueue(status, body);
        }
        return server.client;
    }
}
