package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import javax.net.SocketFactory;
import org.junit.jupiter.api.Test;

class TcpNoDelaySocketFactoryTest {

    private final SocketFactory sockets = new TcpNoDelaySocketFactory(SocketFactory.getDefault());

    @Test
    void noneWaitsForAcknowledgments() throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket server = new ServerSocket(0, 10, here)) {
            int port = server.getLocalPort();
            String name = here.getHostAddress();
            assertPrompt(sockets.createSocket());
            assertPrompt(sockets.createSocket(here, port));
            assertPrompt(sockets.createSocket(name, port));
            assertPrompt(sockets.createSocket(here, port, here, 0));
            assertPrompt(sockets.createSocket(name, port, here, 0));
        }
    }

    private static void assertPrompt(Socket socket) throws Exception {
        try (socket) {
            assertThat(socket.getTcpNoDelay()).isTrue();
        }
    }
}
