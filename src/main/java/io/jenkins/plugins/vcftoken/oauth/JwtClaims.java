package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

/**
 * Claims of an access token in JWT format (<a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>). The
 * signature is not verified: the token was received over a trusted connection from its issuer, and claims are used for
 * display and lifetimes only.
 *
 * @param claims a missing node if the token is not a JWT
 */
public record JwtClaims(JsonNode claims) {

    /** Greater times are in milliseconds: the year is 5138 in seconds, and 1973 in milliseconds. */
    static final long MIN_MILLISECONDS = 100_000_000_000L;

    /** Claims of VCF Automation, Cloud Services and SDDC Manager, then common claims; the first one found is used. */
    private static final String[] SUBJECT_CLAIMS = {
        "preferred_username", "acct", "username", "user", "name", "email", "azp", "client_id", "sub"
    };

    private static final String[] ORGANIZATION_CLAIMS = {"org_name", "org_display_name", "context_name", "org_id"};

    public static JwtClaims of(String accessToken) {
        String[] parts = accessToken.split("\\.", -1);
        if (parts.length != 3) {
            return new JwtClaims(MissingNode.getInstance());
        }
        try {
            return new JwtClaims(
                    AtMostOnceHttpClient.JSON.readTree(Base64.getUrlDecoder().decode(parts[1])));
        } catch (IllegalArgumentException | IOException e) {
            return new JwtClaims(MissingNode.getInstance());
        }
    }

    boolean isJwt() {
        return claims.isObject();
    }

    /** @return the user, service account or app, redacted for display; null if the token has no such claim */
    @CheckForNull
    public String subject() {
        return firstText(SUBJECT_CLAIMS);
    }

    /** @return name of the organization, or else its ID, redacted for display; null if the token has no such claim */
    @CheckForNull
    public String organization() {
        return firstText(ORGANIZATION_CLAIMS);
    }

    @CheckForNull
    private String firstText(String... names) {
        for (String name : names) {
            String text = text(name);
            if (text != null) {
                return SecretRedactor.redact(text, "");
            }
        }
        return null;
    }

    @CheckForNull
    String text(String claim) {
        return TokenResponseParser.text(claims, claim);
    }

    /**
     * Computes the lifetime since the token was issued.
     *
     * @param serverNow time of the server in epoch seconds, used for a JWT without {@code iat}
     * @return null if the token has no {@code exp}
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

    /** @return null if the token has no {@code exp} */
    @CheckForNull
    Instant expiry() {
        JsonNode exp = claims.path("exp");
        return exp.isNumber() ? Instant.ofEpochSecond(epochSeconds(exp.asLong())) : null;
    }

    /** @return null if the token has no {@code exp} or no {@code iat} */
    @CheckForNull
    Duration lifetime() {
        return claims.path("iat").isNumber() ? lifetime(0) : null;
    }

    /** Converts milliseconds, and limits the value to prevent overflow in arithmetic with {@code Duration}. */
    private static long epochSeconds(long time) {
        long seconds = time < MIN_MILLISECONDS ? time : time / 1_000;
        return Math.max(0, Math.min(seconds, 1L << 40));
    }
}
