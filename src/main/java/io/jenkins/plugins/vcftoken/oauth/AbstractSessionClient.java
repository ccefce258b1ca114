package io.jenkins.plugins.vcftoken.oauth;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Creates a session for each access token; the access token is the session ID. Running steps may still use an earlier
 * session, so all sessions are deleted after the last lease. {@link TokenResponse#session()} lists their IDs, newest
 * first.
 */
abstract class AbstractSessionClient extends AbstractTokenClient {

    /** Older sessions have expired, or have been idle for longer than servers keep a session. */
    static final int MAX_SESSIONS = 3;

    private static final String SEPARATOR = " ";

    AbstractSessionClient(AtMostOnceHttpClient client, Account account) {
        super(client, account, false);
    }

    @Override
    public final TokenResponse requestToken(String parentToken) throws TokenRequestException {
        AccessToken accessToken = createSession(parentToken);
        return new TokenResponse(accessToken, null, accessToken.value());
    }

    @Override
    public final TokenResponse refreshSession(String parentToken, String sessions) throws TokenRequestException {
        AccessToken accessToken = createSession(parentToken);
        String kept = Arrays.stream(sessions.split(SEPARATOR, -1))
                .limit(MAX_SESSIONS - 1L)
                .collect(Collectors.joining(SEPARATOR));
        return new TokenResponse(accessToken, null, accessToken.value() + SEPARATOR + kept);
    }

    @Override
    public final void revokeSession(String sessions) throws TokenRequestException {
        TokenRequestException failure = null;
        for (String session : sessions.split(SEPARATOR, -1)) {
            try {
                TokenResponseParser response = deleteSession(session);
                // 401: the session has expired or was deleted before.
                if (!response.isSuccess() && response.status() != 401) {
                    throw response.failure();
                }
            } catch (TokenRequestException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure.forNonRotatingSecret();
        }
    }

    /** @param parentToken access token of the credential */
    abstract AccessToken createSession(String parentToken) throws TokenRequestException;

    abstract TokenResponseParser deleteSession(String session) throws TokenRequestException;
}
