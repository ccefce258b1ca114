package io.jenkins.plugins.vcftoken.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;

/**
 * VMware Cloud on AWS, a separate server that accepts access tokens of Cloud Services.
 *
 * @see <a href="https://developer.broadcom.com/xapis/vmware-cloud-on-aws-api/vmc-on-aws-1.8/vmc/api/orgs/get">List
 *     organizations</a>
 */
final class VmcServer implements AutoCloseable {

    private final Simulator simulator;
    private final HttpsServer server;

    VmcServer(Simulator simulator, SSLContext certificates, Executor threads) throws IOException {
        this.simulator = simulator;
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(certificates));
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI url() {
        return URI.create("https://localhost:" + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            SimulatorHandler.answer(exchange, answer(SimulatorHandler.call(exchange, null)));
        }
    }

    private Reply answer(Call call) {
        if (!call.path().equals("/vmc/api/orgs")) {
            simulator.countNotFound();
            return Reply.json(404, "{\"status\":404,\"path\":\"" + call.path() + "\"}");
        }
        if (!call.method().equals("GET")) {
            return Reply.json(405, "{\"status\":405}");
        }
        String header = call.header("csp-auth-token");
        String accessToken = header.isEmpty() ? call.accessToken() : header;
        boolean isFromCloudServices = simulator.cloudServices().hasIssued(accessToken);
        if (!simulator.admits(isFromCloudServices ? accessToken : "")) {
            return Reply.json(401, "{\"status\":401}");
        }
        return Reply.json(
                200,
                "[{\"id\":\"1d1c83ee-e0b7-4de9-b660-9a9ca1d22f32\",\"org_type\":\"CUSTOMER\",\"display_name\":\"Acme\"}]");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
