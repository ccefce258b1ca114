package io.jenkins.plugins.vcftoken.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.oas.OpenApi30;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Validates the simulated SDDC Manager and the client against the vendor's OpenAPI document. */
class SddcManagerOpenApiTest {

    private static final String DOCUMENT = "sddc-manager-tokens.openapi.json";
    private static final String PACKAGE = "io/jenkins/plugins/vcftoken/simulator/";

    private final JsonSchemaFactory schemas = JsonSchemaFactory.getInstance(
            SpecVersion.VersionFlag.V4,
            builder -> builder.metaSchema(OpenApi30.getInstance())
                    .defaultMetaSchemaIri(OpenApi30.getInstance().getIri()));

    private Simulator simulator;
    private JsonNode document;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        simulator.sddcManager().addUser("user", "password");
        simulator.sddcManager().addApiKey("key");
        try (InputStream in = getClass().getResourceAsStream(DOCUMENT)) {
            document = new ObjectMapper().readTree(in);
        }
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void requestsAndResponses_matchOpenApiDocument() throws Exception {
        simulator.sddcManager().setCreatedStatus(201);
        String session = client("user").requestToken("password").session();
        client("").requestToken("key");
        client("user").refreshSession("password", session);
        client("user").revokeSession(session);
        // The session no longer exists: 404, followed by a login.
        client("user").refreshSession("password", session);
        List<RecordedExchange> recorded = simulator.recorded();
        assertThat(recorded).hasSize(6);
        for (RecordedExchange exchange : recorded) {
            assertThat(validate(exchange.call(), "requestBody", exchange.call().body()))
                    .isEmpty();
            assertThat(validate(
                            exchange.call(),
                            "responses/" + exchange.reply().status(),
                            exchange.reply().body()))
                    .isEmpty();
        }
    }

    /** Both statuses were recorded on live systems; the bodies match the document. */
    @Test
    void responsesOfLiveSystems_differOnlyInStatus() throws Exception {
        client("user").requestToken("password");
        catchThrowableOfType(TokenRequestException.class, () -> client("user").requestToken("wrong"));
        List<RecordedExchange> recorded = simulator.recorded();
        assertThat(recorded).extracting(exchange -> exchange.reply().status()).containsExactly(200, 401);
        assertThat(validate(
                        recorded.get(0).call(),
                        "responses/201",
                        recorded.get(0).reply().body()))
                .isEmpty();
        assertThat(validate(
                        recorded.get(1).call(),
                        "responses/400",
                        recorded.get(1).reply().body()))
                .isEmpty();
    }

    @Test
    void validation_ofInvalidBodies_reportsProblems() {
        Call call = new Call("PATCH", "/v1/tokens/access-token/refresh", null, null, "", false);
        assertThat(validate(call, "requestBody", "{\"refreshToken\":\"x\"}")).isNotEmpty();
        assertThat(validate(call, "responses/200", "{\"accessToken\":\"x\"}")).isNotEmpty();
        assertThat(validate(call, "responses/418", "")).isNotEmpty();
    }

    /** Validation errors of a body. */
    private List<String> validate(Call call, String part, String body) {
        String operation =
                "/paths/" + call.path().replace("/", "~1") + '/' + call.method().toLowerCase(Locale.ROOT) + '/' + part;
        if (document.at(operation).isMissingNode()) {
            return List.of("no " + operation + " in the document");
        }
        String pointer = operation + "/content/application~1json/schema";
        if (document.at(pointer).isMissingNode()) {
            return body.isEmpty() ? List.of() : List.of("a body where the document has none");
        }
        JsonSchema schema = schemas.getSchema(SchemaLocation.of("classpath:" + PACKAGE + DOCUMENT + '#' + pointer));
        return schema.validate(body, InputFormat.JSON).stream()
                .map(Object::toString)
                .toList();
    }

    private SddcManagerTokenClient client(String user) {
        AtMostOnceHttpClient client = TestTokenService.client(simulator, InstantSource.system());
        return new SddcManagerTokenClient(
                client, new Account(SddcManagerTokenClient.SYSTEM, simulator.url(), "", user));
    }
}
