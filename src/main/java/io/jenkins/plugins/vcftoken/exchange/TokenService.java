package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/** One remote API that turns a stored secret into a bearer. Implementations are immutable and thread-safe. */
public interface TokenService {

    Endpoint endpoint();

    /**
     * Whether the server is known to replace secrets as they are used. Where it is not, nothing is journaled, and a
     * secret may be sent again after an answer was lost; a different secret that comes back is kept all the same.
     */
    default boolean rotates() {
        return true;
    }

    /** Whether there is nothing to send while the secret is empty. */
    default boolean needsSecret() {
        return true;
    }

    /**
     * Presents the secret to the token endpoint, once, because a refresh token that arrives twice may cost the whole account.
     * Neither this method nor anything below it sends a second request after one that a token endpoint has answered, or may
     * have received. Where a server has the endpoint at one of two paths, the second is tried after an answer that says that
     * there is none at the first (see {@link VcfaRefresh}). Blocks for at most the client's call timeout, or twice that
     * where there are two paths.
     *
     * @throws ExchangeException when there is no bearer to hand out; its type says whether the secret may be spent
     */
    Grant exchange(String secret) throws ExchangeException;

    /**
     * A fresh access token for one that came with a session. Sends the secret, once, where the server refuses the session;
     * an answer that is missing is not followed by a second request.
     *
     * @param session from the last {@link Grant} of this service
     * @throws ExchangeException as {@link #exchange} does
     */
    default Grant renew(String secret, String session) throws ExchangeException {
        return exchange(secret);
    }

    /**
     * Tells the server that nobody needs the session any more.
     *
     * @throws ExchangeException when the server may still keep it; it ends by itself some time later
     */
    default void release(String session) throws ExchangeException {}

    /**
     * When the stored secret itself ends, so that a person can be warned in time. Spends nothing and needs no bearer.
     *
     * @return null when it never does, or the server does not tell
     * @throws ExchangeException when the server was not reached, or refuses the secret
     */
    @CheckForNull
    default Instant secretExpiry(String secret) throws ExchangeException {
        return null;
    }

    /** Whether the server tells when the secret ends only to whoever has a bearer that the secret bought. */
    default boolean tellsBearersOnly() {
        return false;
    }

    /**
     * As {@link #secretExpiry(String)}, of a server that {@link #tellsBearersOnly}.
     *
     * @param bearer a living one that this service sold for the secret
     * @throws ExchangeException when the server was not reached, or refuses to tell
     */
    @CheckForNull
    default Instant secretExpiry(Bearer bearer) throws ExchangeException {
        return null;
    }

    /** What is odd about a bearer that works, fit for a build's log; null when nothing is. */
    @CheckForNull
    default String doubt(Bearer bearer) {
        return null;
    }
}
