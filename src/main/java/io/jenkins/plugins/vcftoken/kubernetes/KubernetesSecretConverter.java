package io.jenkins.plugins.vcftoken.kubernetes;

import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.CredentialsConvertionException;
import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.SecretToCredentialConverter;
import com.cloudbees.jenkins.plugins.kubernetes_credentials_provider.SecretUtils;
import com.google.common.collect.MapMaker;
import hudson.Extension;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import io.jenkins.plugins.vcftoken.store.VersionedSecretProvider;
import java.util.Map;
import jenkins.util.SetContextClassLoader;

/**
 * Converts a Kubernetes Secret into a credential of the type in its label {@code jenkins.io/credentials-type}, and
 * finds the Secret of such a credential. Thread-safe; conversion runs on the thread that watches Secrets.
 */
@Extension(optional = true)
public final class KubernetesSecretConverter extends SecretToCredentialConverter implements VersionedSecretProvider {

    /** Keys are weak and compared by identity: each change of a Secret creates a new credential. */
    private final Map<VcfCredentials, VersionedSecret> secrets =
            new MapMaker().weakKeys().makeMap();

    private KubernetesClient client;

    @Override
    public boolean canConvert(String type) {
        return KubernetesCredentialFactory.findType(type) != null;
    }

    @Override
    public AbstractVcfCredentials convert(io.fabric8.kubernetes.api.model.Secret secret)
            throws CredentialsConvertionException {
        KubernetesCredentialFactory fields = new KubernetesCredentialFactory(secret);
        AbstractVcfCredentials credential = fields.toCredential();
        String rotating = credential.rotatingField();
        if (rotating != null) {
            secrets.put(
                    credential,
                    new KubernetesVersionedSecret(this::client, secret, SecretUtils.getKeyName(secret, rotating)));
        }
        return credential;
    }

    @Override
    public VersionedSecret find(VcfCredentials credential) {
        return secrets.get(credential);
    }

    /** Configured like that of the credentials provider: from the service account of the pod, or the environment. */
    private synchronized KubernetesClient client() {
        if (client == null) {
            Config config = KubernetesVersionedSecret.withTimeouts(new ConfigBuilder());
            try (SetContextClassLoader ofClient = new SetContextClassLoader(KubernetesClient.class)) {
                client = new KubernetesClientBuilder().withConfig(config).build();
            }
        }
        return client;
    }
}
