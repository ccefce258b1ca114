package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.ConnectionPool;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.Buffer;
import okio.BufferedSink;
import okio.BufferedSource;

/**
 * Sends a secret at most once and tells whether it left.
 *
 * <p>OkHttp repeats a POST by itself after a broken connection, 408, 307, 308 and 503 with {@code Retry-After: 0}. A
 * one-shot body stops all of these; the switches beside it say the same once more. Connections are not kept: an idle
 * one that the server has closed in the meantime would turn a harmless failure to connect into an unknown outcome, and
 * an exchange happens once in an access token's life. HTTP/2, which gains nothing for one request, would have OkHttp write and
 * read on threads of its own, and what passes there is not ours to wipe.
 */
public final class OneShotHttpClient {

    /** Far above any real answer (a few KiB), far below what could hurt the controller. */
    static final int MAX_ANSWER_BYTES = 1 << 20;

    /** Of one thread, in okio's {@code SegmentPool}. */
    private static final int POOLED_BYTES = 64 << 10;

    private static final byte[] BLANK = new byte[8 << 10];

    private static final MediaType JSON = MediaType.get("application/json");

    private final OkHttpClient http;
    private final InstantSource clock;
    private final ServerCapabilities hosts;

    /**
     * @param base brings proxy and trust; shared, never changed
     * @param connectTimeout for the connection and the TLS handshake
     * @param callTimeout for the whole exchange
     */
    public OneShotHttpClient(OkHttpClient base, Duration connectTimeout, Duration callTimeout, InstantSource clock) {
        this(base, connectTimeout, callTimeout, clock, new ServerCapabilities(clock));
    }

    /** @param hosts shared by all clients of a controller */
    public OneShotHttpClient(
            OkHttpClient base,
            Duration connectTimeout,
            Duration callTimeout,
            InstantSource clock,
            ServerCapabilities hosts) {
        this.http = base.newBuilder()
                .socketFactory(new TcpNoDelaySocketFactory(base.socketFactory()))
                .connectTimeout(connectTimeout)
                .readTimeout(callTimeout)
                .writeTimeout(callTimeout)
                .callTimeout(callTimeout)
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
                .protocols(List.of(Protocol.HTTP_1_1))
                .retryOnConnectionFailure(false)
                .followRedirects(false)
                .followSslRedirects(false)
                .addNetworkInterceptor(OneShotHttpClient::complete)
                .build();
        this.clock = clock;
        this.hosts = hosts;
    }

    ServerCapabilities hosts() {
        return hosts;
    }

    /**
     * An HTTP answer, whatever its status.
     *
     * @param askedAt before the request left, by this controller's clock
     * @param date the server's own {@code Date}, or null
     */
    record Answer(
            int status,
            String body,
            Instant askedAt,
            @CheckForNull Instant date,
            @CheckForNull String retryAfter,
            @CheckForNull String location) {

        /** The body is where the tokens are. */
        @Override
        public String toString() {
            return "Answer[HTTP " + status + "]";
        }
    }

    /** A POST of form fields, each encoded once, as every OAuth endpoint wants them. */
    Answer postForm(HttpUrl url, Map<String, String> form) throws TokenRequestException {
        return postForm(url, form, Map.of());
    }

    Answer postForm(HttpUrl url, Map<String, String> form, Map<String, String> headers) throws TokenRequestException {
        FormBody.Builder fields = new FormBody.Builder();
        form.forEach(fields::add);
        return send("POST", url, headers, fields.build());
    }

    /** @param json the body, already written as JSON */
    Answer sendJson(String method, HttpUrl url, String json) throws TokenRequestException {
        // From bytes, so that OkHttp does not add a charset, which JSON does not have.
        return send(method, url, Map.of(), RequestBody.create(json.getBytes(StandardCharsets.UTF_8), JSON));
    }

    Answer get(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("GET", url, headers, null);
    }

    /** @throws TokenRequestException only {@code NotSent}, {@code OutcomeUnknown}, or {@code Unintelligible} */
    private Answer send(String method, HttpUrl url, Map<String, String> headers, @CheckForNull RequestBody content)
            throws TokenRequestException {
        Sent sent = new Sent(headers, content);
        Request.Builder request = new Request.Builder()
                .url(url)
                .header("Accept", "application/json")
                .header("User-Agent", "jenkins-vcf-token")
                .tag(Sent.class, sent)
                .method(method, content == null ? null : new OneShot(content.contentType(), sent));
        Instant askedAt = clock.instant();
        try (Response response = http.newCall(request.build()).execute()) {
            // Only OkHttp 4 declares that it may be null; no answer to a call lacks a body.
            BufferedSource source = Objects.requireNonNull(response.body()).source();
            if (source.request(MAX_ANSWER_BYTES + 1L)) {
                throw new TokenRequestException.InvalidResponse(
                        "HTTP " + response.code() + " with more than " + MAX_ANSWER_BYTES + " bytes from " + url, null);
            }
            java.util.Date date = response.headers().getDate("Date");
            return new Answer(
                    response.code(),
                    source.readUtf8(),
                    askedAt,
                    date == null ? null : date.toInstant(),
                    response.header("Retry-After"),
                    response.header("Location"));
        } catch (IOException e) {
            String detail = method + " " + url + ": " + describe(e) + via(url);
            if (sent.started.get()) {
                throw new TokenRequestException.OutcomeUnknown(detail, e);
            }
            throw new TokenRequestException.NotSent(
                    isDistrust(e) ? TokenError.NOT_TRUSTED : TokenError.UNREACHABLE, detail, e);
        } finally {
            sent.forget();
            wipeBuffers();
        }
    }

    /** Okio keeps what it has read and written through for the thread's next calls, up to this much, as it was left. */
    private static void wipeBuffers() {
        try (Buffer all = new Buffer()) {
            for (int wiped = 0; wiped < POOLED_BYTES; wiped += BLANK.length) {
                all.write(BLANK);
            }
            all.clear();
        }
    }

    /** Runs once there is a connection: a request without a body counts as sent from here on. */
    private static Response complete(Interceptor.Chain chain) throws IOException {
        Sent sent = Objects.requireNonNull(chain.request().tag(Sent.class));
        if (chain.request().body() == null) {
            sent.started.set(true);
        }
        Request.Builder request = chain.request().newBuilder();
        sent.takeHeaders().forEach(request::header);
        return chain.proceed(request.build());
    }

    private static boolean isDistrust(IOException e) {
        if (e instanceof SSLPeerUnverifiedException) {
            return true;
        }
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }

    private static String describe(IOException e) {
        String message = e.getMessage() == null ? "" : " (" + SecretRedactor.redact(e.getMessage(), "") + ")";
        return e.getClass().getSimpleName() + message;
    }

    private String via(HttpUrl url) {
        Proxy fixed = http.proxy();
        List<Proxy> proxies =
                fixed != null ? List.of(fixed) : http.proxySelector().select(url.uri());
        return proxies.stream()
                .filter(proxy -> proxy.type() != Proxy.Type.DIRECT)
                .map(proxy -> ", through the proxy " + proxy.address())
                .findFirst()
                .orElse("");
    }

    /**
     * The evidence between "not sent" and "outcome unknown". What is to be sent is in here, and not in the request, which
     * OkHttp's timer holds for another minute.
     */
    private static final class Sent {

        final AtomicBoolean started = new AtomicBoolean();
        private final AtomicReference<Map<String, String>> headers;
        private final AtomicReference<RequestBody> body;

        Sent(Map<String, String> headers, @CheckForNull RequestBody body) {
            this.headers = new AtomicReference<>(headers);
            this.body = new AtomicReference<>(body);
        }

        Map<String, String> takeHeaders() {
            return headers.getAndSet(Map.of());
        }

        @CheckForNull
        RequestBody body() {
            return body.get();
        }

        RequestBody takeBody() {
            started.set(true);
            return Objects.requireNonNull(body.getAndSet(null), "not sent twice");
        }

        void forget() {
            headers.set(Map.of());
            body.set(null);
        }
    }

    /** Notes when its bytes are asked for. */
    private static final class OneShot extends RequestBody {

        private final MediaType type;
        private final Sent sent;

        OneShot(@CheckForNull MediaType type, Sent sent) {
            this.type = type;
            this.sent = sent;
        }

        @Override
        public boolean isOneShot() {
            return true;
        }

        @Override
        public MediaType contentType() {
            return type;
        }

        @Override
        public long contentLength() throws IOException {
            RequestBody unsent = sent.body();
            return unsent == null ? -1 : unsent.contentLength();
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            sent.takeBody().writeTo(sink);
        }
    }
}
