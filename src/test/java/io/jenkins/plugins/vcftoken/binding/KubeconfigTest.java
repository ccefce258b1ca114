package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class KubeconfigTest {

    private static final SupervisorNamespace DEV = new SupervisorNamespace(
            "dev", "default-project", "https://vcfa.example.com/proxy/k8s/namespaces/urn:vcloud:namespace:1");

    private static JsonNode read(String caCertificates, boolean skipTlsVerification) throws Exception {
        Kubeconfig kubeconfig = new Kubeconfig(
                URI.create("https://vcfa.example.com/"),
                "acme",
                List.of(DEV),
                caCertificates,
                skipTlsVerification,
                "/home/a b/token");
        return new ObjectMapper().readTree(kubeconfig.json(kubeconfig.context(DEV)));
    }

    @Test
    void json_hasContextsOfOrganizationAndNamespace() throws Exception {
        JsonNode config = read("", false);
        assertThat(config.path("current-context").asText()).isEqualTo("acme:dev:default-project");
        assertThat(config.at("/clusters/0").toString())
                .isEqualTo("{\"name\":\"acme:vcfa.example.com\",\"cluster\":"
                        + "{\"server\":\"https://vcfa.example.com/cci/kubernetes\"}}");
        assertThat(config.at("/contexts/0").toString())
                .isEqualTo(
                        "{\"name\":\"acme\",\"context\":{\"cluster\":\"acme:vcfa.example.com\",\"user\":\"jenkins\"}}");
        assertThat(config.at("/clusters/1/cluster/server").asText()).isEqualTo(DEV.endpoint());
        assertThat(config.at("/contexts/1").toString())
                .isEqualTo(
                        "{\"name\":\"acme:dev:default-project\",\"context\":{\"cluster\":\"acme:dev@vcfa.example.com\","
                                + "\"user\":\"jenkins\",\"namespace\":\"dev\"}}");
        assertThat(config.at("/users/0").toString())
                .isEqualTo("{\"name\":\"jenkins\",\"user\":{\"tokenFile\":\"/home/a b/token\"}}");
    }

    @Test
    void json_withCertificates_trustsOnlyThese() throws Exception {
        JsonNode config = read("PEM", false);
        assertThat(config.path("clusters"))
                .extracting(cluster ->
                        cluster.at("/cluster/certificate-authority-data").asText())
                .containsExactly("UEVN", "UEVN");
        assertThat(config.findValue("insecure-skip-tls-verify")).isNull();
    }

    @Test
    void json_withoutVerification_hasNoCertificates() throws Exception {
        JsonNode config = read("PEM", true);
        assertThat(config.path("clusters"))
                .extracting(cluster ->
                        cluster.at("/cluster/insecure-skip-tls-verify").asBoolean())
                .containsExactly(true, true);
        assertThat(config.findValue("certificate-authority-data")).isNull();
    }
}
