package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;

/**
 * What a bearer says about itself, if it is a JWT. Its signature is not looked at: the bearer came over a trusted
 * connection from the server that made it, and nothing is admitted because of what it says.
 */
record JwtClaims(JsonNode claims) {

    /** Empty claims when the text is no JWT. */
    static JwtClaims of(String bearer) {
        String[] parts = bearer.split("\\.", -1);
        if (parts.length != 3) {
            return new JwtClaims(MissingNode.getInstance());
        }
        try {
            return new JwtClaims(Json.MAPPER.readTree(Base64.getUrlDecoder().decode(parts[1])));
        } catch (IllegalArgumentException | IOException e) {
            return new JwtClaims(MissingNode.getInstance());
        }
    }

    boolean isJwt() {
        return claims.isObject();
    }

    /**
     * How long it lives from when it was issued.
     *
     * @param serverNow seconds since 1970 by the server's clock, for a JWT that does not say when it was issued
     * @return null when it does not tell
     */
    @CheckForNull
    Duration lifetime(long serverNow) {
        JsonNode exp = claims.path("exp");
        if (!exp.isNumber()) {
            return null;
        }
        JsonNode iat = claims.path("iat");
        return Duration.ofSeconds(bounded(exp.asLong()) - bounded(iat.isNumber() ? iat.asLong() : serverNow));
    }

    /** Keeps sums within what {@code long} and {@code Duration} hold. */
    private static long bounded(long epochSeconds) {
        return Math.max(0, Math.min(epochSeconds, 1L << 40));
    }

    @CheckForNull
    String text(String claim) {
        return ServerAnswer.text(claims, claim);
    }
}
