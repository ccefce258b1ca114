package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenMaskerJenkinsTest {

    @Test
    void mask_ofATokenThatIsTheHeaderOfAnother_removesBoth() {
        String token = "eyJbGciOiJu5lIn0";
        TokenMasker masker = new TokenMasker(Set.of(token, token + ".e0."), null);
        assertThat(masker.mask(token + ' ' + token + ".e0.")).isEqualTo("**** ****");
    }

    @Test
    void accessTokens_inEachEncoding_areMasked() {
        List<String> accessTokens = jwts(50);
        TokenMasker masker = masker(accessTokens);
        for (String accessToken : accessTokens) {
            assertThat(masker.mask("a " + accessToken + " b")).isEqualTo("a **** b");
            assertThat(masker.mask("'" + accessToken + "'\n")).isEqualTo("'****'\n");
            for (String before : List.of("", "u:", "Authorization: Bearer ", "xyz")) {
                byte[] bytes = (before + accessToken + "\n").getBytes(StandardCharsets.UTF_8);
                assertHidden(masker, accessToken, Base64.getEncoder().encodeToString(bytes));
                assertHidden(masker, accessToken, Base64.getUrlEncoder().encodeToString(bytes));
                assertHidden(
                        masker,
                        accessToken,
                        Base64.getEncoder().withoutPadding().encodeToString(bytes));
            }
        }
    }

    /** Base64 characters that also encode neighboring text may remain, less than one token character on each side. */
    private static void assertHidden(TokenMasker masker, String accessToken, String encoded) {
        String masked = masker.mask(encoded);
        assertThat(masked).contains(TokenMasker.MASK);
        assertThat(masked.length()).isLessThan(encoded.length() - accessToken.length());
    }

    @Test
    void stream_withRandomChunksAndLineEnds_isMaskedLikeTheWholeText() throws Exception {
        List<String> accessTokens = jwts(3);
        TokenMasker masker = masker(accessTokens);
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            StringBuilder log = new StringBuilder();
            for (int part = random.nextInt(12); part >= 0; part--) {
                log.append(random.nextBoolean() ? "läuft… " : accessTokens.get(random.nextInt(3)));
                log.append(List.of("", " ", "\n", "\r\n", "\r", "\n\n").get(random.nextInt(6)));
            }
            byte[] bytes = log.toString().getBytes(StandardCharsets.UTF_8);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (MaskingOutputStream stream = new MaskingOutputStream(out, masker::mask, StandardCharsets.UTF_8)) {
                for (int at = 0; at < bytes.length; ) {
                    int length = Math.min(bytes.length - at, 1 + random.nextInt(500));
                    if (length == 1) {
                        stream.write(bytes[at]);
                    } else {
                        stream.write(bytes, at, length);
                    }
                    at += length;
                }
            }
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(masker.mask(log.toString()));
        }
    }

    @Test
    void stream_withALineLongerThanItsBuffer_isMasked() throws Exception {
        String accessToken = jwts(1).get(0);
        TokenMasker masker = masker(List.of(accessToken));
        String text = "x".repeat(100_000) + accessToken + "\n" + accessToken + "\n";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (MaskingOutputStream stream = new MaskingOutputStream(out, masker::mask, StandardCharsets.UTF_8)) {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("x".repeat(100_000) + "****\n****\n");
    }

    @Test
    void accessTokensWithSpecialCharacters_whenEncoded_areMasked() {
        String accessToken = "abc/def+ghi=jkl/mno==";
        TokenMasker masker = masker(List.of(accessToken));
        assertThat(masker.mask("url=" + URLEncoder.encode(accessToken, StandardCharsets.UTF_8) + "&x"))
                .isEqualTo("url=****&x");
        assertThat(masker.mask("{\"token\":\"abc\\/def+ghi=jkl\\/mno==\"}")).isEqualTo("{\"token\":\"****\"}");
        assertThat(masker.mask("{\"token\":\"abc/def\\u002bghi\\u003djkl/mno\\u003d\\u003d\"}"))
                .isEqualTo("{\"token\":\"****\"}");
    }

    @Test
    void overlappingTokens_areMaskedByTheLongestMatch() {
        TokenMasker masker = new TokenMasker(Set.of("abcdefgh", "abcdefghij", "abcdefghiz", "abcdefghiz0123"), null);
        assertThat(masker.mask("abcdefghij")).isEqualTo("****");
        assertThat(masker.mask("abcdefghiz012")).isEqualTo("****012");
        assertThat(masker.mask("abcdefghi")).isEqualTo("****i");
        assertThat(masker.mask("abcdefg")).isEqualTo("abcdefg");
        assertThat(masker.mask("abcdefghabcdefgh")).isEqualTo("********");
    }

    @Test
    void otherText_isNotChanged() {
        TokenMasker masker = masker(jwts(3));
        String line = "nothing to see: " + TestJwt.HEADER + " läuft… 漢字\n";
        assertThat(masker.mask(line)).isSameAs(line);
        assertThat(masker.matches(line)).isFalse();
        assertThat(new TokenMasker(Set.of(), null).mask(line)).isSameAs(line);
    }

    @Test
    void jwtPattern_masksFutureAccessTokens() {
        List<String> known = jwts(1);
        String later = jwts(2).get(1);
        TokenMasker masker = new TokenMasker(Set.of(), TokenEncodings.jwtPattern(known));
        assertThat(masker.mask("now " + later + " end")).isEqualTo("now **** end");
        for (String before : List.of("", "u:", "Authorization: Bearer ")) {
            String encoded = Base64.getEncoder().encodeToString((before + later).getBytes(StandardCharsets.UTF_8));
            assertThat(masker.mask(encoded)).endsWith(TokenMasker.MASK).hasSizeLessThan(before.length() * 2 + 8);
        }
        assertThat(masker.mask("eyJhbGciOiJIUzI1NiJ9 is a header only"))
                .isEqualTo("eyJhbGciOiJIUzI1NiJ9 is a header only");
    }

    @Test
    void jwtPattern_withAKnownTokenOfTheSamePrefix_masksFutureTokensCompletely() {
        String known = jwts(1).get(0);
        String later = known.substring(0, known.length() - 10) + "0123456789";
        TokenMasker masker =
                new TokenMasker(TokenEncodings.of(Set.of(known)), TokenEncodings.jwtPattern(Set.of(known)));
        for (String text : List.of(later, known)) {
            assertThat(masker.mask("now " + text + " end")).isEqualTo("now **** end");
            String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
            assertThat(masker.mask("now " + encoded + " end")).isEqualTo("now **** end");
        }
    }

    /** With 100 times as many tokens, linear growth would mean 100 times the cost. */
    @Test
    void cost_growsSlowerThanTheNumberOfTokens() {
        List<String> accessTokens = jwts(1_000);
        StringBuilder log = new StringBuilder();
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            log.append("+ curl -fsS https://vcfa.example.com/deployment/api/deployments/")
                    .append(random.nextLong())
                    .append(i % 20 == 0 ? accessTokens.get(random.nextInt(10)) : " eyJ not an access token")
                    .append('\n');
        }
        List<String> lines = log.toString().lines().toList();
        TokenMasker few = masker(accessTokens.subList(0, 10));
        TokenMasker many = masker(accessTokens);
        long costOfFew = Long.MAX_VALUE;
        long costOfMany = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            costOfFew = Math.min(costOfFew, cost(few, lines));
            costOfMany = Math.min(costOfMany, cost(many, lines));
        }
        assertThat(costOfMany).isLessThan(costOfFew * 10);
    }

    private static long cost(TokenMasker masker, List<String> lines) {
        long start = System.nanoTime();
        lines.forEach(masker::mask);
        return System.nanoTime() - start;
    }

    private static TokenMasker masker(List<String> accessTokens) {
        return new TokenMasker(TokenEncodings.of(accessTokens), null);
    }

    private static List<String> jwts(int count) {
        return IntStream.range(0, count).mapToObj(id -> TestJwt.create(id, 64)).toList();
    }
}
