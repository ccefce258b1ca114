package io.jenkins.plugins.vcftoken.kubernetes;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One key of a Kubernetes Secret, with {@code metadata.resourceVersion} as its version: the API server rejects an
 * update with another version (<a
 * href="https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions">resource versions</a>).
 * Requires the verbs get and update for this Secret.
 */
final class KubernetesVersionedSecret implements VersionedSecret {

    /** In the data of the Secret. Frozen. */
    static final String STATE_KEY = "vcf-token.state";

    /** With the value "false", the state contains no access tokens. */
    static final String ACCESS_TOKEN_ANNOTATION = "vcf-token.jenkins.io/publish-access-token";

    private static final int MAX_ATTEMPTS = 3;
    private static final int MAX_PAUSE_SECONDS = 1;
    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;
    private static final int REQUEST_TIMEOUT_MILLIS = 3_000;

    private final Supplier<KubernetesClient> client;
    private final String namespace;
    private final String name;
    private final String key;

    /** The complete object, since an update also sends the other keys. */
    private volatile Secret lastSeen;

    /**
     * @param watched the last seen version
     * @param key of the credential's secret in the data
     */
    KubernetesVersionedSecret(Supplier<KubernetesClient> client, Secret watched, String key) {
        this.client = client;
        this.namespace = watched.getMetadata().getNamespace();
        this.name = watched.getMetadata().getName();
        this.key = key;
        this.lastSeen = watched;
    }

    /**
     * Limits a call of this class to about ten seconds. Disables the retries of the client, since this class retries.
     */
    static Config withTimeouts(ConfigBuilder config) {
        return config.withConnectionTimeout(CONNECT_TIMEOUT_MILLIS)
                .withRequestTimeout(REQUEST_TIMEOUT_MILLIS)
                .withRequestRetryBackoffLimit(0)
                .build();
    }

    @Override
    public String description() {
        return "the Kubernetes Secret ‘" + namespace + '/' + name + "’";
    }

    @Override
    public Content read() throws IOException {
        try {
            return content(get());
        } catch (KubernetesClientException e) {
            throw new IOException(cause(e), e);
        }
    }

    @Override
    public Content lastKnown() {
        try {
            return content(lastSeen);
        } catch (IOException e) {
            // The caller reads from the API server instead.
            return null;
        }
    }

    @Override
    public Optional<Content> replace(Content expected, String secret, String state) throws IOException {
        try {
            Secret current = lastSeen;
            if (!version(current).equals(expected.version())) {
                current = get();
            }
            if (!version(current).equals(expected.version())) {
                return Optional.empty();
            }
            Secret next = new SecretBuilder(current)
                    .addToData(key, encode(secret))
                    .addToData(STATE_KEY, encode(state))
                    .build();
            Secret written = retry(() -> resource(next).update());
            lastSeen = written;
            return Optional.of(content(written));
        } catch (KubernetesClientException e) {
            return conflictOrThrow(e);
        }
    }

    @Override
    public void checkWritable() throws IOException {
        try {
            Secret current = get();
            retry(() -> resource(current).dryRun().update());
        } catch (KubernetesClientException e) {
            conflictOrThrow(e);
        }
    }

    @Override
    public boolean acceptsAccessTokens() {
        Map<String, String> annotations = lastSeen.getMetadata().getAnnotations();
        return annotations == null || !"false".equals(annotations.get(ACCESS_TOKEN_ANNOTATION));
    }

    private Resource<Secret> resource(Secret item) {
        return client.get().secrets().inNamespace(namespace).resource(item);
    }

    private Secret get() throws IOException {
        Secret read = retry(() ->
                client.get().secrets().inNamespace(namespace).withName(name).get());
        if (read == null) {
            throw new IOException("it does not exist");
        }
        lastSeen = read;
        return read;
    }

    /** Retries while the API server is busy. Repeating an update is safe, because it contains the resource version. */
    private static <T> T retry(Supplier<T> call) throws IOException {
        for (int i = 1; ; i++) {
            try {
                return call.get();
            } catch (KubernetesClientException e) {
                boolean isBusy = e.getCode() == 429 || e.getCode() >= 500;
                int pause = Math.max(1, retryAfter(e));
                if (!isBusy || i == MAX_ATTEMPTS || pause > MAX_PAUSE_SECONDS) {
                    throw e;
                }
                sleep(pause);
            }
        }
    }

    private static int retryAfter(KubernetesClientException e) {
        Status status = e.getStatus();
        StatusDetails details = status == null ? null : status.getDetails();
        Integer seconds = details == null ? null : details.getRetryAfterSeconds();
        return seconds == null ? 0 : seconds;
    }

    private static void sleep(int seconds) throws IOException {
        try {
            TimeUnit.SECONDS.sleep(seconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Optional<Content> conflictOrThrow(KubernetesClientException e) throws IOException {
        if (e.getCode() == 409) {
            return Optional.empty();
        }
        throw e.getCode() == 403 ? new ReadOnlyException(cause(e), e) : new IOException(cause(e), e);
    }

    private static String cause(KubernetesClientException e) {
        Status status = e.getStatus();
        if (e.getCode() <= 0) {
            return "the API server cannot be reached";
        }
        // The message of a 403 names the account and the missing verb; other messages may quote the object.
        boolean isMessageShown = e.getCode() == 403 && status != null && status.getMessage() != null;
        return "HTTP " + e.getCode() + " of the API server" + (isMessageShown ? ": " + status.getMessage() : "");
    }

    private Content content(Secret secret) throws IOException {
        Map<String, String> data = secret.getData();
        String text = data == null ? null : decode(data.get(key));
        return new Content(
                version(secret), text == null ? "" : text, data == null ? null : decode(data.get(STATE_KEY)));
    }

    private static String version(Secret secret) {
        return secret.getMetadata().getResourceVersion();
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @CheckForNull
    static String decode(@CheckForNull String base64) throws IOException {
        try {
            // Values that were created from files often end with a newline.
            return base64 == null
                    ? null
                    : new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8).trim();
        } catch (IllegalArgumentException e) {
            throw new IOException("a value is not in Base64", e);
        }
    }
}
