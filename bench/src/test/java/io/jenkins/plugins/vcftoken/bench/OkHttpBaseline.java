package io.jenkins.plugins.vcftoken.bench;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.ConnectionPool;
import okhttp3.FormBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** Baseline: a refresh request with plain OkHttp, on a new connection, as with one request per hour. */
final class OkHttpBaseline {

    private static final Pattern NEXT = Pattern.compile("\"refresh_token\":\"([^\"]+)\"");

    private final OkHttpClient http;
    private final String url;
    private String token;

    OkHttpBaseline(Simulator simulator, String account) {
        this.http = TestTokenService.trusting(simulator)
                .newBuilder()
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
                .build();
        this.url = simulator.url() + "/oauth/tenant/acme/token";
        this.token = simulator.addAccount(account, "acme");
    }

    void requestToken() throws IOException {
        FormBody form = new FormBody.Builder()
                .add("grant_type", "refresh_token")
                .add("refresh_token", token)
                .build();
        Request request = new Request.Builder()
                .url(url)
                .header("Accept", "application/json")
                .post(form)
                .build();
        try (Response response = http.newCall(request).execute()) {
            String body = response.body().string();
            Matcher next = NEXT.matcher(body);
            if (response.code() != 200 || !next.find()) {
                throw new IOException("HTTP " + response.code());
            }
            token = next.group(1);
        }
    }

    /** Writes a file and forces it to disk. */
    static void force(Path file, byte[] content) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(content));
            channel.force(true);
        }
    }

    static double millisSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }
}
