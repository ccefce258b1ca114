package io.jenkins.plugins.vcftoken.simulator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
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

/** An HTTP proxy on loopback that tunnels, with a password. */
public final class ConnectProxy implements AutoCloseable {

    private final ServerSocket server;
    private final String expected;
    private final int everythingAt;
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

    /** @param everythingAt the port on loopback that stands for every server there is; 0 for no such disguise */
    public ConnectProxy(String user, String password, int everythingAt) throws IOException {
        this.everythingAt = everythingAt;
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        expected = "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString((user + ':' + password).getBytes(StandardCharsets.UTF_8));
        threads.execute(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    public int tunnels() {
        return tunnels.get();
    }

    /** Requests without the right password. */
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
            boolean again = true;
            while (again) {
                again = request(client, in);
            }
        } catch (IOException e) {
            // One of the two has gone.
        }
    }

    /** @return whether the client may ask once more on this connection */
    private boolean request(Socket client, BufferedReader in) throws IOException {
        String line = in.readLine();
        if (line == null) {
            return false;
        }
        String[] target = line.split(" ")[1].split(":");
        boolean authorized = false;
        for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
            authorized |= header.equalsIgnoreCase(expected);
        }
        OutputStream out = client.getOutputStream();
        if (!line.startsWith("CONNECT ") || !authorized) {
            refused.incrementAndGet();
            say(
                    out,
                    "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0");
            return true;
        }
        try (Socket upstream = everythingAt == 0
                ? new Socket(target[0], Integer.parseInt(target[1]))
                : new Socket(InetAddress.getLoopbackAddress(), everythingAt)) {
            tunnels.incrementAndGet();
            say(out, "200 Connection Established");
            threads.execute(() -> pump(upstream, client));
            copy(client.getInputStream(), upstream.getOutputStream());
        }
        return false;
    }

    private static void say(OutputStream out, String status) throws IOException {
        out.write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private static void pump(Socket from, Socket to) {
        try {
            copy(from.getInputStream(), to.getOutputStream());
            to.close();
        } catch (IOException e) {
            // One of the two has gone.
        }
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
        in.transferTo(out);
    }
}
