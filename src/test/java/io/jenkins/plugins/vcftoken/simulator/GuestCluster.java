package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLParameters;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** Kubernetes API of a VKS cluster with its own CA; requires a client certificate of that CA. */
final class GuestCluster implements AutoCloseable {

    private final HttpsServer server;
    private final HeldCertificate authority = new HeldCertificate.Builder()
            .commonName("Guest Cluster Root")
            .certificateAuthority(0)
            .build();
    private final HeldCertificate administrator = new HeldCertificate.Builder()
            .commonName("kubernetes-admin")
            .organizationalUnit("system:masters")
            .signedBy(authority)
            .build();
    private final KubernetesEndpoint endpoint;

    GuestCluster(KubernetesObjects objects, List<KubernetesResource> resources, Executor threads) throws IOException {
        endpoint = new KubernetesEndpoint(objects, null, () -> resources);
        HeldCertificate certificate = new HeldCertificate.Builder()
                .commonName("kube-apiserver")
                .addSubjectAlternativeName("localhost")
                .signedBy(authority)
                .build();
        HandshakeCertificates handshake = new HandshakeCertificates.Builder()
                .heldCertificate(certificate)
                .addTrustedCertificate(authority.certificate())
                .build();
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(handshake.sslContext()) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters mutual = getSSLContext().getDefaultSSLParameters();
                mutual.setNeedClientAuth(true);
                parameters.setSSLParameters(mutual);
            }
        });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Call call = KubernetesApi.call(exchange, exchange.getRequestBody().readAllBytes());
            SimulatorHandler.answer(exchange, endpoint.answer(call, call.path()));
        } catch (KubernetesError e) {
            SimulatorHandler.answer(exchange, e.reply());
        }
    }

    /** Kubeconfig with a client certificate of a cluster administrator. */
    String kubeconfig() {
        JsonNodeFactory json = JsonNodeFactory.instance;
        ObjectNode config = json.objectNode().put("apiVersion", "v1").put("kind", "Config");
        config.put("current-context", "admin@guest");
        ObjectNode cluster = json.objectNode();
        cluster.put("server", "https://localhost:" + server.getAddress().getPort());
        cluster.put("certificate-authority-data", base64(authority.certificatePem()));
        config.putArray("clusters").addObject().put("name", "guest").set("cluster", cluster);
        ObjectNode user = json.objectNode();
        user.put("client-certificate-data", base64(administrator.certificatePem()));
        user.put("client-key-data", base64(administrator.privateKeyPkcs8Pem()));
        config.putArray("users").addObject().put("name", "admin").set("user", user);
        ObjectNode context = json.objectNode().put("cluster", "guest").put("user", "admin");
        config.putArray("contexts").addObject().put("name", "admin@guest").set("context", context);
        return config.toString();
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
