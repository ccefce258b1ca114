package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import java.time.Duration;

/**
 * Hears what becomes of tokens, for those who record or count it. Called on the thread on which it happens, and about
 * exchanges under the family's lock: must be quick, must not ask for a bearer, and must not throw.
 */
public interface TokenListener {

    /** Where nobody listens. */
    TokenListener NOBODY = new TokenListener() {};

    /**
     * A server gave a bearer, and it is on disk.
     *
     * @param before the record that the request was made from
     * @param took from right before the request until the answer was stored
     */
    default void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {}

    /**
     * A request brought no bearer, or it was found that Jenkins stopped before the answer came.
     *
     * @param after what has become of the family
     */
    default void failed(Holder holder, FamilyRecord after, ExchangeException why, Duration took) {}

    /**
     * Somebody got a bearer, from memory or from a server.
     *
     * @param waited from asking to having it
     */
    default void gave(Handout handout, Duration waited) {}

    /** Somebody who has a bearer got a newer one. */
    default void renewed(Handout handout) {}

    /** Somebody let go of a bearer: the last one this tenant had. Not called for bearers given for once. */
    default void returned(Handout handout) {}

    /**
     * An account was authorized anew in a browser, and its refresh token is on disk.
     *
     * @param by who asked for it, for people
     */
    default void authorized(Place place, FamilyRecord record, String by) {}

    /** Somebody who had none got none. */
    default void denied(String tenant, Holder holder, FamilyException why) {}
}
