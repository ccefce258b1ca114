package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/**
 * A secret that a server issued to replace another one.
 *
 * @param secret the only copy
 * @param expiresAt by the clock of the server; null if unknown
 */
public record RegeneratedSecret(String secret, @CheckForNull Instant expiresAt) {

    /** Omits the secret. */
    @Override
    public String toString() {
        return "RegeneratedSecret[expires " + expiresAt + "]";
    }
}
