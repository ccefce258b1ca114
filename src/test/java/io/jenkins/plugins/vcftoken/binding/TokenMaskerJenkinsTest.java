package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TokenMaskerJenkinsTest {

    private static final String HEADER = encode("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"8f1e\"}");

    @Test
    void masksEachAccessTokenInEachForm() {
        List<String> accessTokens = jwts(50);
        TokenMasker mask = mask(accessTokens);
        for (String accessToken : accessTokens) {
            assertThat(mask.mask("a " + accessToken + " b")).isEqualTo("a **** b");
            assertThat(mask.mask("'" + accessToken + "'\n")).isEqualTo("'****'\n");
            for (String before : List.of("", "u:", "Authorization: Bearer ", "xyz")) {
                byte[] bytes = (before + accessToken + "\n").getBytes(StandardCharsets.UTF_8);
                assertHidden(mask, accessToken, Base64.getEncoder().encodeToString(bytes));
                assertHidden(mask, accessToken, Base64.getUrlEncoder().encodeToString(bytes));
                assertHidden(
                        mask, accessToken, Base64.getEncoder().withoutPadding().encodeToString(bytes));
            }
        }
    }

    /** What base64 shares with the neighbors may stay: less than one character of the access token on either side. */
    private static void assertHidden(TokenMasker mask, String accessToken, String encoded) {
        String masked = mask.mask(encoded);
        assertThat(masked).contains(TokenMasker.MASK);
        assertThat(masked.length()).isLessThan(encoded.length() - accessToken.length());
    }

    /** However a log is cut into writes, and whatever ends its lines. */
    @Test
    void aStreamMasksWhateverPiecesItIsGivenIn() throws Exception {
        List<String> accessTokens = jwts(3);
        TokenMasker mask = mask(accessTokens);
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            StringBuilder log = new StringBuilder();
            for (int part = random.nextInt(12); part >= 0; part--) {
                log.append(random.nextBoolean() ? "läuft… " : accessTokens.get(random.nextInt(3)));
                log.append(List.of("", " ", "\n", "\r\n", "\r", "\n\n").get(random.nextInt(6)));
            }
            byte[] bytes = log.toString().getBytes(StandardCharsets.UTF_8);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (MaskingOutputStream stream = new MaskingOutputStream(out, mask::mask, StandardCharsets.UTF_8)) {
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
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(mask.mask(log.toString()));
        }
    }

    @Test
    void aStreamGoesOnFromALineThatIsLongerThanItTakesAtOnce() throws Exception {
        String accessToken = jwts(1).get(0);
        TokenMasker mask = mask(List.of(accessToken));
        String text = "x".repeat(100_000) + accessToken + "\n" + accessToken + "\n";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (MaskingOutputStream stream = new MaskingOutputStream(out, mask::mask, StandardCharsets.UTF_8)) {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("x".repeat(100_000) + "****\n****\n");
    }

    @Test
    void masksAccessTokensThatNeedEncoding() {
        String accessToken = "abc/def+ghi=jkl/mno==";
        TokenMasker mask = mask(List.of(accessToken));
        assertThat(mask.mask("url=" + URLEncoder.encode(accessToken, StandardCharsets.UTF_8) + "&x"))
                .isEqualTo("url=****&x");
        assertThat(mask.mask("{\"token\":\"abc\\/def+ghi=jkl\\/mno==\"}")).isEqualTo("{\"token\":\"****\"}");
        assertThat(mask.mask("{\"token\":\"abc/def\\u002bghi\\u003djkl/mno\\u003d\\u003d\"}"))
                .isEqualTo("{\"token\":\"****\"}");
    }

    @Test
    void theLongerOfTwoIsMasked() {
        TokenMasker mask = new TokenMasker(Set.of("abcdefgh", "abcdefghij", "abcdefghiz", "abcdefghiz0123"), null);
        assertThat(mask.mask("abcdefghij")).isEqualTo("****");
        assertThat(mask.mask("abcdefghiz012")).isEqualTo("****012");
        assertThat(mask.mask("abcdefghi")).isEqualTo("****i");
        assertThat(mask.mask("abcdefg")).isEqualTo("abcdefg");
        assertThat(mask.mask("abcdefghabcdefgh")).isEqualTo("********");
    }

    @Test
    void leavesEverythingElseAlone() {
        TokenMasker mask = mask(jwts(3));
        String line = "nothing to see: " + HEADER + " läuft… 漢字\n";
        assertThat(mask.mask(line)).isSameAs(line);
        assertThat(mask.matches(line)).isFalse();
        assertThat(new TokenMasker(Set.of(), null).mask(line)).isSameAs(line);
    }

    @Test
    void theShapeMasksAccessTokensYetToCome() {
        List<String> known = jwts(1);
        String later = jwts(2).get(1);
        TokenMasker mask = new TokenMasker(Set.of(), TokenEncodings.shape(known));
        assertThat(mask.mask("now " + later + " end")).isEqualTo("now **** end");
        for (String before : List.of("", "u:", "Authorization: Bearer ")) {
            String encoded = Base64.getEncoder().encodeToString((before + later).getBytes(StandardCharsets.UTF_8));
            assertThat(mask.mask(encoded)).endsWith(TokenMasker.MASK).hasSizeLessThan(before.length() * 2 + 8);
        }
        assertThat(mask.mask("eyJhbGciOiJIUzI1NiJ9 is a header only"))
                .isEqualTo("eyJhbGciOiJIUzI1NiJ9 is a header only");
    }

    @Test
    void theShape_masksATokenYetToComeThatBeginsAsAKnownOne_asAWhole() {
        String known = jwts(1).get(0);
        String later = known.substring(0, known.length() - 10) + "0123456789";
        TokenMasker mask = new TokenMasker(TokenEncodings.of(Set.of(known)), TokenEncodings.shape(Set.of(known)));
        for (String text : List.of(later, known)) {
            assertThat(mask.mask("now " + text + " end")).isEqualTo("now **** end");
            String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
            assertThat(mask.mask("now " + encoded + " end")).isEqualTo("now **** end");
        }
    }

    /** A hundred times the access tokens: linear growth would be a hundred times the work. */
    @Test
    void theCostGrowsSlowerThanTheNumberOfAccessTokens() {
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
        TokenMasker few = mask(accessTokens.subList(0, 10));
        TokenMasker many = mask(accessTokens);
        long costOfFew = Long.MAX_VALUE;
        long costOfMany = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            costOfFew = Math.min(costOfFew, cost(few, lines));
            costOfMany = Math.min(costOfMany, cost(many, lines));
        }
        assertThat(costOfMany).isLessThan(costOfFew * 10);
    }

    private static long cost(TokenMasker mask, List<String> lines) {
        long start = System.nanoTime();
        lines.forEach(mask::mask);
        return System.nanoTime() - start;
    }

    private static TokenMasker mask(List<String> accessTokens) {
        return new TokenMasker(TokenEncodings.of(accessTokens), null);
    }

    private static List<String> jwts(int count) {
        Random random = new Random(7);
        List<String> jwts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] signature = new byte[64];
            random.nextBytes(signature);
            jwts.add(HEADER
                    + '.'
                    + encode("{\"iss\":\"vcfa\",\"iat\":" + (1_700_000_000 + i) + "}")
                    + '.'
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(signature));
        }
        return jwts;
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
