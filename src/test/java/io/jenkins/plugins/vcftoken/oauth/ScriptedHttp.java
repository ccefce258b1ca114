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

/** A client without a network, for responses that the simulator does not give: it gives them one after the other. */
final class ScriptedHttp implements Interceptor {

    static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    /** The requests in their order: "METHOD /path". */
    final List<String> asked = new ArrayList<>();

    private final Queue<Response.Builder> answers = new ArrayDeque<>();

    private String lastWords;

    final OneShotHttpClient client = TestTokenService.client(
            new OkHttpClient.Builder().addInterceptor(this).build(), () -> NOW, TestTokenService.PLENTY);

    /** @param headers names and values in turn */
    ScriptedHttp answer(int status, String body, String... headers) {
        Response.Builder answer = new Response.Builder()
                .protocol(Protocol.HTTP_1_1)
                .code(status)
                .message("")
                .body(ResponseBody.create(body, MediaType.get("application/json")));
        for (int i = 0; i < headers.length; i += 2) {
            answer.header(headers[i], headers[i + 1]);
        }
        answers.add(answer);
        return this;
    }

    /** @param words the message of the exception after the last response */
    void breakWith(String words) {
        lastWords = words;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
        asked.add(chain.request().method() + ' ' + chain.request().url().encodedPath());
        Response.Builder answer = answers.poll();
        if (answer == null) {
            throw new IOException(lastWords);
        }
        return answer.request(chain.request()).build();
    }
}
