package io.jenkins.plugins.vcftoken.simulator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** HTTP proxy on loopback that supports {@code CONNECT} and requires Basic authentication. */
public final class ConnectProxy implements AutoCloseable {

    private final ServerSocket server;
    private final String authorizationHeader;
    private final int targetPort;
    private final AtomicInteger tunnels = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        return thread;
    });

    public ConnectProxy(String user, String password) throws IOException {
        this(user, password, 0);
    }

    /** @param targetPort loopback port of all tunnels, instead of the requested target; 0 for the requested target */
    public ConnectProxy(String user, String password, int targetPort) throws IOException {
        this.targetPort = targetPort;
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        authorizationHeader = "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString((user + ':' + password).getBytes(StandardCharsets.UTF_8));
        threads.execute(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    public int tunnels() {
        return tunnels.get();
    }

    /** Number of requests without valid credentials. */
    public int refused() {
        return refused.get();
    }

    @Override
    public void close() throws IOException {
        server.close();
        threads.shutdownNow();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                threads.execute(() -> serve(client));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket client) {
        try (client) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1), 1);
            boolean isOpen = true;
            while (isOpen) {
                isOpen = handleRequest(client, in);
            }
        } catch (IOException e) {
            // Connection closed by the client or the target.
        }
    }

    /** @return whether the connection stays open for another request */
    private boolean handleRequest(Socket client, BufferedReader in) throws IOException {
        String line = in.readLine();
        if (line == null) {
            return false;
        }
        String[] target = line.split(" ")[1].split(":");
        boolean authorized = false;
        for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
            authorized |= header.equalsIgnoreCase(authorizationHeader);
        }
        OutputStream out = client.getOutputStream();
        if (!line.startsWith("CONNECT ") || !authorized) {
            refused.incrementAndGet();
            writeStatus(
                    out,
                    "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0");
            return true;
        }
        try (Socket upstream = targetPort == 0
                ? new Socket(target[0], Integer.parseInt(target[1]))
                : new Socket(InetAddress.getLoopbackAddress(), targetPort)) {
            tunnels.incrementAndGet();
            writeStatus(out, "200 Connection Established");
            threads.execute(() -> forward(upstream, client));
            client.getInputStream().transferTo(upstream.getOutputStream());
        }
        return false;
    }

    private static void writeStatus(OutputStream out, String status) throws IOException {
        out.write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private static void forward(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.close();
        } catch (IOException e) {
            // Connection closed by the client or the target.
        }
    }
}
