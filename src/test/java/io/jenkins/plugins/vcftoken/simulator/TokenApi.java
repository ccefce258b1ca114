package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** One product's token endpoints. Its methods run one at a time, guarded by the simulator. */
interface TokenApi {

    /** Whether the path is one of its own. */
    boolean serves(String path);

    /** Whether a request for this path is one for a token, and so meets the next fault. */
    default boolean isExchange(String path) {
        return true;
    }

    /** Whether a request for this path replaces the secret, so that witnesses are told of its moments. */
    default boolean replacesSecret(String path) {
        return false;
    }

    /** Called for each request before anything is done with it. */
    default void received(Call call) {}

    /** The secret in a request, to count how often each was received; empty when there is none. */
    String secret(Call call);

    /** What a client should not have sent; null when all is well. */
    @CheckForNull
    String violation(Call call);

    Reply answer(Call call);
}
