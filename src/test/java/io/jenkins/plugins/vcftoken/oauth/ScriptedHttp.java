package io.jenkins.plugins.vcftoken.oauth;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;

/**
 * HTTP client without network access that returns enqueued responses, for responses that the simulator does not
 * support.
 */
final class ScriptedHttp implements Interceptor {

    static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    /** Requests in order, as "METHOD /path". */
    final List<String> requests = new ArrayList<>();

    private final Queue<Response.Builder> responses = new ArrayDeque<>();

    private String errorMessage;

    final AtMostOnceHttpClient client = TestTokenService.client(
            new OkHttpClient.Builder().addInterceptor(this).build(), () -> NOW, TestTokenService.MAX_WAIT);

    /** @param headers alternating names and values */
    ScriptedHttp enqueue(int status, String body, String... headers) {
        Response.Builder response = new Response.Builder()
                .protocol(Protocol.HTTP_1_1)
                .code(status)
                .message("")
                .body(ResponseBody.create(body, MediaType.get("application/json")));
        for (int i = 0; i < headers.length; i += 2) {
            response.header(headers[i], headers[i + 1]);
        }
        responses.add(response);
        return this;
    }

    /** @param message of the exception after the last response */
    void failWith(String message) {
        errorMessage = message;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
        requests.add(chain.request().method() + ' ' + chain.request().url().encodedPath());
        Response.Builder response = responses.poll();
        if (response == null) {
            throw new IOException(errorMessage);
        }
        return response.request(chain.request()).build();
    }
}
