package io.jenkins.plugins.vcftoken.binding;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;

/** JSON Web Tokens with the same header, like those of one server. */
final class TestJwt {

    static final String HEADER = encode("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"8f1e\"}");

    private TestJwt() {}

    static String create(int id, int signatureBytes) {
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
}
