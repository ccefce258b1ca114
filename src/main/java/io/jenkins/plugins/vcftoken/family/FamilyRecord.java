package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Everything known about one family, and the only moves it can make. Immutable; each move is a new record.
 *
 * @param id the hash of the seed; never changes
 * @param current the token the server accepts now, as far as is known
 * @param generation how often it has rotated
 * @param ancestors hashes of former tokens, oldest first, bounded; the seed's is the {@code id}
 * @param bearer the last bearer, or null
 * @param steady whether the last answer left the token as it was: then sending it again is what the server expects
 * @param places where it is stored; a former token leads here only from one of these
 * @param trouble what went wrong last, free of secrets, or null
 * @param changed when this record was made
 */
public record FamilyRecord(
        String id,
        Endpoint endpoint,
        FamilyState state,
        String current,
        long generation,
        List<String> ancestors,
        @CheckForNull Bearer bearer,
        boolean steady,
        Set<Place> places,
        @CheckForNull String trouble,
        Instant changed) {

    /** Three days of constant use; a copy older than that leads here only if it is the seed, which is the ID. */
    static final int MAX_ANCESTORS = 100;

    public FamilyRecord {
        ancestors = List.copyOf(ancestors);
        places = Set.copyOf(places);
    }

    static FamilyRecord founded(String id, Endpoint endpoint, String seed, Instant now) {
        return new FamilyRecord(id, endpoint, FamilyState.OK, seed, 0, List.of(), null, false, Set.of(), null, now);
    }

    /** Whether a token with this hash is, or once was, this family's. */
    boolean knows(String hash, TokenHash hashes) {
        return isFormer(hash) || isCurrent(hash, hashes);
    }

    boolean isCurrent(String hash, TokenHash hashes) {
        return hashes.of(endpoint, current).equals(hash);
    }

    private boolean isFormer(String hash) {
        return id.equals(hash) || ancestors.contains(hash);
    }

    FamilyRecord boundTo(Place place) {
        if (places.contains(place)) {
            return this;
        }
        Set<Place> more = new HashSet<>(places);
        more.add(place);
        return new FamilyRecord(
                id, endpoint, state, current, generation, ancestors, bearer, steady, more, trouble, changed);
    }

    FamilyRecord inFlight(Instant now) {
        return moved(FamilyState.IN_FLIGHT, trouble, now);
    }

    FamilyRecord granted(Grant grant, TokenHash hashes, Instant now) {
        return rotatedTo(grant.refreshToken(), hashes).withBearer(grant.bearer(), now);
    }

    /** An answer without a usable bearer that still carried a token: what it gave counts, what it lacked does not. */
    FamilyRecord rescued(String refreshToken, String why, TokenHash hashes, Instant now) {
        return rotatedTo(refreshToken, hashes).moved(FamilyState.OK, why, now);
    }

    /** Nothing happened to the token. */
    FamilyRecord untouched(String why, Instant now) {
        return moved(FamilyState.OK, why, now);
    }

    FamilyRecord uncertain(String why, Instant now) {
        return moved(FamilyState.UNKNOWN, why, now);
    }

    FamilyRecord dead(String why, Instant now) {
        return moved(FamilyState.DEAD, why, now);
    }

    private FamilyRecord moved(FamilyState to, @CheckForNull String why, Instant now) {
        return new FamilyRecord(id, endpoint, to, current, generation, ancestors, bearer, steady, places, why, now);
    }

    private FamilyRecord withBearer(Bearer fresh, Instant now) {
        return new FamilyRecord(
                id, endpoint, FamilyState.OK, current, generation, ancestors, fresh, steady, places, null, now);
    }

    FamilyRecord withoutBearer() {
        return new FamilyRecord(
                id, endpoint, state, current, generation, ancestors, null, steady, places, trouble, changed);
    }

    private FamilyRecord rotatedTo(@CheckForNull String next, TokenHash hashes) {
        if (next == null || next.equals(current)) {
            return new FamilyRecord(
                    id, endpoint, state, current, generation, ancestors, bearer, true, places, trouble, changed);
        }
        List<String> former = new ArrayList<>(ancestors);
        former.add(hashes.of(endpoint, current));
        List<String> bounded = former.size() <= MAX_ANCESTORS ? former : former.subList(1, former.size());
        return new FamilyRecord(
                id, endpoint, state, next, generation + 1, bounded, bearer, false, places, trouble, changed);
    }

    @Override
    public String toString() {
        return "FamilyRecord[" + id + ", " + endpoint.description() + ", " + state + ", generation " + generation + "]";
    }
}
