package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tools break long lines, and each line then has a part of the access token. */
class TokenFragmentMaskTest {

    private static final int SHORTEST_PART = 40;

    private static final String HEADER = encode("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"8f1e\"}");

    @TempDir
    private Path disk;

    @Test
    void traceOfCurl_withTokenInHeader_showsNoLongPart() throws Exception {
        String token = jwt(1, 256);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/deployment/api/deployments";
            String trace = run(
                    "",
                    "curl",
                    "--silent",
                    "--noproxy",
                    "*",
                    "--trace-ascii",
                    "-",
                    "-H",
                    "Authorization: Bearer " + token,
                    url);
            assertThat(trace)
                    .containsPattern("Bearer eyJ\\S+\n[0-9a-f]{4}: \\S+\n")
                    .doesNotContain(token);
            assertHidden(List.of(token), trace);
            assertThat(mask(token).mask(trace)).contains("GET /deployment/api/deployments HTTP/1.1", "204 No Content");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void base64OfOpenssl_whateverStandsBeforeTheToken_showsNoLongPart() throws Exception {
        String token = jwt(1, 256);
        for (String before : List.of("", "u:", "Authorization: Bearer ", "xyz")) {
            String encoded = run(before + token, "openssl", "base64");
            assertThat(encoded.lines().count()).isGreaterThan(5);
            assertHidden(List.of(token), encoded);
        }
    }

    @Test
    void base64AndFold_withDefaultWidths_showNoLongPart() throws Exception {
        String token = jwt(1, 256);
        assertHidden(List.of(token), run(token, "base64"));
        assertHidden(List.of(token), run(token, "fold"));
        assertHidden(List.of(token), run(token, "fold", "-w", "41"));
    }

    /** As PowerShell's {@code Format-List} prints a long property on a console of 80 columns, and of 120. */
    @Test
    void propertyInFormatList_onNarrowConsole_showsNoLongPart() {
        String token = jwt(1, 256);
        for (int width : List.of(80, 120)) {
            StringBuilder list = new StringBuilder("\r\nname          : vcfa\r\n");
            for (int at = 0; at < token.length(); at += width - 16) {
                list.append(at == 0 ? "access_token  : " : "                ")
                        .append(token, at, Math.min(token.length(), at + width - 16))
                        .append("\r\n");
            }
            list.append("expires_in    : 3600\r\n");
            assertHidden(List.of(token), list.toString());
            assertThat(mask(token).mask(list.toString())).contains("name          : vcfa", "expires_in    : 3600");
        }
    }

    @Test
    void signatureAlone_ofEachUsualLength_isMasked() {
        for (int bytes : List.of(32, 48, 64, 256, 512)) {
            String token = jwt(3, bytes);
            String signature = token.substring(token.lastIndexOf('.') + 1);
            assertThat(mask(token).mask("signature: " + signature + " end")).isEqualTo("signature: **** end");
        }
    }

    @Test
    void headerAlone_whichAllTokensOfTheServerShare_isLeft() {
        String token = jwt(1, 256);
        assertThat(HEADER.length()).isGreaterThan(SHORTEST_PART);
        String line = "kid of " + HEADER + ": 8f1e";
        assertThat(mask(token).mask(line)).isSameAs(line);
        String encoded = Base64.getEncoder().encodeToString((HEADER + "\n").getBytes(StandardCharsets.UTF_8));
        assertThat(mask(token).mask(encoded)).isSameAs(encoded);
    }

    @Test
    void partOfFewerCharacters_isLeft() {
        String token = jwt(1, 256);
        String part = token.substring(100, 100 + SHORTEST_PART - 1);
        assertThat(mask(token).mask("part " + part + " end")).isEqualTo("part " + part + " end");
        String enough = token.substring(100, 100 + SHORTEST_PART);
        assertThat(mask(token).mask("part " + enough + " end")).isEqualTo("part **** end");
    }

    /** Tokens of one account have most of their beginnings in common, and differ from some place on. */
    @Test
    void partOfOneOfManyTokens_withCommonBeginnings_isMaskedAsAWhole() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tokens.add(jwt(i, 64));
        }
        TokenMasker mask = mask(tokens.toArray(String[]::new));
        Set<String> parts = parts(tokens);
        Random random = new Random(11);
        for (int i = 0; i < 2_000; i++) {
            String token = tokens.get(random.nextInt(tokens.size()));
            int from = HEADER.length() + random.nextInt(token.length() - HEADER.length() - SHORTEST_PART);
            int to = from + SHORTEST_PART + random.nextInt(token.length() - from - SHORTEST_PART);
            String masked = mask.mask("a " + token.substring(from, to) + " b");
            assertThat(hasAny(parts, masked)).as(masked).isFalse();
        }
    }

    @Property(tries = 500)
    void anyTokenInAnyForm_brokenAnywhereAbove40_showsNoLongPart(
            @ForAll("tokens") String token,
            @ForAll @IntRange(min = SHORTEST_PART, max = 130) int width,
            @ForAll @IntRange(max = 39) int indent,
            @ForAll @IntRange(max = 20) int form) {
        List<String> forms = List.copyOf(TokenEncodings.of(List.of(token)));
        String text = forms.get(form % forms.size());
        StringBuilder broken = new StringBuilder("begin ");
        for (int at = 0; at < text.length(); at += width) {
            broken.append(text, at, Math.min(text.length(), at + width))
                    .append('\n')
                    .append(" ".repeat(indent));
        }
        assertHidden(List.of(token), broken.append("end").toString());
    }

    @Property(tries = 200)
    void anyOtherText_isLeft(@ForAll("tokens") String token, @ForAll("texts") String text) {
        String another = jwt(77, 64);
        String line = text + ' ' + another.substring(another.lastIndexOf('.'));
        assertThat(mask(token).mask(line)).isSameAs(line);
    }

    @Provide
    Arbitrary<String> tokens() {
        Arbitrary<String> opaque = Arbitraries.strings()
                .withChars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-")
                .ofMinLength(60)
                .ofMaxLength(900);
        Arbitrary<String> jwts = Arbitraries.integers().between(1000, 2000).map(id -> jwt(id, 256));
        return Arbitraries.oneOf(opaque, jwts);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().all().excludeChars('*').ofMaxLength(300);
    }

    /** No part of 40 characters of any form is left, but for what all tokens of the server have in common. */
    private static void assertHidden(List<String> tokens, String text) {
        String masked = mask(tokens.toArray(String[]::new)).mask(text);
        assertThat(hasAny(parts(tokens), masked)).as(masked).isFalse();
    }

    private static Set<String> parts(List<String> tokens) {
        Set<String> common = tokens.get(0).startsWith("eyJ") ? TokenEncodings.of(List.of(HEADER)) : Set.of();
        Set<String> parts = new HashSet<>();
        for (String token : tokens) {
            for (String form : TokenEncodings.of(List.of(token))) {
                for (int at = 0; at + SHORTEST_PART <= form.length(); at++) {
                    String part = form.substring(at, at + SHORTEST_PART);
                    if (at > 2 * HEADER.length() || common.stream().noneMatch(header -> header.contains(part))) {
                        parts.add(part);
                    }
                }
            }
        }
        return parts;
    }

    private static boolean hasAny(Set<String> parts, String text) {
        return IntStream.rangeClosed(0, text.length() - SHORTEST_PART)
                .anyMatch(at -> parts.contains(text.substring(at, at + SHORTEST_PART)));
    }

    private static TokenMasker mask(String... tokens) {
        return new TokenMasker(TokenEncodings.of(List.of(tokens)), null);
    }

    private static String jwt(int id, int signatureBytes) {
        byte[] signature = new byte[signatureBytes];
        new Random(id).nextBytes(signature);
        String claims = "{\"iss\":\"https://vcfa.example.com/oidc\",\"sub\":\"svc-jenkins\",\"context\":\"acme\","
                + "\"iat\":" + (1_700_000_000 + id) + "}";
        return HEADER
                + '.'
                + encode(claims)
                + '.'
                + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private String run(String input, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(disk, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(command[0] + Files.readString(output))
                .isZero();
        return Files.readString(output);
    }
}
