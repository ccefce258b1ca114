package io.jenkins.plugins.vcftoken.oauth;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Begins a session for each access token, which is the ID of the session, too. Steps that run may use the one of before
 * until it expires, so all of them end with the last lease. The {@link TokenResponse#session()} has their IDs, newest
 * first.
 */
abstract class AbstractSessionClient extends AbstractTokenClient {

    /** Those before them have expired, or are idle for longer than servers keep a session. */
    static final int KEPT_SESSIONS = 3;

    private static final String SEPARATOR = " ";

    AbstractSessionClient(OneShotHttpClient client, Account account) {
        super(client, account, false);
    }

    @Override
    public final TokenResponse requestToken(String parentToken) throws TokenRequestException {
        AccessToken accessToken = beginSession(parentToken);
        return new TokenResponse(accessToken, null, accessToken.value());
    }

    @Override
    public final TokenResponse refreshSession(String parentToken, String sessions) throws TokenRequestException {
        AccessToken accessToken = beginSession(parentToken);
        String kept = Arrays.stream(sessions.split(SEPARATOR, -1))
                .limit(KEPT_SESSIONS - 1L)
                .collect(Collectors.joining(SEPARATOR));
        return new TokenResponse(accessToken, null, accessToken.value() + SEPARATOR + kept);
    }

    @Override
    public final void revokeSession(String sessions) throws TokenRequestException {
        TokenRequestException failure = null;
        for (String session : sessions.split(SEPARATOR, -1)) {
            try {
                TokenResponseParser response = endSession(session);
                // 401: it has expired, or was ended before.
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

    /** Sends the access token of the credential. */
    abstract AccessToken beginSession(String parentToken) throws TokenRequestException;

    abstract TokenResponseParser endSession(String session) throws TokenRequestException;
}
