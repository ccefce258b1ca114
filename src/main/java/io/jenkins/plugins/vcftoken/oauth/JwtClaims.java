package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;

/**
 * What an access token says about itself, if it is a JWT. Its signature is not looked at: the access token came over a trusted
 * connection from the server that made it, and nothing is admitted because of what it says.
 */
record JwtClaims(JsonNode claims) {

    /** As seconds this is the year 5138, as milliseconds 1973. */
    private static final long SURELY_MILLISECONDS = 100_000_000_000L;

    /** Empty claims when the text is no JWT. */
    static JwtClaims of(String accessToken) {
        String[] parts = accessToken.split("\\.", -1);
        if (parts.length != 3) {
            return new JwtClaims(MissingNode.getInstance());
        }
        try {
            return new JwtClaims(
                    WipingJson.MAPPER.readTree(Base64.getUrlDecoder().decode(parts[1])));
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
        JsonNode iat = claims.path("iat");
        return exp.isNumber()
                ? Duration.ofSeconds(
                        epochSeconds(exp.asLong()) - epochSeconds(iat.isNumber() ? iat.asLong() : serverNow))
                : null;
    }

    /** As {@link #lifetime(long)}; null as well when it does not say when it was issued. */
    @CheckForNull
    Duration lifetime() {
        return claims.path("iat").isNumber() ? lifetime(0) : null;
    }

    /** Within what sums of {@code long} and {@code Duration} hold; a time that is given in milliseconds is taken as such. */
    private static long epochSeconds(long time) {
        long seconds = time < SURELY_MILLISECONDS ? time : time / 1_000;
        return Math.max(0, Math.min(seconds, 1L << 40));
    }

    @CheckForNull
    String text(String claim) {
        return HttpResponseParser.text(claims, claim);
    }
}
