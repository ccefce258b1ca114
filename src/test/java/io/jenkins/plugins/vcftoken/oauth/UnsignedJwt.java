package io.jenkins.plugins.vcftoken.oauth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** JWTs with an invalid signature. */
final class UnsignedJwt {

    private UnsignedJwt() {}

    /** @param claims a JSON object */
    static String of(String claims) {
        return "e30."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".sig";
    }
}
