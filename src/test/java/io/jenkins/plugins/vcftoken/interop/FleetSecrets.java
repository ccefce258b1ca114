package io.jenkins.plugins.vcftoken.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.vcftoken.oauth.TlsConfig;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Secrets of the namespace "ci" as a third party may share them: over the REST API of Kubernetes, without its client. */
final class FleetSecrets {

    static final String TOKEN_KEY = "refreshToken";
    static final String STATE_KEY = "vcf-token.state";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OkHttpClient http;
    private final String url;
    private final String accessToken;

    /** @param kubeconfig of {@link KubernetesApiServer#kubeconfig(String, String)} */
    FleetSecrets(Path kubeconfig) throws Exception {
        String text = Files.readString(kubeconfig);
        url = quoted(text, "server: ") + "/api/v1/namespaces/ci/secrets/";
        accessToken = quoted(text, "token: ");
        http = TlsConfig.trusting(
                new OkHttpClient(), Files.readString(Path.of(quoted(text, "certificate-authority: "))));
    }

    private static String quoted(String text, String before) {
        Matcher matcher = Pattern.compile(before + "\"([^\"]+)\"").matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException(before);
        }
        return matcher.group(1);
    }

    VersionedSecret secret(String name) {
        return new OneSecret(name);
    }

    private final class OneSecret implements VersionedSecret {

        private final String name;

        private OneSecret(String name) {
            this.name = name;
        }

        @Override
        public String description() {
            return "Secret '" + name + "'";
        }

        @Override
        public Content read() throws IOException {
            return content(get());
        }

        private ObjectNode get() throws IOException {
            return send(request().build()).orElseThrow(() -> new IOException("conflict"));
        }

        @Override
        public Optional<Content> replace(Content expected, String secret, String state) throws IOException {
            ObjectNode object = get();
            object.withObject("/metadata").put("resourceVersion", expected.version());
            object.withObject("/data").put(TOKEN_KEY, encoded(secret)).put(STATE_KEY, encoded(state));
            RequestBody body = RequestBody.create(object.toString(), MediaType.get("application/json"));
            Optional<ObjectNode> written = send(request().put(body).build());
            return written.isPresent() ? Optional.of(content(written.get())) : Optional.empty();
        }

        @Override
        public void checkWritable() {
            throw new UnsupportedOperationException("no test needs it");
        }

        private Request.Builder request() {
            return new Request.Builder().url(url + name).header("Authorization", "Bearer " + accessToken);
        }

        /** @return empty when the Secret has another version */
        private Optional<ObjectNode> send(Request request) throws IOException {
            try (Response response = http.newCall(request).execute()) {
                String body = Objects.requireNonNull(response.body()).string();
                if (response.code() == 403) {
                    throw new ReadOnlyException(body, null);
                }
                if (response.code() != 409 && !response.isSuccessful()) {
                    throw new IOException(body);
                }
                return response.isSuccessful() ? Optional.of((ObjectNode) JSON.readTree(body)) : Optional.empty();
            }
        }
    }

    private static VersionedSecret.Content content(JsonNode object) {
        JsonNode state = object.path("data").path(STATE_KEY);
        return new VersionedSecret.Content(
                object.path("metadata").path("resourceVersion").asText(),
                decoded(object.path("data").path(TOKEN_KEY)),
                state.isMissingNode() ? null : decoded(state));
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static String decoded(JsonNode value) {
        return new String(Base64.getDecoder().decode(value.asText()), StandardCharsets.UTF_8);
    }
}
