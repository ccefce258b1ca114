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

/**
 * Everything known about one family, and the only moves it can make. Immutable; each move is a new record.
 *
 * <pre>
 *              granted, untouched, rescued
 *            ┌────────────────────────────┐
 *            ▼                            │
 *  founded → OK ──── inFlight ──────► REQUESTING ──── dead ────► REJECTED
 *                                       ▲ │
 *                              inFlight │ │ uncertain
 *                                       │ ▼
 *                                     UNKNOWN
 * </pre>
 *
 * From UNKNOWN the token is sent once more when nothing can be lost by it any more. From REJECTED only a person leads on:
 * with a new token, which founds another family, or by vouching for the old one.
 *
 * @param id made of endpoint and initial token; never changes
 * @param accessToken the last access token, or null
 * @param locations where it is stored; a former token leads here only from one of these
 * @param error what went wrong last, free of secrets, or null
 * @param changed when the state was entered
 * @param notBefore no request is sent before this; null where nothing stands in the way
 * @param orphaned since when no credential stands at any of the places, or null
 */
public record TokenFamily(
        String id,
        Account account,
        TokenFamilyStatus state,
        TokenHistory tokens,
        @CheckForNull AccessToken accessToken,
        Set<CredentialLocation> locations,
        @CheckForNull String error,
        Instant changed,
        @CheckForNull Instant notBefore,
        @CheckForNull Instant orphaned) {

    public TokenFamily {
        locations = Set.copyOf(locations);
    }

    static TokenFamily created(Account account, String initialToken, TokenHash hashes, Instant now) {
        return new TokenFamily(
                hashes.ofFamily(account, initialToken),
                account,
                TokenFamilyStatus.READY,
                TokenHistory.of(initialToken, hashes),
                null,
                Set.of(),
                null,
                now,
                null,
                null);
    }

    /**
     * A family that goes on, at one place, from the tokens of another one: whatever of these is brought back there by an
     * old form or a file leads here.
     *
     * @param before the tokens that this one replaces
     */
    static TokenFamily authorized(
            Account account,
            TokenHistory before,
            String refreshToken,
            @CheckForNull AccessToken accessToken,
            CredentialLocation location,
            TokenHash hashes,
            Instant now) {
        return new TokenFamily(
                hashes.ofFamily(account, refreshToken),
                account,
                TokenFamilyStatus.READY,
                before.authorizedTo(refreshToken, hashes),
                accessToken,
                Set.of(location),
                null,
                now,
                null,
                null);
    }

    /** Whether this endpoint has ever answered with an access token, so that the secret is beyond doubt one of its own. */
    boolean isProven() {
        return accessToken != null || tokens.generation() > 0;
    }

    TokenFamily boundTo(CredentialLocation location) {
        if (locations.contains(location) && orphaned == null) {
            return this;
        }
        Set<CredentialLocation> more = new HashSet<>(locations);
        more.remove(location.beforeSaving());
        more.add(location);
        return new TokenFamily(id, account, state, tokens, accessToken, more, error, changed, notBefore, null);
    }

    TokenFamily without(CredentialLocation location) {
        Set<CredentialLocation> fewer = new HashSet<>(locations);
        fewer.remove(location);
        return new TokenFamily(id, account, state, tokens, accessToken, fewer, error, changed, notBefore, orphaned);
    }

    /** The places of a store whose owner was renamed or moved. */
    TokenFamily moved(String fromContext, String toContext) {
        Set<CredentialLocation> moved = new HashSet<>();
        locations.forEach(location -> moved.add(location.moved(fromContext, toContext)));
        return new TokenFamily(id, account, state, tokens, accessToken, moved, error, changed, notBefore, orphaned);
    }

    /** The places of a store that was copied with its owner. */
    TokenFamily copied(String fromContext, String toContext) {
        Set<CredentialLocation> more =
                new HashSet<>(moved(fromContext, toContext).locations());
        more.addAll(locations);
        return new TokenFamily(id, account, state, tokens, accessToken, more, error, changed, notBefore, orphaned);
    }

    TokenFamily orphaned(@CheckForNull Instant since) {
        return new TokenFamily(id, account, state, tokens, accessToken, locations, error, changed, notBefore, since);
    }

    TokenFamily requesting(Instant now) {
        return in(TokenFamilyStatus.REQUESTING, error, now, null);
    }

    TokenFamily granted(TokenResponse response, TokenHash hashes, Instant now) {
        TokenHistory rotated = tokens.rotatedTo(response.refreshToken(), hashes);
        return new TokenFamily(
                id,
                account,
                TokenFamilyStatus.READY,
                rotated,
                response.accessToken(),
                locations,
                null,
                now,
                null,
                orphaned);
    }

    /** An answer without a usable access token that still carried a token: what it gave counts, what it lacked does not. */
    TokenFamily rescued(String refreshToken, String why, TokenHash hashes, Instant now) {
        TokenHistory rotated = tokens.rotatedTo(refreshToken, hashes);
        return new TokenFamily(
                id, account, TokenFamilyStatus.READY, rotated, accessToken, locations, why, now, null, orphaned);
    }

    /** Nothing happened to the token. */
    TokenFamily untouched(String why, Instant now) {
        return in(TokenFamilyStatus.READY, why, now, null);
    }

    /** @param retry when the token may be sent once more at the earliest */
    TokenFamily unknown(String why, Instant now, Instant retry) {
        return in(TokenFamilyStatus.UNKNOWN, why, now, retry);
    }

    TokenFamily rejected(String why, Instant now) {
        return in(TokenFamilyStatus.REJECTED, why, now, null);
    }

    /** In the same state, but with no request before a time that the server or this controller has set. */
    TokenFamily waitingUntil(@CheckForNull Instant time) {
        return in(state, error, changed, time);
    }

    /** The access token was revoked. When it was issued stays known; no clock makes it alive again. */
    TokenFamily withRevokedAccessToken() {
        AccessToken revoked = accessToken == null ? null : new AccessToken("", accessToken.issuedAt(), Instant.EPOCH);
        return new TokenFamily(id, account, state, tokens, revoked, locations, error, changed, notBefore, orphaned);
    }

    /**
     * What becomes of a family with a request when that has brought no access token.
     *
     * @param before the family when the request was made
     * @param isResendable whether the server expects the same token again
     * @param timeout after this the request can no longer be on its way
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
        if (isResponseMissing(e) && !isResendable) {
            return unknown(cause, now, latest(retryAfter, changed.plus(timeout)));
        }
        if (before.state == TokenFamilyStatus.UNKNOWN) {
            // A request that was not sent, or was turned away, leaves the outcome of the one before as unknown as it was.
            boolean sent = !(e instanceof TokenRequestException.NotSent);
            return sent ? before.waitingUntil(latest(retryAfter, now.plus(timeout))) : before;
        }
        return untouched(cause, now).waitingUntil(retryAfter.isAfter(now) ? retryAfter : null);
    }

    private static Instant latest(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** Whether the server may have rotated the token although no refresh token arrived. */
    static boolean isResponseMissing(TokenRequestException e) {
        return e instanceof TokenRequestException.OutcomeUnknown || e instanceof TokenRequestException.InvalidResponse;
    }

    private TokenFamily in(TokenFamilyStatus to, @CheckForNull String why, Instant since, @CheckForNull Instant next) {
        return new TokenFamily(id, account, to, tokens, accessToken, locations, why, since, next, orphaned);
    }

    @Override
    public String toString() {
        return "TokenFamily[" + id + ", " + account.description() + ", " + state + ", generation " + tokens.generation()
                + "]";
    }
}
