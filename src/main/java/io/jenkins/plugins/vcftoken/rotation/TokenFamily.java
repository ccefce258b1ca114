package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * All that is known about one token family, and its transitions. Immutable; each transition returns a new record.
 *
 * <pre>
 *               granted, untouched, rescued
 *             ┌─────────────────────────────┐
 *             ▼                             │
 *  created → READY ──── requesting ───► REQUESTING ─── rejected ───► REJECTED
 *                                         ▲ │
 *                              requesting │ │ unknown
 *                                         │ ▼
 *                                       UNKNOWN
 * </pre>
 *
 * From UNKNOWN the token is sent once more when nothing can be lost by it. REJECTED ends only when a person stores
 * another token, which begins another family, or requests one more try of the same one.
 *
 * @param id hash of account and initial token; never changes
 * @param accessToken the newest access token, or null
 * @param locations where the token is stored; a former token leads to the family only from one of these
 * @param error the last error, without secrets, or null
 * @param changed when the state began
 * @param notBefore no request is sent before this time; null where there is no such limit
 * @param orphaned since when no credential at any of the locations leads to the family, or null
 * @param sharedRevision the {@link SharedTokenState#revision} that the ledger has seen last; null before the first one
 */
public record TokenFamily(
        String id,
        Account account,
        Status state,
        TokenHistory tokens,
        @CheckForNull AccessToken accessToken,
        Set<CredentialLocation> locations,
        @CheckForNull String error,
        Instant changed,
        @CheckForNull Instant notBefore,
        @CheckForNull Instant orphaned,
        @CheckForNull String sharedRevision) {

    /** The state of a family's current token. */
    public enum Status {
        /** The token can be sent. */
        READY,
        /** The token is about to be sent, or was when Jenkins stopped. */
        REQUESTING,
        /** The token was sent and the response was lost: the server may have rotated it. */
        UNKNOWN,
        /** The server refused the token for good. */
        REJECTED
    }

    /** At most a twentieth of the access token's lifetime. */
    private static final Duration LAST_MOMENTS = Duration.ofSeconds(15);

    public TokenFamily {
        locations = Set.copyOf(locations);
    }

    static TokenFamily created(Account account, String initialToken, TokenHash hashes, Instant now) {
        TokenHistory tokens = TokenHistory.of(initialToken, hashes);
        return ready(hashes.ofFamily(account, initialToken), account, tokens, null, Set.of(), now);
    }

    /**
     * A family that continues the history of another one at one location: each of the former tokens that an old form or
     * a file restores there leads to this family.
     *
     * @param before the tokens that this family replaces
     */
    static TokenFamily authorized(
            Account account,
            TokenHistory before,
            String refreshToken,
            @CheckForNull AccessToken accessToken,
            CredentialLocation location,
            TokenHash hashes,
            Instant now) {
        TokenHistory tokens = before.authorizedTo(refreshToken, hashes);
        return ready(hashes.ofFamily(account, refreshToken), account, tokens, accessToken, Set.of(location), now);
    }

    private static TokenFamily ready(
            String id,
            Account account,
            TokenHistory tokens,
            @CheckForNull AccessToken accessToken,
            Set<CredentialLocation> locations,
            Instant now) {
        return new TokenFamily(id, account, Status.READY, tokens, accessToken, locations, null, now, null, null, null);
    }

    /** Of a token that token requests leave as it is. */
    TokenFamily nonRotating() {
        return with(tokens.with(true, tokens.expiresAt()));
    }

    /** Whether the server of this account has ever accepted the secret. */
    boolean isProven() {
        return accessToken != null || tokens.generation() > 0;
    }

    boolean isOutcomeUnknown() {
        return state == Status.UNKNOWN || state == Status.REQUESTING;
    }

    TokenFamily boundTo(CredentialLocation location) {
        if (locations.contains(location) && orphaned == null) {
            return this;
        }
        Set<CredentialLocation> more = new HashSet<>(locations);
        more.remove(location.beforeSaving());
        more.add(location);
        return with(more, null);
    }

    TokenFamily without(CredentialLocation location) {
        Set<CredentialLocation> fewer = new HashSet<>(locations);
        fewer.remove(location);
        return with(fewer, orphaned);
    }

    /** After a store context was renamed or moved. */
    TokenFamily moved(String fromContext, String toContext) {
        return with(movedLocations(fromContext, toContext), orphaned);
    }

    /** After a store context was copied with its credentials. */
    TokenFamily copied(String fromContext, String toContext) {
        Set<CredentialLocation> both = movedLocations(fromContext, toContext);
        both.addAll(locations);
        return with(both, orphaned);
    }

    private Set<CredentialLocation> movedLocations(String fromContext, String toContext) {
        return locations.stream()
                .map(location -> location.moved(fromContext, toContext))
                .collect(Collectors.toCollection(HashSet::new));
    }

    TokenFamily orphaned(@CheckForNull Instant since) {
        return with(locations, since);
    }

    TokenFamily requesting(Instant now) {
        return in(Status.REQUESTING, error, now, null);
    }

    TokenFamily granted(TokenResponse response, TokenHash hashes, Instant now) {
        return rotated(response.refreshToken(), response.accessToken(), null, hashes, now);
    }

    /** After a response with a refresh token and without a usable access token. */
    TokenFamily rescued(String refreshToken, String cause, TokenHash hashes, Instant now) {
        return rotated(refreshToken, accessToken, cause, hashes, now);
    }

    private TokenFamily rotated(
            @CheckForNull String refreshToken,
            @CheckForNull AccessToken newest,
            @CheckForNull String cause,
            TokenHash hashes,
            Instant now) {
        TokenHistory rotated = tokens.rotatedTo(refreshToken, hashes);
        return new TokenFamily(
                id, account, Status.READY, rotated, newest, locations, cause, now, null, orphaned, sharedRevision);
    }

    /**
     * Before the server is asked for another token in place of this one: from now on it is not known to expect the same
     * one again.
     */
    TokenFamily regenerating(Instant expiresAt, Instant now) {
        return requesting(now).with(tokens.with(false, expiresAt));
    }

    /**
     * After a response with another token, which the server expects until the next regeneration. The access token stays
     * valid.
     *
     * @param expiresAt when the new token expires; null when the server did not say
     */
    TokenFamily regenerated(String token, @CheckForNull Instant expiresAt, TokenHash hashes, Instant now) {
        return rotated(token, accessToken, null, hashes, now)
                .with(tokens.rotatedTo(token, hashes).with(true, expiresAt));
    }

    /**
     * After a request for another token that brought none. Called on the requesting family. Token requests go on with
     * the token as before, unless the server may have replaced it.
     */
    TokenFamily afterFailedRegeneration(TokenFamily before, TokenRequestException e, Duration timeout, Instant now) {
        return isResponseMissing(e)
                ? unknown(e.getMessage(), now, latest(now.plus(e.retryAfter()), changed.plus(timeout)))
                : before.with(before.tokens.with(before.tokens.nonRotating(), tokens.expiresAt()));
    }

    /** The request left the token as it was. */
    TokenFamily untouched(String cause, Instant now) {
        return in(Status.READY, cause, now, null);
    }

    /** @param retry when the token may be sent once more at the earliest */
    TokenFamily unknown(String cause, Instant now, Instant retry) {
        return in(Status.UNKNOWN, cause, now, retry);
    }

    TokenFamily rejected(String cause, Instant now) {
        return in(Status.REJECTED, cause, now, null);
    }

    /** In the same state, without a request before a time that the server or this controller has set. */
    TokenFamily waitingUntil(@CheckForNull Instant time) {
        return in(state, error, changed, time);
    }

    /** In the same state, since nothing was sent. Any state but READY keeps its own cause. */
    TokenFamily failing(String cause) {
        return state == Status.READY ? in(state, cause, changed, notBefore) : this;
    }

    /** In the state UNKNOWN, the token is not sent once more before this time either. */
    TokenFamily notBefore(@CheckForNull Instant time) {
        boolean isLater = state == Status.UNKNOWN && time != null && (notBefore == null || time.isAfter(notBefore));
        return isLater ? waitingUntil(time) : this;
    }

    /** Keeps when the access token was issued; it is expired at any time of any clock. */
    TokenFamily withRevokedAccessToken() {
        return withAccessToken(accessToken == null ? null : new AccessToken("", accessToken.issuedAt(), Instant.EPOCH));
    }

    TokenFamily withAccessToken(@CheckForNull AccessToken other) {
        return new TokenFamily(
                id, account, state, tokens, other, locations, error, changed, notBefore, orphaned, sharedRevision);
    }

    /** As seen in a {@link VersionedSecret}. */
    TokenFamily seen(@CheckForNull String revision) {
        return new TokenFamily(
                id, account, state, tokens, accessToken, locations, error, changed, notBefore, orphaned, revision);
    }

    /** The form in which a {@link VersionedSecret} has it: without what concerns one controller alone. */
    TokenFamily published(TokenHistory history) {
        return new TokenFamily(
                "", account, state, history, accessToken, Set.of(), error, changed, notBefore, null, null);
    }

    /**
     * With the token, the state and the access token that another controller has published.
     *
     * @param to the state; READY while that controller is requesting, since the ledger has no request then
     */
    TokenFamily adopting(TokenFamily published, Status to, @CheckForNull String revision, TokenHash hashes) {
        AccessToken theirs = published.accessToken;
        boolean isNewer = theirs != null
                && !theirs.value().isEmpty()
                && (accessToken == null || theirs.issuedAt().isAfter(accessToken.issuedAt()));
        return new TokenFamily(
                id,
                account,
                to,
                tokens.adopting(published.tokens, hashes),
                isNewer ? theirs : accessToken,
                locations,
                published.error,
                published.changed,
                published.notBefore,
                orphaned,
                revision);
    }

    /**
     * The state after a request that brought no access token. Called on the requesting family.
     *
     * @param before the family when the request was made
     * @param isResendable whether the server expects the same token again
     * @param timeout from the begin of the request to when it can no longer be on its way
     */
    TokenFamily afterFailure(
            TokenFamily before,
            TokenRequestException e,
            boolean isResendable,
            Duration timeout,
            TokenHash hashes,
            Instant now) {
        String cause = e.getMessage();
        if (e instanceof TokenRequestException.Rejected rejection && rejection.isFinal()) {
            return rejected(cause, now);
        }
        if (e instanceof TokenRequestException.InvalidResponse response) {
            String refreshToken = response.refreshToken();
            if (refreshToken != null) {
                return rescued(refreshToken, cause, hashes, now);
            }
        }
        Instant retryAfter = now.plus(e.retryAfter());
        // After a regeneration with a lost response, which a token request cannot make any worse.
        boolean isStillUnknown = before.state == Status.UNKNOWN
                && e.tokenError() == e.tokenError().forNonRotatingSecret();
        if (isResponseMissing(e) && !isResendable && !isStillUnknown) {
            return unknown(cause, now, latest(retryAfter, changed.plus(timeout)));
        }
        if (before.state == Status.UNKNOWN) {
            // A request that was not sent, was turned away, or could not rotate the token leaves the outcome of the one
            // before as unknown as it was.
            boolean sent = !(e instanceof TokenRequestException.NotSent);
            return sent ? before.waitingUntil(latest(retryAfter, now.plus(timeout))) : before;
        }
        return untouched(cause, now).waitingUntil(retryAfter.isAfter(now) ? retryAfter : null);
    }

    private static Instant latest(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /**
     * When the access token is of no more use: a little before its expiry, since a request with it may arrive too late,
     * and a block needs the next one by then.
     *
     * @return null when there is none
     */
    @CheckForNull
    Instant endOfUse() {
        if (accessToken == null) {
            return null;
        }
        Duration share = accessToken.lifetime().dividedBy(20);
        return accessToken.expiresAt().minus(share.compareTo(LAST_MOMENTS) < 0 ? share : LAST_MOMENTS);
    }

    /** Whether the server may have rotated the token although no refresh token arrived. */
    static boolean isResponseMissing(TokenRequestException e) {
        return e instanceof TokenRequestException.OutcomeUnknown || e instanceof TokenRequestException.InvalidResponse;
    }

    private TokenFamily in(Status to, @CheckForNull String cause, Instant since, @CheckForNull Instant next) {
        return new TokenFamily(
                id, account, to, tokens, accessToken, locations, cause, since, next, orphaned, sharedRevision);
    }

    private TokenFamily with(TokenHistory other) {
        return new TokenFamily(
                id, account, state, other, accessToken, locations, error, changed, notBefore, orphaned, sharedRevision);
    }

    private TokenFamily with(Set<CredentialLocation> other, @CheckForNull Instant orphanedSince) {
        return new TokenFamily(
                id,
                account,
                state,
                tokens,
                accessToken,
                other,
                error,
                changed,
                notBefore,
                orphanedSince,
                sharedRevision);
    }

    @Override
    public String toString() {
        return "TokenFamily[" + id + ", " + account.description() + ", " + state + ", generation " + tokens.generation()
                + "]";
    }
}
