package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The sessions that servers keep for access tokens: what a server wants to see again when the access token is refreshed or
 * revoked. As secret as the access token, so in memory alone. Each method is called under the family's lock, but for
 * {@link #exists}.
 */
final class ServerSessions {

    /** Of a session that may have ended at the server: the next request sends the secret. */
    private static final String ENDED = "";

    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    /** Requests an access token, once: with the session where there is one, else with the secret. */
    TokenResponse request(TokenEndpointClient client, String familyId, String secret) throws TokenRequestException {
        String session = sessions.get(familyId);
        TokenResponse response;
        try {
            response = session == null || session.equals(ENDED)
                    ? client.requestToken(secret)
                    : client.refreshSession(secret, session);
        } catch (TokenRequestException e) {
            if (session != null && !(e instanceof TokenRequestException.NotSent)) {
                sessions.put(familyId, ENDED);
            }
            throw e;
        }
        String next = response.session();
        if (next != null) {
            sessions.put(familyId, next);
        }
        return response;
    }

    boolean exists(String familyId) {
        return sessions.containsKey(familyId);
    }

    /** @return the session to revoke at the server; null when there is none, or it has ended */
    @CheckForNull
    String remove(String familyId) {
        String session = sessions.remove(familyId);
        return ENDED.equals(session) ? null : session;
    }
}
