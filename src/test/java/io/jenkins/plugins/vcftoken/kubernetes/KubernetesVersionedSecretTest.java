package io.jenkins.plugins.vcftoken.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret.Content;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KubernetesVersionedSecretTest {

    private final KubernetesSecretServer server = new KubernetesSecretServer();
    private final VersionedSecret secret = server.secret("sa");

    @BeforeEach
    void create() {
        server.create("sa", "vcfaServiceAccount", Map.of("refreshToken", "initial\n", "url", "https://vcfa"));
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void replace_changesOnlyItsTwoKeys() throws Exception {
        Content before = secret.read();
        assertThat(before.secret()).isEqualTo("initial");
        assertThat(before.state()).isNull();
        Optional<Content> written = secret.replace(before, "next", "{\"a\":1}");
        assertThat(written).contains(secret.read());
        assertThat(secret.read().secret()).isEqualTo("next");
        assertThat(secret.read().state()).isEqualTo("{\"a\":1}");
        assertThat(server.text("sa", "url")).isEqualTo("https://vcfa");
        assertThat(server.get("sa").getMetadata().getLabels())
                .containsEntry("jenkins.io/credentials-type", "vcfaServiceAccount");
        assertThat(server.get("sa").getData()).hasSize(3);
    }

    @Test
    void replace_ofAnOlderVersion_writesNothing() throws Exception {
        Content before = secret.read();
        assertThat(server.secret("sa").replace(before, "of another controller", "{}"))
                .isPresent();
        assertThat(secret.replace(before, "next", "{}")).isEmpty();
        assertThat(server.secret("sa").replace(before, "next", "{}")).isEmpty();
        assertThat(server.text("sa", "refreshToken")).isEqualTo("of another controller");
    }

    @Test
    void replace_afterALabelWasChanged_writesNothing() throws Exception {
        Content before = secret.read();
        server.resource("sa")
                .edit(found -> new SecretBuilder(found)
                        .editMetadata()
                        .addToLabels("team", "ci")
                        .endMetadata()
                        .build());
        assertThat(secret.replace(before, "next", "{}")).isEmpty();
        assertThat(secret.replace(secret.read(), "next", "{}")).isPresent();
        assertThat(server.get("sa").getMetadata().getLabels()).containsEntry("team", "ci");
    }

    @Test
    void replace_withoutPermission_throwsReadOnlyException() throws Exception {
        Content before = secret.read();
        server.fail("PUT", 403, 0);
        assertThatThrownBy(() -> secret.replace(before, "next", "{}"))
                .isInstanceOf(VersionedSecret.ReadOnlyException.class)
                .hasMessage("HTTP 403 of the API server: refused by the test");
        assertThatThrownBy(secret::checkWritable).isInstanceOf(VersionedSecret.ReadOnlyException.class);
        assertThat(server.text("sa", "refreshToken")).isEqualTo("initial");
    }

    @Test
    void read_ofASecretThatDoesNotExist_fails() {
        assertThatThrownBy(() -> server.secret("another").read())
                .isInstanceOf(IOException.class)
                .hasMessage("it does not exist");
    }

    @Test
    void replace_ofADeletedSecret_fails() throws Exception {
        Content before = secret.read();
        server.resource("sa").delete();
        assertThatThrownBy(() -> secret.replace(before, "next", "{}"))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(VersionedSecret.ReadOnlyException.class);
    }

    @Test
    void read_ofABusyServer_isRetriedAfterAShortPauseOnly() throws Exception {
        server.fail("GET", 429, 1);
        int before = server.requests();
        assertThatThrownBy(secret::read).hasMessage("HTTP 429 of the API server");
        assertThat(server.requests() - before).isEqualTo(3);
        server.fail("GET", 429, 60);
        before = server.requests();
        assertThatThrownBy(secret::read).hasMessage("HTTP 429 of the API server");
        assertThat(server.requests() - before).isEqualTo(1);
        server.recover();
        assertThat(secret.read().secret()).isEqualTo("initial");
    }

    @Test
    void read_ofAServerThatIsDown_fails() {
        server.close();
        assertThatThrownBy(secret::read).isInstanceOf(IOException.class);
    }

    @Test
    void acceptsAccessTokens_unlessItsAnnotationForbidsIt() throws Exception {
        assertThat(secret.acceptsAccessTokens()).isTrue();
        server.resource("sa")
                .edit(found -> new SecretBuilder(found)
                        .editMetadata()
                        .addToAnnotations(KubernetesVersionedSecret.ACCESS_TOKEN_ANNOTATION, "false")
                        .endMetadata()
                        .build());
        secret.read();
        assertThat(secret.acceptsAccessTokens()).isFalse();
    }

    @Test
    void checkWritable_changesNothing() throws Exception {
        Content before = secret.read();
        secret.checkWritable();
        assertThat(secret.read()).isEqualTo(before);
    }
}
