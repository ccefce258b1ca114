package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.SocketFactory;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import okhttp3.Call;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.Buffer;
import org.junit.jupiter.api.Test;

class AtMostOnceHttpClientTest {

    private static final String RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

    private final HeldCertificate certificate =
            new HeldCertificate.Builder().addSubjectAlternativeName("localhost").build();

    /** Uses another server than the simulator to record the ALPN protocols of the client. */
    @Test
    void client_offersHttp11Only() throws Exception {
        HandshakeCertificates own =
                new HandshakeCertificates.Builder().heldCertificate(certificate).build();
        try (SSLServerSocket server = (SSLServerSocket) own.sslContext()
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            CompletableFuture<List<String>> protocolsOffered = new CompletableFuture<>();
            Thread serving = new Thread(() -> serve(server, protocolsOffered));
            serving.start();
            HttpUrl url = HttpUrl.get("https://localhost:" + server.getLocalPort() + '/');
            assertThat(client().get(url, Map.of()).body()).isEqualTo("{}");
            assertThat(protocolsOffered.get(60, TimeUnit.SECONDS)).containsExactly("http/1.1");
            serving.join();
        }
    }

    /** Okio reuses the buffers of a thread without clearing them. */
    @Test
    void buffers_areOverwrittenAfterRequest() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            String initialToken = simulator.addAccount("ci", "acme");
            Account account = new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme");
            TokenResponse response = new VcfaTokenClient(
                            TestTokenService.client(simulator, InstantSource.system()), account)
                    .requestToken(initialToken);
            assertThat(pooledContent())
                    .doesNotContain(initialToken)
                    .doesNotContain(response.refreshToken())
                    .doesNotContain(response.accessToken().value());
        }
    }

    /** OkHttp's timeout thread retains the last call for a minute. */
    @Test
    void call_afterRequest_containsNoSecrets() throws Exception {
        AtomicReference<Call> last = new AtomicReference<>();
        try (Simulator simulator = Simulator.start()) {
            OkHttpClient recording = TestTokenService.trusting(simulator)
                    .newBuilder()
                    .eventListener(new EventListener() {
                        @Override
                        public void callStart(Call call) {
                            last.set(call);
                        }
                    })
                    .build();
            AtMostOnceHttpClient client =
                    TestTokenService.client(recording, InstantSource.system(), TestTokenService.MAX_WAIT);
            String initialToken = simulator.addAccount("ci", "acme");
            new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme"))
                    .requestToken(initialToken);
            assertNoSecrets(last.get().request());

            simulator.cloudServices().addApp("app", "app-secret", "organization");
            new CspClientCredentialsClient(
                            client,
                            new Account(CspApiTokenClient.SYSTEM, simulator.url(), "", "app"),
                            new CspClientCredentialsClient.App("app", "", 0))
                    .requestToken("app-secret");
            assertNoSecrets(last.get().request());
            assertThat(simulator.violations()).isEmpty();

            Map<String, String> form = Map.of("refresh_token", "never-sent");
            assertThatThrownBy(() -> client.postForm(HttpUrl.get("https://localhost:1/"), form))
                    .isInstanceOf(TokenRequestException.NotSent.class);
            assertNoSecrets(last.get().request());
        }
    }

    /** Otherwise, the request waits for the TCP acknowledgment of the TLS handshake. */
    @Test
    void socket_hasTcpNoDelay() throws Exception {
        AtomicReference<Boolean> noDelay = new AtomicReference<>();
        try (Simulator simulator = Simulator.start()) {
            OkHttpClient base = TestTokenService.trusting(simulator)
                    .newBuilder()
                    .socketFactory(new RecordingSocketFactory(noDelay))
                    .build();
            AtMostOnceHttpClient client =
                    TestTokenService.client(base, InstantSource.system(), TestTokenService.MAX_WAIT);
            client.get(HttpUrl.get(simulator.url()), Map.of());
            assertThat(noDelay.get()).isTrue();
        }
    }

    private static void assertNoSecrets(Request request) throws IOException {
        assertThat(request.headers().names()).isSubsetOf("Accept", "User-Agent");
        assertThat(request.body().contentLength())
                .as("length, unknown after the body was cleared")
                .isEqualTo(-1);
    }

    /** Content of the next buffers of this thread, more than the size of okio's pool. */
    private static String pooledContent() {
        StringBuilder all = new StringBuilder();
        try (Buffer buffer = new Buffer();
                Buffer.UnsafeCursor cursor = buffer.readAndWriteUnsafe()) {
            for (int i = 0; i < 32; i++) {
                cursor.expandBuffer(8 << 10);
                all.append(new String(cursor.data, StandardCharsets.ISO_8859_1));
            }
        }
        return all.toString();
    }

    private static void serve(SSLServerSocket server, CompletableFuture<List<String>> protocolsOffered) {
        try (SSLSocket socket = (SSLSocket) server.accept()) {
            socket.setHandshakeApplicationProtocolSelector((handshaking, protocols) -> {
                protocolsOffered.complete(protocols);
                return "http/1.1";
            });
            BufferedReader request =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            String line;
            do {
                line = request.readLine();
            } while (line != null && !line.isEmpty());
            socket.getOutputStream().write(RESPONSE.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            protocolsOffered.completeExceptionally(e);
        }
    }

    /** Supports only unconnected sockets, as used by OkHttp. */
    private static final class RecordingSocketFactory extends SocketFactory {

        private final AtomicReference<Boolean> noDelay;

        RecordingSocketFactory(AtomicReference<Boolean> noDelay) {
            this.noDelay = noDelay;
        }

        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void setTcpNoDelay(boolean on) throws SocketException {
                    super.setTcpNoDelay(on);
                    noDelay.set(getTcpNoDelay());
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }
    }

    private AtMostOnceHttpClient client() {
        HandshakeCertificates trust = new HandshakeCertificates.Builder()
                .addTrustedCertificate(certificate.certificate())
                .build();
        OkHttpClient base = new OkHttpClient.Builder()
                .sslSocketFactory(trust.sslSocketFactory(), trust.trustManager())
                .build();
        return TestTokenService.client(base, InstantSource.system(), TestTokenService.MAX_WAIT);
    }
}
