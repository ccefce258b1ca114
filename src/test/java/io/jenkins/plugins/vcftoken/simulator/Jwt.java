package io.jenkins.plugins.vcftoken.simulator;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/** Access tokens with the claims of the vendor's; the signature is a dummy. */
final class Jwt {

    private Jwt() {}

    static String of(String user, String organization, Instant issuedAt, Instant expiresAt, long nonce) {
        String header = encode("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
        String claims = encode("{\"iss\":\"simulator\",\"aud\":\"simulator\",\"preferred_username\":\"" + user
                + "\",\"org_name\":\"" + organization + "\",\"iat\":" + issuedAt.getEpochSecond() + ",\"nbf\":"
                + issuedAt.getEpochSecond() + ",\"exp\":" + expiresAt.getEpochSecond() + ",\"jti\":\"" + nonce
                + "\"}");
        return header + '.' + claims + '.' + encode("signature of " + nonce);
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
