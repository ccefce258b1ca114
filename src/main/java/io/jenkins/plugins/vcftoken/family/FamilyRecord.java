package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
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
 *  founded → OK ──── inFlight ──────► IN_FLIGHT ──── dead ────► DEAD
 *                                       ▲ │
 *                              inFlight │ │ uncertain
 *                                       │ ▼
 *                                     UNKNOWN
 * </pre>
 *
 * From UNKNOWN the token is sent once more when nothing can be lost by it any more. From DEAD only a person leads on:
 * with a new token, which founds another family, or by vouching for the old one.
 *
 * @param id made of endpoint and seed; never changes
 * @param bearer the last bearer, or null
 * @param places where it is stored; a former token leads here only from one of these
 * @param trouble what went wrong last, free of secrets, or null
 * @param changed when the state was entered
 * @param notBefore no request is sent before this; null where nothing stands in the way
 * @param orphaned since when no credential stands at any of the places, or null
 */
public record FamilyRecord(
        String id,
        Endpoint endpoint,
        FamilyState state,
        Lineage tokens,
        @CheckForNull Bearer bearer,
        Set<Place> places,
        @CheckForNull String trouble,
        Instant changed,
        @CheckForNull Instant notBefore,
        @CheckForNull Instant orphaned) {

    public FamilyRecord {
        places = Set.copyOf(places);
    }

    static FamilyRecord founded(Endpoint endpoint, String seed, TokenHash hashes, Instant now) {
        return new FamilyRecord(
                hashes.ofFamily(endpoint, seed),
                endpoint,
                FamilyState.OK,
                Lineage.of(seed, hashes),
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
    static FamilyRecord authorized(
            Endpoint endpoint,
            Lineage before,
            String refreshToken,
            @CheckForNull Bearer bearer,
            Place place,
            TokenHash hashes,
            Instant now) {
        return new FamilyRecord(
                hashes.ofFamily(endpoint, refreshToken),
                endpoint,
                FamilyState.OK,
                before.authorizedTo(refreshToken, hashes),
                bearer,
                Set.of(place),
                null,
                now,
                null,
                null);
    }

    /** Whether this endpoint has ever answered with a bearer, so that the secret is beyond doubt one of its own. */
    boolean isProven() {
        return bearer != null || tokens.generation() > 0;
    }

    FamilyRecord boundTo(Place place) {
        if (places.contains(place) && orphaned == null) {
            return this;
        }
        Set<Place> more = new HashSet<>(places);
        more.remove(place.beforeSaving());
        more.add(place);
        return new FamilyRecord(id, endpoint, state, tokens, bearer, more, trouble, changed, notBefore, null);
    }

    FamilyRecord without(Place place) {
        Set<Place> fewer = new HashSet<>(places);
        fewer.remove(place);
        return new FamilyRecord(id, endpoint, state, tokens, bearer, fewer, trouble, changed, notBefore, orphaned);
    }

    /** The places of a store whose owner was renamed or moved. */
    FamilyRecord moved(String fromContext, String toContext) {
        Set<Place> moved = new HashSet<>();
        places.forEach(place -> moved.add(place.moved(fromContext, toContext)));
        return new FamilyRecord(id, endpoint, state, tokens, bearer, moved, trouble, changed, notBefore, orphaned);
    }

    /** The places of a store that was copied with its owner. */
    FamilyRecord copied(String fromContext, String toContext) {
        Set<Place> more = new HashSet<>(moved(fromContext, toContext).places());
        more.addAll(places);
        return new FamilyRecord(id, endpoint, state, tokens, bearer, more, trouble, changed, notBefore, orphaned);
    }

    FamilyRecord orphaned(@CheckForNull Instant since) {
        return new FamilyRecord(id, endpoint, state, tokens, bearer, places, trouble, changed, notBefore, since);
    }

    FamilyRecord inFlight(Instant now) {
        return in(FamilyState.IN_FLIGHT, trouble, now, null);
    }

    FamilyRecord granted(Grant grant, TokenHash hashes, Instant now) {
        Lineage rotated = tokens.rotatedTo(grant.refreshToken(), hashes);
        return new FamilyRecord(
                id, endpoint, FamilyState.OK, rotated, grant.bearer(), places, null, now, null, orphaned);
    }

    /** An answer without a usable bearer that still carried a token: what it gave counts, what it lacked does not. */
    FamilyRecord rescued(String refreshToken, String why, TokenHash hashes, Instant now) {
        Lineage rotated = tokens.rotatedTo(refreshToken, hashes);
        return new FamilyRecord(id, endpoint, FamilyState.OK, rotated, bearer, places, why, now, null, orphaned);
    }

    /** Nothing happened to the token. */
    FamilyRecord untouched(String why, Instant now) {
        return in(FamilyState.OK, why, now, null);
    }

    /** @param retry when the token may be sent once more at the earliest */
    FamilyRecord uncertain(String why, Instant now, Instant retry) {
        return in(FamilyState.UNKNOWN, why, now, retry);
    }

    FamilyRecord dead(String why, Instant now) {
        return in(FamilyState.DEAD, why, now, null);
    }

    /** In the same state, but with no request before a time that the server or this controller has set. */
    FamilyRecord waitingUntil(Instant time) {
        return in(state, trouble, changed, time);
    }

    /** The access token was revoked. When it was issued stays known; no clock makes it alive again. */
    FamilyRecord withRevokedAccessToken() {
        Bearer revoked = bearer == null ? null : new Bearer("", bearer.issuedAt(), Instant.EPOCH);
        return new FamilyRecord(id, endpoint, state, tokens, revoked, places, trouble, changed, notBefore, orphaned);
    }

    private FamilyRecord in(FamilyState to, @CheckForNull String why, Instant since, @CheckForNull Instant next) {
        return new FamilyRecord(id, endpoint, to, tokens, bearer, places, why, since, next, orphaned);
    }

    @Override
    public String toString() {
        return "FamilyRecord[" + id + ", " + endpoint.description() + ", " + state + ", generation "
                + tokens.generation() + "]";
    }
}
