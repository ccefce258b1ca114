package io.jenkins.plugins.vcftoken.kubernetes;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Mock API server of the client library with stateful objects, their versions, and injected failures. */
public final class KubernetesSecretServer extends KubernetesCrudDispatcher implements AutoCloseable {

    static final String NAMESPACE = "ci";

    private final KubernetesMockServer server =
            new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), this, false);
    private final KubernetesClient client;
    private final Map<String, MockResponse> failures = new ConcurrentHashMap<>();
    private int requests;

    public KubernetesSecretServer() {
        server.init();
        ConfigBuilder config = new ConfigBuilder().withMasterUrl(url()).withNamespace(NAMESPACE);
        client = new KubernetesClientBuilder()
                .withConfig(KubernetesVersionedSecret.withTimeouts(config))
                .build();
    }

    String url() {
        return server.url("/");
    }

    /** Number of requests for Secrets, including failed ones. */
    public synchronized int requests() {
        return requests;
    }

    /** @param retryAfter in seconds; 0 for none */
    void fail(String method, int code, int retryAfter) {
        StatusBuilder status = new StatusBuilder().withCode(code).withMessage("refused by the test");
        if (retryAfter > 0) {
            status.withNewDetails().withRetryAfterSeconds(retryAfter).endDetails();
        }
        failures.put(method, new MockResponse().setResponseCode(code).setBody(Serialization.asJson(status.build())));
    }

    void recover() {
        failures.clear();
    }

    public void create(String name, String type, Map<String, String> data) {
        Map<String, String> encoded = new HashMap<>();
        data.forEach((key, value) -> encoded.put(key, KubernetesVersionedSecret.encode(value)));
        Secret secret = new SecretBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(NAMESPACE)
                .addToLabels("jenkins.io/credentials-type", type)
                .endMetadata()
                .withData(encoded)
                .build();
        client.secrets().inNamespace(NAMESPACE).resource(secret).create();
    }

    public VersionedSecret secret(String name) {
        return new KubernetesVersionedSecret(
                () -> client, KubernetesSecrets.withoutVersion(NAMESPACE, name), KubernetesSecrets.TOKEN_KEY);
    }

    Resource<Secret> resource(String name) {
        return client.secrets().inNamespace(NAMESPACE).withName(name);
    }

    Secret get(String name) {
        return resource(name).get();
    }

    String text(String name, String key) throws Exception {
        return KubernetesVersionedSecret.decode(get(name).getData().get(key));
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        if (request.getPath().contains("/secrets")) {
            synchronized (this) {
                requests++;
            }
            MockResponse failure = failures.get(request.getMethod());
            if (failure != null) {
                return failure;
            }
        }
        return super.dispatch(request);
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
