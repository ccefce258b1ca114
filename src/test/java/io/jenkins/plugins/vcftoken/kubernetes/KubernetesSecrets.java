package io.jenkins.plugins.vcftoken.kubernetes;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.nio.file.Path;

/** Production access to Secrets with the key "refreshToken", without Jenkins. */
public final class KubernetesSecrets {

    public static final String TOKEN_KEY = "refreshToken";
    public static final String STATE_KEY = KubernetesVersionedSecret.STATE_KEY;

    private final KubernetesClient client;

    /** @param kubeconfig with the API server, its CA, an access token and the namespace of the Secrets */
    public KubernetesSecrets(Path kubeconfig) {
        Config config = Config.fromKubeconfig(kubeconfig.toFile());
        client = new KubernetesClientBuilder()
                .withConfig(KubernetesVersionedSecret.withTimeouts(new ConfigBuilder(config)))
                .build();
    }

    public VersionedSecret secret(String name) {
        return new KubernetesVersionedSecret(() -> client, withoutVersion(client.getNamespace(), name), TOKEN_KEY);
    }

    /** A Secret whose version is unknown, so that the first access reads it. */
    static Secret withoutVersion(String namespace, String name) {
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion("")
                .endMetadata()
                .build();
    }
}
