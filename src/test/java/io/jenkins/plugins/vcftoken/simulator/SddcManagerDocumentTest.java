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
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds the simulated SDDC Manager, and the client that talks to it, against the vendor's OpenAPI document. */
class SddcManagerDocumentTest {

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
    void whatTheDocumentKnowsIsSentAndAnsweredAsItSays() throws Exception {
        simulator.sddcManager().setCreatedStatus(201);
        String session = service("user").requestToken("password").session();
        service("").requestToken("key");
        service("user").refreshSession("password", session);
        service("user").revokeSession(session);
        // The session is unknown now: a 404, and a login.
        service("user").refreshSession("password", session);
        List<Traffic> traffic = simulator.traffic();
        assertThat(traffic).hasSize(6);
        for (Traffic one : traffic) {
            assertThat(problems(one.call(), "requestBody", one.call().body())).isEmpty();
            assertThat(problems(
                            one.call(),
                            "responses/" + one.reply().status(),
                            one.reply().body()))
                    .isEmpty();
        }
    }

    /** Both are recorded from live systems; their bodies are those of the document. */
    @Test
    void whereLiveSystemsDifferOnlyTheStatusDoes() throws Exception {
        service("user").requestToken("password");
        catchThrowableOfType(TokenRequestException.class, () -> service("user").requestToken("wrong"));
        List<Traffic> traffic = simulator.traffic();
        assertThat(traffic).extracting(one -> one.reply().status()).containsExactly(200, 401);
        assertThat(problems(
                        traffic.get(0).call(),
                        "responses/201",
                        traffic.get(0).reply().body()))
                .isEmpty();
        assertThat(problems(
                        traffic.get(1).call(),
                        "responses/400",
                        traffic.get(1).reply().body()))
                .isEmpty();
    }

    @Test
    void theDocumentCanTellWrongFromRight() {
        Call call = new Call("PATCH", "/v1/tokens/access-token/refresh", null, null, "", false);
        assertThat(problems(call, "requestBody", "{\"refreshToken\":\"x\"}")).isNotEmpty();
        assertThat(problems(call, "responses/200", "{\"accessToken\":\"x\"}")).isNotEmpty();
        assertThat(problems(call, "responses/418", "")).isNotEmpty();
    }

    /** What the document has against a body. */
    private List<String> problems(Call call, String part, String body) {
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

    private SddcManagerTokenClient service(String user) {
        OneShotHttpClient client = TestTokenService.client(simulator, InstantSource.system());
        return new SddcManagerTokenClient(
                client, new Account(SddcManagerTokenClient.SYSTEM, simulator.url(), "", user));
    }
}
