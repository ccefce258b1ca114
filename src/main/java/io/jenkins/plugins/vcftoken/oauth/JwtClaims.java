package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

/**
 * The claims of an access token that is a JWT (<a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>). The
 * signature is not checked: the token came over a trusted connection from the server that issued it, and claims are
 * used for display and lifetimes only.
 *
 * @param claims missing where the token is no JWT
 */
public record JwtClaims(JsonNode claims) {

    /** As seconds this is the year 5138, as milliseconds 1973. */
    private static final long SURELY_MILLISECONDS = 100_000_000_000L;

    /** In this order: VCF Automation's, Cloud Services', SDDC Manager's, then those that any JWT may have. */
    private static final String[] SUBJECTS = {
        "preferred_username", "acct", "username", "user", "name", "email", "azp", "client_id", "sub"
    };

    private static final String[] ORGANIZATIONS = {"org_name", "org_display_name", "context_name", "org_id"};

    /** Reads the claims of an access token. */
    public static JwtClaims of(String accessToken) {
        String[] parts = accessToken.split("\\.", -1);
        if (parts.length != 3) {
            return new JwtClaims(MissingNode.getInstance());
        }
        try {
            return new JwtClaims(
                    OneShotHttpClient.JSON.readTree(Base64.getUrlDecoder().decode(parts[1])));
        } catch (IllegalArgumentException | IOException e) {
            return new JwtClaims(MissingNode.getInstance());
        }
    }

    boolean isJwt() {
        return claims.isObject();
    }

    /** The user, service account or app, redacted for display; null without such a claim. */
    @CheckForNull
    public String subject() {
        return firstText(SUBJECTS);
    }

    /** Name of the organization, or its ID without a name, redacted for display; null without such a claim. */
    @CheckForNull
    public String organization() {
        return firstText(ORGANIZATIONS);
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
     * The lifetime from when the token was issued.
     *
     * @param serverNow seconds since 1970 by the clock of the server, for a JWT without {@code iat}
     * @return null without {@code exp}
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

    /** The time of {@code exp}; null without it. */
    @CheckForNull
    Instant expiry() {
        JsonNode exp = claims.path("exp");
        return exp.isNumber() ? Instant.ofEpochSecond(epochSeconds(exp.asLong())) : null;
    }

    /** As {@link #lifetime(long)}; null without {@code iat}, too. */
    @CheckForNull
    Duration lifetime() {
        return claims.path("iat").isNumber() ? lifetime(0) : null;
    }

    /**
     * Converts milliseconds, and limits the value so that sums of {@code long} and {@code Duration} do not overflow.
     */
    private static long epochSeconds(long time) {
        long seconds = time < SURELY_MILLISECONDS ? time : time / 1_000;
        return Math.max(0, Math.min(seconds, 1L << 40));
    }
}
