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

/** Masking of access tokens that a tool breaks into several lines. */
class TokenFragmentMaskTest {

    private static final int MIN_PART_LENGTH = 40;

    @TempDir
    private Path disk;

    @Test
    void traceOfCurl_withTokenInHeader_showsNoLongPart() throws Exception {
        String token = TestJwt.create(1, 256);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/deployment/api/deployments";
            String trace = runProcess(
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
            assertThat(masker(token).mask(trace))
                    .contains("GET /deployment/api/deployments HTTP/1.1", "204 No Content");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void base64OfOpenssl_withAnyPrefix_showsNoLongPart() throws Exception {
        String token = TestJwt.create(1, 256);
        for (String prefix : List.of("", "u:", "Authorization: Bearer ", "xyz")) {
            String encoded = runProcess(prefix + token, "openssl", "base64");
            assertThat(encoded.lines().count()).isGreaterThan(5);
            assertHidden(List.of(token), encoded);
        }
    }

    @Test
    void base64AndFold_withDefaultWidths_showNoLongPart() throws Exception {
        String token = TestJwt.create(1, 256);
        assertHidden(List.of(token), runProcess(token, "base64"));
        assertHidden(List.of(token), runProcess(token, "fold"));
        assertHidden(List.of(token), runProcess(token, "fold", "-w", "41"));
    }

    /** Format of PowerShell's {@code Format-List} on consoles of 80 and 120 columns. */
    @Test
    void propertyInFormatList_onNarrowConsole_showsNoLongPart() {
        String token = TestJwt.create(1, 256);
        for (int width : List.of(80, 120)) {
            StringBuilder list = new StringBuilder("\r\nname          : vcfa\r\n");
            for (int at = 0; at < token.length(); at += width - 16) {
                list.append(at == 0 ? "access_token  : " : "                ")
                        .append(token, at, Math.min(token.length(), at + width - 16))
                        .append("\r\n");
            }
            list.append("expires_in    : 3600\r\n");
            assertHidden(List.of(token), list.toString());
            assertThat(masker(token).mask(list.toString())).contains("name          : vcfa", "expires_in    : 3600");
        }
    }

    @Test
    void signatureAlone_ofEachUsualLength_isMasked() {
        for (int bytes : List.of(32, 48, 64, 256, 512)) {
            String token = TestJwt.create(3, bytes);
            String signature = token.substring(token.lastIndexOf('.') + 1);
            assertThat(masker(token).mask("signature: " + signature + " end")).isEqualTo("signature: **** end");
        }
    }

    @Test
    void headerAlone_sharedByAllTokensOfTheServer_isNotMasked() {
        String token = TestJwt.create(1, 256);
        assertThat(TestJwt.HEADER.length()).isGreaterThan(MIN_PART_LENGTH);
        String line = "kid of " + TestJwt.HEADER + ": 8f1e";
        assertThat(masker(token).mask(line)).isSameAs(line);
        String encoded = Base64.getEncoder().encodeToString((TestJwt.HEADER + "\n").getBytes(StandardCharsets.UTF_8));
        assertThat(masker(token).mask(encoded)).isSameAs(encoded);
    }

    @Test
    void partBelowTheMinimumLength_isNotMasked() {
        String token = TestJwt.create(1, 256);
        String part = token.substring(100, 100 + MIN_PART_LENGTH - 1);
        assertThat(masker(token).mask("part " + part + " end")).isEqualTo("part " + part + " end");
        String longer = token.substring(100, 100 + MIN_PART_LENGTH);
        assertThat(masker(token).mask("part " + longer + " end")).isEqualTo("part **** end");
    }

    /** Tokens of one account have long common prefixes. */
    @Test
    void partOfOneOfManyTokens_withCommonPrefixes_isMaskedCompletely() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tokens.add(TestJwt.create(i, 64));
        }
        TokenMasker masker = masker(tokens.toArray(String[]::new));
        Set<String> parts = parts(tokens);
        Random random = new Random(11);
        for (int i = 0; i < 2_000; i++) {
            String token = tokens.get(random.nextInt(tokens.size()));
            int from = TestJwt.HEADER.length()
                    + random.nextInt(token.length() - TestJwt.HEADER.length() - MIN_PART_LENGTH);
            int to = from + MIN_PART_LENGTH + random.nextInt(token.length() - from - MIN_PART_LENGTH);
            String masked = masker.mask("a " + token.substring(from, to) + " b");
            assertThat(containsAny(parts, masked)).as(masked).isFalse();
        }
    }

    @Property(tries = 500)
    void anyTokenInAnyEncoding_inLinesOf40OrMore_showsNoLongPart(
            @ForAll("tokens") String token,
            @ForAll @IntRange(min = MIN_PART_LENGTH, max = 130) int width,
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
    void anyOtherText_isNotMasked(@ForAll("tokens") String token, @ForAll("texts") String text) {
        String another = TestJwt.create(77, 64);
        String line = text + ' ' + another.substring(another.lastIndexOf('.'));
        assertThat(masker(token).mask(line)).isSameAs(line);
    }

    @Provide
    Arbitrary<String> tokens() {
        Arbitrary<String> opaque = Arbitraries.strings()
                .withChars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-")
                .ofMinLength(60)
                .ofMaxLength(900);
        Arbitrary<String> jwts = Arbitraries.integers().between(1000, 2000).map(id -> TestJwt.create(id, 256));
        return Arbitraries.oneOf(opaque, jwts);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().all().excludeChars('*').ofMaxLength(300);
    }

    /** No part of 40 characters of any encoding is left, except for the header that all tokens of a server share. */
    private static void assertHidden(List<String> tokens, String text) {
        String masked = masker(tokens.toArray(String[]::new)).mask(text);
        assertThat(containsAny(parts(tokens), masked)).as(masked).isFalse();
    }

    private static Set<String> parts(List<String> tokens) {
        Set<String> common = tokens.get(0).startsWith("eyJ") ? TokenEncodings.of(List.of(TestJwt.HEADER)) : Set.of();
        Set<String> parts = new HashSet<>();
        for (String token : tokens) {
            for (String form : TokenEncodings.of(List.of(token))) {
                for (int at = 0; at + MIN_PART_LENGTH <= form.length(); at++) {
                    String part = form.substring(at, at + MIN_PART_LENGTH);
                    if (at > 2 * TestJwt.HEADER.length()
                            || common.stream().noneMatch(header -> header.contains(part))) {
                        parts.add(part);
                    }
                }
            }
        }
        return parts;
    }

    private static boolean containsAny(Set<String> parts, String text) {
        return IntStream.rangeClosed(0, text.length() - MIN_PART_LENGTH)
                .anyMatch(at -> parts.contains(text.substring(at, at + MIN_PART_LENGTH)));
    }

    private static TokenMasker masker(String... tokens) {
        return new TokenMasker(TokenEncodings.of(List.of(tokens)), null);
    }

    private String runProcess(String input, String... command) throws IOException, InterruptedException {
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
