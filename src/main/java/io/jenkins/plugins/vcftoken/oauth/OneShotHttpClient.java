package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.net.Proxy;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
 * Sends a request at most once, and tells whether it left this controller. Thread-safe; calls block for at most the
 * call timeout.
 *
 * <p>OkHttp repeats a POST by itself after a broken connection, 408, 307, 308, and 503 with {@code Retry-After: 0}. A
 * one-shot body prevents all of these, and so do the options beside it. Connections are not reused: an idle connection
 * that the server has closed would turn a harmless failure to connect into an unknown outcome, and an access token
 * needs one request in its lifetime. HTTP/2 is off because OkHttp then writes and reads on its own threads, whose
 * buffers cannot be wiped from here.
 */
public final class OneShotHttpClient {

    /** Far above every real response (a few KiB), and far below what could hurt the controller. */
    static final int MAX_ANSWER_BYTES = 1 << 20;

    /** Without the buffers that Jackson keeps for each thread, with the last secrets in them. */
    static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                    .build())
            .build();

    /** What okio's {@code SegmentPool} keeps for one thread. */
    private static final int POOLED_BYTES = 64 << 10;

    private static final byte[] BLANK = new byte[8 << 10];

    private static final MediaType JSON_TYPE = MediaType.get("application/json");

    private final OkHttpClient http;
    private final InstantSource clock;
    private final ServerCapabilities capabilities;

    /**
     * @param base brings proxy and trust; not changed
     * @param connectTimeout for the connection and the TLS handshake
     * @param callTimeout for the whole call
     * @param capabilities shared by all clients of a controller
     */
    public OneShotHttpClient(
            OkHttpClient base,
            Duration connectTimeout,
            Duration callTimeout,
            InstantSource clock,
            ServerCapabilities capabilities) {
        this.http = base.newBuilder()
                .connectTimeout(connectTimeout)
                .readTimeout(callTimeout)
                .writeTimeout(callTimeout)
                .callTimeout(callTimeout)
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
                .protocols(List.of(Protocol.HTTP_1_1))
                .retryOnConnectionFailure(false)
                .followRedirects(false)
                .followSslRedirects(false)
                .addNetworkInterceptor(OneShotHttpClient::sendPayload)
                .build();
        this.clock = clock;
        this.capabilities = capabilities;
    }

    ServerCapabilities capabilities() {
        return capabilities;
    }

    /**
     * An HTTP response of any status.
     *
     * @param askedAt the time before the request was sent, by the clock of this controller
     * @param date the {@code Date} of the server, or null
     * @param accessToken of the header that VCF Automation names it in, or null
     */
    record Answer(
            int status,
            String body,
            Instant askedAt,
            @CheckForNull Instant date,
            @CheckForNull String retryAfter,
            @CheckForNull String location,
            @CheckForNull String accessToken) {

        /** Without the body and the header, which contain tokens. */
        @Override
        public String toString() {
            return "Answer[HTTP " + status + "]";
        }
    }

    /** Sends form fields, each encoded once, as OAuth endpoints expect. */
    Answer postForm(HttpUrl url, Map<String, String> form) throws TokenRequestException {
        return postForm(url, form, Map.of());
    }

    Answer postForm(HttpUrl url, Map<String, String> form, Map<String, String> headers) throws TokenRequestException {
        FormBody.Builder fields = new FormBody.Builder();
        form.forEach(fields::add);
        return send("POST", url, headers, fields.build());
    }

    Answer sendJson(String method, HttpUrl url, JsonNode json) throws TokenRequestException {
        return sendJson(method, url, json, Map.of());
    }

    Answer sendJson(String method, HttpUrl url, JsonNode json, Map<String, String> headers)
            throws TokenRequestException {
        return sendJson(method, url, json, JSON_TYPE, headers);
    }

    /** @param type one of JSON, with the name of the vendor */
    Answer sendJson(String method, HttpUrl url, JsonNode json, MediaType type, Map<String, String> headers)
            throws TokenRequestException {
        try {
            // From bytes, so that OkHttp does not add a charset, which JSON does not have.
            return send(method, url, headers, RequestBody.create(JSON.writeValueAsBytes(json), type));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A tree can always be written", e);
        }
    }

    /** Posts without a body. */
    Answer post(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("POST", url, headers, RequestBody.create(new byte[0], null));
    }

    Answer delete(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("DELETE", url, headers, null);
    }

    Answer get(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("GET", url, headers, null);
    }

    /** @throws TokenRequestException only {@code NotSent}, {@code OutcomeUnknown} or {@code InvalidResponse} */
    private Answer send(String method, HttpUrl url, Map<String, String> headers, @CheckForNull RequestBody body)
            throws TokenRequestException {
        Payload payload = new Payload(headers, body);
        Request.Builder request = new Request.Builder()
                .url(url)
                .header("Accept", "application/json")
                .header("User-Agent", "jenkins-vcf-token")
                .tag(Payload.class, payload)
                .method(method, body == null ? null : payload);
        Instant askedAt = clock.instant();
        try (Response response = http.newCall(request.build()).execute()) {
            // Only OkHttp 4 declares that it may be null; a response to a call has a body.
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
                    response.header("Location"),
                    response.header("X-VMWARE-VCLOUD-ACCESS-TOKEN"));
        } catch (IOException e) {
            String detail = method + " " + url + ": " + describe(e) + describeProxy(url);
            if (payload.isSent) {
                throw new TokenRequestException.OutcomeUnknown(detail, e);
            }
            throw new TokenRequestException.NotSent(
                    isDistrust(e) ? TokenError.NOT_TRUSTED : TokenError.UNREACHABLE, detail, e);
        } finally {
            payload.clear();
            wipeBuffers();
        }
    }

    /** Overwrites the buffers that okio keeps for the next calls of this thread, with what was read and written. */
    private static void wipeBuffers() {
        try (Buffer all = new Buffer()) {
            for (int wiped = 0; wiped < POOLED_BYTES; wiped += BLANK.length) {
                all.write(BLANK);
            }
            all.clear();
        }
    }

    /** Adds the headers once there is a connection; a request without a body counts as sent from here on. */
    private static Response sendPayload(Interceptor.Chain chain) throws IOException {
        // Otherwise the request waits for the acknowledgment of the TLS handshake, which many servers delay by 40 ms.
        Objects.requireNonNull(chain.connection()).socket().setTcpNoDelay(true);
        Request.Builder request = chain.request().newBuilder();
        Objects.requireNonNull(chain.request().tag(Payload.class)).addHeaders(request);
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

    private String describeProxy(HttpUrl url) {
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
     * Headers and body of one request, and whether they were sent. They are not in the {@code Request} itself, which
     * OkHttp keeps for another minute, and are dropped as they are sent.
     */
    private static final class Payload extends RequestBody {

        @CheckForNull
        private final MediaType type;

        private volatile Map<String, String> headers;

        @CheckForNull
        private volatile RequestBody body;

        private volatile boolean isSent;

        Payload(Map<String, String> headers, @CheckForNull RequestBody body) {
            this.type = body == null ? null : body.contentType();
            this.headers = headers;
            this.body = body;
        }

        void addHeaders(Request.Builder request) {
            if (body == null) {
                isSent = true;
            }
            headers.forEach(request::header);
            headers = Map.of();
        }

        void clear() {
            headers = Map.of();
            body = null;
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
            RequestBody unsent = body;
            return unsent == null ? -1 : unsent.contentLength();
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            RequestBody unsent = body;
            body = null;
            isSent = true;
            Objects.requireNonNull(unsent, "not sent twice").writeTo(sink);
        }
    }
}
