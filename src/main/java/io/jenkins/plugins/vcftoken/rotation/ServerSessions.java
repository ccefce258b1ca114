package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The sessions that a server keeps for access tokens, in memory alone: a session's token is sent when its access token
 * is refreshed or revoked, and is as secret as that one.
 */
final class ServerSessions {

    private static final Logger LOGGER = Logger.getLogger(ServerSessions.class.getName());

    /** In place of a session that may have ended at the server: the next request sends the secret. */
    private static final String ENDED = "";

    private final TokenLedger ledger;
    private final TokenFamilyStore store;
    private final TokenFamilyCache cache;
    private final RequestQueue queue;
    private final Duration timeout;

    /** By family ID. Changed under the family's lock. */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    ServerSessions(
            TokenLedger ledger, TokenFamilyStore store, TokenFamilyCache cache, RequestQueue queue, Duration timeout) {
        this.ledger = ledger;
        this.store = store;
        this.cache = cache;
        this.queue = queue;
        this.timeout = timeout;
    }

    /** Requests an access token once, with the family's session where there is one, else with the secret. */
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

    /** See {@link TokenManager#release}. */
    void release(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        if (sessions.containsKey(familyId)) {
            runInBackground(handle, () -> revoke(handle, familyId, unused));
        }
    }

    /** See {@link TokenManager#forgetUnsaved}. */
    void forgetUnsaved(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        runInBackground(handle, () -> {
            revoke(handle, familyId, unused);
            try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
                if (store.forgetUnsaved(familyId, handle.location())) {
                    cache.forget(familyId);
                }
            }
        });
    }

    private void revoke(CredentialHandle handle, String familyId, BooleanSupplier unused)
            throws TokenRequestException, IOException, InterruptedException {
        if (!sessions.containsKey(familyId)) {
            return;
        }
        String session;
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            session = remove(familyId, unused);
        }
        if (session != null) {
            handle.service().revokeSession(session);
        }
    }

    /** @return the session to revoke; null when it is still used, or has ended */
    @CheckForNull
    private String remove(String familyId, BooleanSupplier unused) {
        TokenFamilyCache.Entry cached = cache.forget(familyId);
        if (!unused.getAsBoolean()) {
            if (cached != null) {
                cache.restore(cached);
            }
            return null;
        }
        store.dropAccessToken(familyId);
        String session = sessions.remove(familyId);
        return ENDED.equals(session) ? null : session;
    }

    private interface Task {
        void run() throws TokenRequestException, IOException, InterruptedException;
    }

    private void runInBackground(CredentialHandle handle, Task task) {
        queue.call(handle, () -> {
                    try {
                        task.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return null;
                })
                .whenComplete((nothing, failure) -> {
                    if (failure != null) {
                        // A server ends a session by itself some time later.
                        LOGGER.log(
                                failure instanceof TokenUnavailableException ? Level.FINE : Level.INFO,
                                failure,
                                () -> handle.description() + ": its session could not be ended");
                    }
                });
    }
}
