package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/**
 * The secret that a server issued in place of another one.
 *
 * @param secret the only copy
 * @param expiresAt when it expires, by the clock of the server; null when the server did not say
 */
public record RegeneratedSecret(String secret, @CheckForNull Instant expiresAt) {

    /** Without the secret. */
    @Override
    public String toString() {
        return "RegeneratedSecret[expires " + expiresAt + "]";
    }
}
