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
 * State of a token family and its transitions. Immutable; each transition returns a new record.
 *
 * <pre>
 *             granted, readyAgain,
 *             rotatedWithoutAccessToken
 *             ┌─────────────────────────────┐
 *             ▼                             │
 *  created → READY ──── requesting ───► REQUESTING ─── rejected ───► REJECTED
 *                                         ▲ │
 *                              requesting │ │ unknown
 *                                         │ ▼
 *                                       UNKNOWN
 * </pre>
 *
 * In UNKNOWN the token is sent once more when no valid access token could be lost by a refusal. REJECTED ends when a
 * user stores another token, which starts another family, or requests a retry with the same one.
 *
 * @param id hash of account and initial token; never changes
 * @param accessToken the newest access token, or null
 * @param locations where the token is stored; a former token is accepted only at these
 * @param error the last error, without secrets, or null
 * @param changed time of the last change of state
 * @param notBefore earliest time of the next request, or null
 * @param orphaned since when no credential at any of the locations uses the family, or null
 * @param sharedRevision the last {@link SharedTokenState#revision} that this controller knows, or null
 */
public record TokenFamily(
        String id,
        Account account,
        Status state,
        RefreshTokenHistory tokens,
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
        /** The token is being sent, or was when Jenkins stopped. */
        REQUESTING,
        /** The response was lost: the server may have rotated the token. */
        UNKNOWN,
        /** The server rejected the token. */
        REJECTED
    }

    private static final Duration MAX_EXPIRY_MARGIN = Duration.ofSeconds(15);

    public TokenFamily {
        locations = Set.copyOf(locations);
    }

    static TokenFamily created(Account account, String initialToken, TokenHasher hashes, Instant now) {
        RefreshTokenHistory tokens = RefreshTokenHistory.of(initialToken, hashes);
        return ready(hashes.ofFamily(account, initialToken), account, tokens, null, Set.of(), now);
    }

    /**
     * A family that continues the history of another one at one location: a former token that an old form or a file
     * restores there is recognized as a token of this family.
     *
     * @param before the history of the replaced family
     */
    static TokenFamily authorized(
            Account account,
            RefreshTokenHistory before,
            String refreshToken,
            @CheckForNull AccessToken accessToken,
            CredentialLocation location,
            TokenHasher hashes,
            Instant now) {
        RefreshTokenHistory tokens = before.authorizedTo(refreshToken, hashes);
        return ready(hashes.ofFamily(account, refreshToken), account, tokens, accessToken, Set.of(location), now);
    }

    private static TokenFamily ready(
            String id,
            Account account,
            RefreshTokenHistory tokens,
            @CheckForNull AccessToken accessToken,
            Set<CredentialLocation> locations,
            Instant now) {
        return new TokenFamily(id, account, Status.READY, tokens, accessToken, locations, null, now, null, null, null);
    }

    /** For a token that token requests do not rotate. */
    TokenFamily nonRotating() {
        return with(tokens.with(true, tokens.expiresAt()));
    }

    /** Whether the server of this account has accepted the secret. */
    boolean isAccepted() {
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

    TokenFamily moved(String fromContext, String toContext) {
        return with(movedLocations(fromContext, toContext), orphaned);
    }

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
        return withState(Status.REQUESTING, error, now, null);
    }

    TokenFamily granted(TokenResponse response, TokenHasher hashes, Instant now) {
        return rotated(response.refreshToken(), response.accessToken(), null, hashes, now);
    }

    /** After a response with a refresh token and without a usable access token. */
    TokenFamily rotatedWithoutAccessToken(String refreshToken, String cause, TokenHasher hashes, Instant now) {
        return rotated(refreshToken, accessToken, cause, hashes, now);
    }

    private TokenFamily rotated(
            @CheckForNull String refreshToken,
            @CheckForNull AccessToken newest,
            @CheckForNull String cause,
            TokenHasher hashes,
            Instant now) {
        RefreshTokenHistory rotated = tokens.rotatedTo(refreshToken, hashes);
        return new TokenFamily(
                id, account, Status.READY, rotated, newest, locations, cause, now, null, orphaned, sharedRevision);
    }

    /**
     * Before a request that replaces the token: after it, the server may no longer accept the current one.
     */
    TokenFamily regenerating(Instant expiresAt, Instant now) {
        return requesting(now).with(tokens.with(false, expiresAt));
    }

    /**
     * After a response with another token, which does not change until the next regeneration. The access token stays
     * valid.
     *
     * @param expiresAt expiry of the new token; null when the response had none
     */
    TokenFamily regenerated(String token, @CheckForNull Instant expiresAt, TokenHasher hashes, Instant now) {
        return rotated(token, accessToken, null, hashes, now)
                .with(tokens.rotatedTo(token, hashes).with(true, expiresAt));
    }

    /**
     * After a failed request for another token. Called on the requesting family. The current token stays in use unless
     * the server may have replaced it.
     */
    TokenFamily afterFailedRegeneration(TokenFamily before, TokenRequestException e, Duration timeout, Instant now) {
        return isResponseMissing(e)
                ? unknown(e.getMessage(), now, latest(now.plus(e.retryAfter()), changed.plus(timeout)))
                : before.with(before.tokens.with(before.tokens.nonRotating(), tokens.expiresAt()));
    }

    /** The token can still be sent. */
    TokenFamily readyAgain(String cause, Instant now) {
        return withState(Status.READY, cause, now, null);
    }

    /** @param retry earliest time at which the token may be sent once more */
    TokenFamily unknown(String cause, Instant now, Instant retry) {
        return withState(Status.UNKNOWN, cause, now, retry);
    }

    TokenFamily rejected(String cause, Instant now) {
        return withState(Status.REJECTED, cause, now, null);
    }

    TokenFamily withNotBefore(@CheckForNull Instant time) {
        return withState(state, error, changed, time);
    }

    /** After a request that was not sent. A state other than READY keeps its error. */
    TokenFamily withError(String cause) {
        return state == Status.READY ? withState(state, cause, changed, notBefore) : this;
    }

    /** In the state UNKNOWN, extends the delay before the token is sent once more. */
    TokenFamily withLaterNotBefore(@CheckForNull Instant time) {
        boolean isLater = state == Status.UNKNOWN && time != null && (notBefore == null || time.isAfter(notBefore));
        return isLater ? withNotBefore(time) : this;
    }

    /** Replaces the access token with an expired one that was issued at the same time. */
    TokenFamily withRevokedAccessToken() {
        return withAccessToken(accessToken == null ? null : new AccessToken("", accessToken.issuedAt(), Instant.EPOCH));
    }

    TokenFamily withAccessToken(@CheckForNull AccessToken other) {
        return new TokenFamily(
                id, account, state, tokens, other, locations, error, changed, notBefore, orphaned, sharedRevision);
    }

    TokenFamily withSharedRevision(@CheckForNull String revision) {
        return new TokenFamily(
                id, account, state, tokens, accessToken, locations, error, changed, notBefore, orphaned, revision);
    }

    /** The family as stored in a {@link VersionedSecret}, without the data of a single controller. */
    TokenFamily published(RefreshTokenHistory history) {
        return new TokenFamily(
                "", account, state, history, accessToken, Set.of(), error, changed, notBefore, null, null);
    }

    /**
     * Adopts the token, the state and the access token that another controller has published.
     *
     * @param to the state; READY while that controller is requesting, since this controller has no request
     */
    TokenFamily adopting(TokenFamily published, Status to, @CheckForNull String revision, TokenHasher hashes) {
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
     * The state after a request without an access token. Called on the requesting family.
     *
     * @param before the family before the request
     * @param isResendable whether the token does not rotate
     * @param timeout after which the request can no longer reach the server
     */
    TokenFamily afterFailure(
            TokenFamily before,
            TokenRequestException e,
            boolean isResendable,
            Duration timeout,
            TokenHasher hashes,
            Instant now) {
        String cause = e.getMessage();
        if (e instanceof TokenRequestException.Rejected rejection && rejection.isFinal()) {
            return rejected(cause, now);
        }
        if (e instanceof TokenRequestException.InvalidResponse response) {
            String refreshToken = response.refreshToken();
            if (refreshToken != null) {
                return rotatedWithoutAccessToken(refreshToken, cause, hashes, now);
            }
        }
        Instant retryAfter = now.plus(e.retryAfter());
        // After a lost regeneration, a token request does not change whether the server has replaced the token.
        boolean isStillUnknown =
                before.state == Status.UNKNOWN && e.errorType() == e.errorType().forNonRotatingSecret();
        if (isResponseMissing(e) && !isResendable && !isStillUnknown) {
            return unknown(cause, now, latest(retryAfter, changed.plus(timeout)));
        }
        if (before.state == Status.UNKNOWN) {
            // The failed request gives no information about the outcome of the previous one.
            boolean sent = !(e instanceof TokenRequestException.NotSent);
            return sent ? before.withNotBefore(latest(retryAfter, now.plus(timeout))) : before;
        }
        return readyAgain(cause, now).withNotBefore(retryAfter.isAfter(now) ? retryAfter : null);
    }

    private static Instant latest(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /**
     * When the access token has to be replaced: shortly before its expiry, since a request with it may arrive later and
     * an open block needs the next one in time.
     *
     * @return null without an access token
     */
    @CheckForNull
    Instant usableUntil() {
        if (accessToken == null) {
            return null;
        }
        Duration share = accessToken.lifetime().dividedBy(20);
        return accessToken.expiresAt().minus(share.compareTo(MAX_EXPIRY_MARGIN) < 0 ? share : MAX_EXPIRY_MARGIN);
    }

    /** Whether the server may have rotated the token although no refresh token was received. */
    static boolean isResponseMissing(TokenRequestException e) {
        return e instanceof TokenRequestException.OutcomeUnknown || e instanceof TokenRequestException.InvalidResponse;
    }

    private TokenFamily withState(Status to, @CheckForNull String cause, Instant since, @CheckForNull Instant next) {
        return new TokenFamily(
                id, account, to, tokens, accessToken, locations, cause, since, next, orphaned, sharedRevision);
    }

    private TokenFamily with(RefreshTokenHistory other) {
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
