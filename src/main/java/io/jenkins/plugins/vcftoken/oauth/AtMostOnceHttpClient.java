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
 * Sends each request at most once, and reports whether it was sent. Thread-safe; calls block for at most the call
 * timeout.
 *
 * <p>By default, OkHttp repeats a POST after a broken connection, 408, 307, 308, and 503 with {@code Retry-After: 0}. A
 * one-shot body and the options in the constructor prevent this. Connections are not reused: if the server has closed
 * an idle connection, the outcome of a request would be unknown instead of not sent, and an access token needs only one
 * request in its lifetime. HTTP/2 is disabled because OkHttp then reads and writes on its own threads, whose buffers
 * cannot be overwritten from here.
 */
public final class AtMostOnceHttpClient {

    /** Actual responses have a few KiB. */
    static final int MAX_RESPONSE_BYTES = 1 << 20;

    /** Does not use Jackson's thread-local buffers, because they retain secrets. */
    static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                    .build())
            .build();

    /** Maximum size of okio's {@code SegmentPool} for a thread. */
    private static final int SEGMENT_POOL_BYTES = 64 << 10;

    private static final byte[] ZEROS = new byte[8 << 10];

    private static final MediaType JSON_TYPE = MediaType.get("application/json");

    private final OkHttpClient http;
    private final InstantSource clock;
    private final ServerCapabilities capabilities;

    /**
     * @param base proxy and TLS settings; not modified
     * @param connectTimeout for the connection and the TLS handshake
     * @param callTimeout for the entire call
     * @param capabilities shared by all clients of a controller
     */
    public AtMostOnceHttpClient(
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
                .addNetworkInterceptor(AtMostOnceHttpClient::sendPayload)
                .build();
        this.clock = clock;
        this.capabilities = capabilities;
    }

    ServerCapabilities capabilities() {
        return capabilities;
    }

    /**
     * An HTTP response with any status.
     *
     * @param requestedAt the time before the request was sent, by the clock of this controller
     * @param date value of the {@code Date} header, or null
     * @param accessToken value of the access token header of VCF Automation, or null
     */
    record HttpResponse(
            int status,
            String body,
            Instant requestedAt,
            @CheckForNull Instant date,
            @CheckForNull String retryAfter,
            @CheckForNull String location,
            @CheckForNull String accessToken) {

        /** Omits the body and the header, which contain tokens. */
        @Override
        public String toString() {
            return "HttpResponse[HTTP " + status + "]";
        }
    }

    HttpResponse postForm(HttpUrl url, Map<String, String> form) throws TokenRequestException {
        return postForm(url, form, Map.of());
    }

    HttpResponse postForm(HttpUrl url, Map<String, String> form, Map<String, String> headers)
            throws TokenRequestException {
        FormBody.Builder fields = new FormBody.Builder();
        form.forEach(fields::add);
        return send("POST", url, headers, fields.build());
    }

    HttpResponse sendJson(String method, HttpUrl url, JsonNode json) throws TokenRequestException {
        return sendJson(method, url, json, Map.of());
    }

    HttpResponse sendJson(String method, HttpUrl url, JsonNode json, Map<String, String> headers)
            throws TokenRequestException {
        return sendJson(method, url, json, JSON_TYPE, headers);
    }

    /** @param type vendor-specific JSON media type */
    HttpResponse sendJson(String method, HttpUrl url, JsonNode json, MediaType type, Map<String, String> headers)
            throws TokenRequestException {
        try {
            // OkHttp would add a charset to a String body; application/json has no such parameter.
            return send(method, url, headers, RequestBody.create(JSON.writeValueAsBytes(json), type));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A tree can always be written", e);
        }
    }

    /** Sends a POST without a body. */
    HttpResponse post(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("POST", url, headers, RequestBody.create(new byte[0], null));
    }

    HttpResponse delete(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("DELETE", url, headers, null);
    }

    HttpResponse get(HttpUrl url, Map<String, String> headers) throws TokenRequestException {
        return send("GET", url, headers, null);
    }

    /** @throws TokenRequestException only {@code NotSent}, {@code OutcomeUnknown} or {@code InvalidResponse} */
    private HttpResponse send(String method, HttpUrl url, Map<String, String> headers, @CheckForNull RequestBody body)
            throws TokenRequestException {
        Payload payload = new Payload(headers, body);
        Request.Builder request = new Request.Builder()
                .url(url)
                .header("Accept", "application/json")
                .header("User-Agent", "jenkins-vcf-token")
                .tag(Payload.class, payload)
                .method(method, body == null ? null : payload);
        Instant requestedAt = clock.instant();
        try (Response response = http.newCall(request.build()).execute()) {
            // Declared as nullable by OkHttp 4 only; the response of execute() always has a body.
            BufferedSource source = Objects.requireNonNull(response.body()).source();
            if (source.request(MAX_RESPONSE_BYTES + 1L)) {
                throw new TokenRequestException.InvalidResponse(
                        "HTTP " + response.code() + " with more than " + MAX_RESPONSE_BYTES + " bytes from " + url,
                        null);
            }
            java.util.Date date = response.headers().getDate("Date");
            return new HttpResponse(
                    response.code(),
                    source.readUtf8(),
                    requestedAt,
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
                    isCertificateError(e) ? TokenErrorType.NOT_TRUSTED : TokenErrorType.UNREACHABLE, detail, e);
        } finally {
            payload.clear();
            wipeBuffers();
        }
    }

    /** Overwrites okio's pooled buffers of this thread, which contain the data of this call. */
    private static void wipeBuffers() {
        try (Buffer all = new Buffer()) {
            for (int wiped = 0; wiped < SEGMENT_POOL_BYTES; wiped += ZEROS.length) {
                all.write(ZEROS);
            }
            all.clear();
        }
    }

    /** Adds the headers after the connection is established; from then on, a request without a body counts as sent. */
    private static Response sendPayload(Interceptor.Chain chain) throws IOException {
        // Otherwise, the request waits for the TCP acknowledgment of the handshake, which many servers delay by 40 ms.
        Objects.requireNonNull(chain.connection()).socket().setTcpNoDelay(true);
        Request.Builder request = chain.request().newBuilder();
        Objects.requireNonNull(chain.request().tag(Payload.class)).addHeaders(request);
        return chain.proceed(request.build());
    }

    private static boolean isCertificateError(IOException e) {
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
        Proxy configured = http.proxy();
        List<Proxy> proxies =
                configured != null ? List.of(configured) : http.proxySelector().select(url.uri());
        return proxies.stream()
                .filter(proxy -> proxy.type() != Proxy.Type.DIRECT)
                .map(proxy -> ", through the proxy " + proxy.address())
                .findFirst()
                .orElse("");
    }

    /**
     * Headers and body of one request, and whether they were sent. The {@code Request} does not contain them, because
     * OkHttp retains it for another minute. References to them are cleared when they are sent.
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
