package io.jenkins.plugins.vcftoken.admin;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.Survey;
import io.jenkins.plugins.vcftoken.family.Unreadable;
import io.jenkins.plugins.vcftoken.lease.OpenLease;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import io.jenkins.plugins.vcftoken.store.StoredCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One look at the ledger and at memory, for as many credentials as somebody wants to know about. */
final class Checkup {

    /** What is marked as in flight for longer is not, unless it is this process that has it in flight. */
    private static final Duration LONGEST_FLIGHT = Duration.ofMinutes(3);

    private final Survey survey;
    private final Map<Place, List<String>> tenants;
    private final CredentialHomes homes;
    private final SecretExpiries expiries;
    private final Instant now;

    private Checkup(VcfTokens tokens) throws FamilyException {
        this.survey = tokens.survey();
        this.tenants = tokens.openLeases().stream()
                .collect(Collectors.groupingBy(
                        OpenLease::place, Collectors.mapping(OpenLease::tenant, Collectors.toList())));
        this.homes = tokens.homes();
        this.expiries = TokenWatch.get().expiries();
        this.now = tokens.clock().instant();
    }

    /** @throws FamilyException when the ledger cannot be read */
    static Checkup make() throws FamilyException {
        return new Checkup(VcfTokens.get());
    }

    TokenHealth of(StoredCredential stored) {
        Endpoint endpoint = endpoint(stored);
        FamilyRecord family = endpoint == null ? null : family(endpoint, stored);
        boolean known = family == null || isHere(family, stored) || hasNewId(endpoint, stored);
        TokenState state;
        if (endpoint == null) {
            state = TokenState.BAD_ADDRESS;
        } else if (family == null) {
            state = withoutFamily(endpoint, stored);
        } else {
            state = known ? state(family) : TokenState.STALE_COPY;
        }
        return new TokenHealth(
                stored,
                state,
                now,
                new TokenHealth.Facts(
                        endpoint,
                        known ? family : null,
                        known ? error(endpoint, family, stored) : null,
                        expiries.of(stored),
                        tenants.getOrDefault(stored.place(), List.of()),
                        survey.isUnsaved(stored.place()),
                        homes.isReadOnly(stored)));
    }

    /** Families to which no stored token leads: what is left of credentials that are gone, or store another secret. */
    List<Orphan> orphans() {
        Set<String> inUse = new HashSet<>();
        Stream.concat(StoredCredentials.shared().stream(), StoredCredentials.personal().stream())
                .forEach(stored -> {
                    Endpoint endpoint = endpoint(stored);
                    FamilyRecord family = endpoint == null ? null : family(endpoint, stored);
                    if (family != null) {
                        inUse.add(family.id());
                    }
                });
        return survey.written().stream()
                .filter(family -> !inUse.contains(family.id()))
                .map(Orphan::new)
                .toList();
    }

    List<Unreadable> unreadable() {
        return survey.unreadable();
    }

    @CheckForNull
    private FamilyRecord family(Endpoint endpoint, StoredCredential stored) {
        return survey.of(endpoint, token(stored), stored.place());
    }

    /** A copy of a token that has rotated away elsewhere must not tell how things are there. */
    private static boolean isHere(FamilyRecord family, StoredCredential stored) {
        return family.places().contains(stored.place())
                || family.tokens().current().equals(token(stored));
    }

    /** The next build uses it as if it had its former ID. */
    private boolean hasNewId(Endpoint endpoint, StoredCredential stored) {
        return homes.formerPlace(endpoint, token(stored), stored.place()).isPresent();
    }

    private TokenState withoutFamily(Endpoint endpoint, StoredCredential stored) {
        if (token(stored).isBlank() && !stored.credential().isSecretOptional()) {
            return TokenState.NO_SECRET;
        }
        return survey.unreadableOf(endpoint, token(stored)) == null ? TokenState.NOT_USED : TokenState.UNREADABLE;
    }

    private TokenState state(FamilyRecord family) {
        return switch (family.state()) {
            case OK -> settled(family);
            case IN_FLIGHT ->
                survey.isFlying(family) || now.isBefore(family.changed().plus(LONGEST_FLIGHT))
                        ? TokenState.IN_FLIGHT
                        : unknown();
            case UNKNOWN -> unknown();
            case DEAD -> TokenState.DEAD;
        };
    }

    private static TokenState unknown() {
        return VcfTokens.retriesUnknown() ? TokenState.AWAITING_RETRY : TokenState.UNKNOWN;
    }

    private TokenState settled(FamilyRecord family) {
        Bearer bearer = family.bearer();
        if (family.trouble() != null) {
            return TokenState.FAILING;
        }
        if (bearer == null) {
            return family.tokens().generation() == 0 ? TokenState.NOT_USED : TokenState.IDLE;
        }
        return bearer.isAlive(now) ? TokenState.READY : TokenState.IDLE;
    }

    @CheckForNull
    private String error(Endpoint endpoint, @CheckForNull FamilyRecord family, StoredCredential stored) {
        if (family != null) {
            return family.trouble();
        }
        Unreadable record = endpoint == null ? null : survey.unreadableOf(endpoint, token(stored));
        return record == null ? null : Messages.Checkup_unreadable(record.where(), record.why());
    }

    /** @return null when the stored address is none */
    @CheckForNull
    static Endpoint endpoint(StoredCredential stored) {
        try {
            Endpoint endpoint = stored.credential().endpoint();
            return endpoint.url().getHost() == null ? null : endpoint;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String token(StoredCredential stored) {
        return stored.credential().storedSecret().getPlainText();
    }
}
