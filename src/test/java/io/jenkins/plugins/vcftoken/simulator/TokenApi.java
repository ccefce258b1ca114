package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** Token endpoints of a product. Methods that process a request are called with the lock of the simulator. */
interface TokenApi {

    boolean serves(String path);

    /** Whether this is the path of a token request, to which faults apply. */
    default boolean isTokenRequest(String path) {
        return true;
    }

    /** Whether a request for this path replaces the secret, and so has {@linkplain RefreshPhase phases}. */
    default boolean replacesSecret(String path) {
        return false;
    }

    /** Called for each request before it is validated. */
    default void received(Call call) {}

    /** @return secret in a request, for counting; empty if there is none */
    String secret(Call call);

    /** @return description of the first protocol violation; null if the request is valid */
    @CheckForNull
    String violation(Call call);

    Reply answer(Call call);
}
