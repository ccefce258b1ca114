package io.jenkins.plugins.vcftoken.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rejected requests and watches of the simulated Kubernetes API. Valid use is covered by tests with the real tools. */
class KubernetesApiTest {

    private static final String CONFIG_MAPS = "/api/v1/namespaces/dev/configmaps";
    private static final String SETTINGS =
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"settings\"},\"data\":{\"a\":\"b\"}}";

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private OkHttpClient http;
    private URI dev;
    private String accessToken;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        http = TestTokenService.trusting(simulator)
                .newBuilder()
                .readTimeout(30, TimeUnit.SECONDS)
                .build();
        dev = simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        accessToken = simulator.issue("ci", "acme", false);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private record Answer(int status, String body) {}

    private Answer send(String method, String url, String type, String body) throws Exception {
        RequestBody payload = body == null ? null : RequestBody.create(body.getBytes("UTF-8"), MediaType.get(type));
        Request request = new Request.Builder()
                .url(url)
                .header("Authorization", "Bearer " + accessToken)
                .method(method, payload)
                .build();
        try (Response response = http.newCall(request).execute()) {
            return new Answer(response.code(), response.body().string());
        }
    }

    private Answer get(String path) throws Exception {
        return send("GET", dev + path, "", null);
    }

    private Answer create(String resource, String object) throws Exception {
        return send("POST", dev + "/api/v1/namespaces/dev/" + resource, "application/json", object);
    }

    @ParameterizedTest
    @ValueSource(strings = {"System", "other", ""})
    void accessTokenOfAnotherOrganization_is401(String organization) throws Exception {
        simulator.addOrganization("other");
        accessToken = simulator.issue("ci", organization, false);
        assertThat(get(CONFIG_MAPS).status()).isEqualTo(401);
        assertThat(simulator.unauthorized()).isEqualTo(1);
    }

    @Test
    void expiredAccessToken_is401() throws Exception {
        assertThat(get(CONFIG_MAPS).status()).isEqualTo(200);
        clock.advance(Duration.ofHours(1));
        Answer refused = get(CONFIG_MAPS);
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.body()).contains("\"kind\":\"Status\"").contains("\"reason\":\"Unauthorized\"");
        assertThat(simulator.served()).isEqualTo(1);
        assertThat(simulator.unauthorized()).isEqualTo(1);
    }

    @Test
    void unknownAccessToken_is401() throws Exception {
        accessToken = "x";
        assertThat(get("/api").status()).isEqualTo(401);
        assertThat(send("GET", simulator.url() + "/cci/kubernetes/apis", "", null)
                        .status())
                .isEqualTo(401);
    }

    /** Requests are authenticated only when they start: the watch continues three lifetimes after its start. */
    @Test
    void watch_afterExpiryOfAccessToken_continuesUntilTimeout() throws Exception {
        CompletableFuture<Answer> watch = CompletableFuture.supplyAsync(() -> {
            try {
                return get(CONFIG_MAPS + "?watch=true&timeoutSeconds=3");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (simulator.kubernetes().watches() == 0) {
            Thread.sleep(10);
        }
        clock.advance(Duration.ofHours(3));
        String expired = accessToken;
        accessToken = simulator.issue("ci", "acme", false);
        create("configmaps", SETTINGS);
        create("secrets", SETTINGS.replace("ConfigMap", "Secret").replace("\"b\"", "\"Yg==\""));
        Answer events = watch.get(30, TimeUnit.SECONDS);
        assertThat(events.status()).isEqualTo(200);
        assertThat(events.body().lines()).hasSize(1).allMatch(line -> line.startsWith("{\"type\":\"ADDED\""));
        accessToken = expired;
        assertThat(get(CONFIG_MAPS + "?watch=true&timeoutSeconds=1").status()).isEqualTo(401);
    }

    @Test
    void watch_withSendInitialEvents_is422() throws Exception {
        assertThat(get(CONFIG_MAPS + "?watch=true&sendInitialEvents=true").status())
                .isEqualTo(422);
    }

    @Test
    void objects_ofOtherNamespaces_areForbidden() throws Exception {
        assertThat(get("/api/v1/configmaps").status()).isEqualTo(403);
        assertThat(get("/api/v1/namespaces/prod/configmaps").status()).isEqualTo(403);
        assertThat(get("/api/v1/namespaces/dev/pods").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "configmaps | 400 | {\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}",
                "configmaps | 400 | {\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"}}",
                "configmaps | 422 | {\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"A_b\"}}",
                "configmaps | 422 | {\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}",
                "configmaps | 400 | {\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"a\":1}}",
                "secrets | 400 | {\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},\"data\":{\"a\":\"~\"}}",
                "configmaps | 400 | []"
            })
    void create_invalidObject_isRefused(String resource, int status, String object) throws Exception {
        assertThat(create(resource, object).status()).isEqualTo(status);
        assertThat(simulator.kubernetes().names("dev", resource)).isEmpty();
    }

    @Test
    void create_unknownEncodings_areRefused() throws Exception {
        assertThat(send("POST", dev + CONFIG_MAPS, "application/cbor", SETTINGS).status())
                .isEqualTo(415);
        assertThat(send("POST", dev + CONFIG_MAPS, KubernetesProtobuf.TYPE, "k8s\0\u0012\u007f")
                        .status())
                .isEqualTo(400);
        assertThat(send("POST", dev + CONFIG_MAPS, KubernetesProtobuf.TYPE, SETTINGS)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void write_staleOrExistingObject_isAConflict() throws Exception {
        String stored = create("configmaps", SETTINGS).body();
        assertThat(create("configmaps", SETTINGS).status()).isEqualTo(409);
        String url = dev + CONFIG_MAPS + "/settings";
        assertThat(send("PUT", url, "application/json", stored).status()).isEqualTo(200);
        assertThat(send("PUT", url, "application/json", stored).status()).isEqualTo(409);
        assertThat(send("PATCH", url, "application/apply-patch+yaml", SETTINGS).status())
                .isEqualTo(422);
        assertThat(send("DELETE", url, "", null).status()).isEqualTo(200);
        assertThat(send("DELETE", url, "", null).status()).isEqualTo(404);
    }

    @Test
    void list_unsupportedSelectorsAndPositions_areRefused() throws Exception {
        assertThat(get(CONFIG_MAPS + "?fieldSelector=data.a%3Db").status()).isEqualTo(400);
        assertThat(get(CONFIG_MAPS + "?labelSelector=a%20in%20(b)").status()).isEqualTo(400);
        assertThat(get(CONFIG_MAPS + "?continue=x").status()).isEqualTo(400);
        assertThat(get(CONFIG_MAPS + "?limit=many").status()).isEqualTo(400);
    }
}
