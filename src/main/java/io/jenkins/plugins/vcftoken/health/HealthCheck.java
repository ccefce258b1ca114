package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.LeaseInfo;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilySnapshot;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.rotation.UnreadableRecord;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One look at the ledger and at memory, for as many credentials as somebody wants to know about. */
final class HealthCheck {

    /** What is marked as in flight for longer is not, unless it is this process that has it in flight. */
    private static final Duration LONGEST_FLIGHT = Duration.ofMinutes(3);

    private final TokenFamilySnapshot survey;
    private final Map<CredentialLocation, List<String>> tenants;
    private final CredentialLocator locator;
    private final SecretExpiryCache expiries;
    private final Instant now;

    private HealthCheck(VcfTokenService tokens) throws TokenUnavailableException {
        this.survey = tokens.survey();
        this.tenants = tokens.openLeases().stream()
                .collect(Collectors.groupingBy(
                        LeaseInfo::location, Collectors.mapping(LeaseInfo::owner, Collectors.toList())));
        this.locator = tokens.locator();
        this.expiries = HealthMonitorWork.get().expiries();
        this.now = tokens.clock().instant();
    }

    /** @throws TokenUnavailableException when the ledger cannot be read */
    static HealthCheck make() throws TokenUnavailableException {
        return new HealthCheck(VcfTokenService.get());
    }

    CredentialHealth of(LocatedCredential stored) {
        Account account = account(stored);
        TokenFamily family = account == null ? null : family(account, stored);
        boolean known = family == null || isHere(family, stored) || hasNewId(account, stored);
        HealthStatus state;
        if (account == null) {
            state = HealthStatus.BAD_ADDRESS;
        } else if (family == null) {
            state = withoutFamily(account, stored);
        } else {
            state = known ? state(family) : HealthStatus.STALE_COPY;
        }
        return new CredentialHealth(
                stored,
                state,
                now,
                new CredentialHealth.Facts(
                        account,
                        known ? family : null,
                        known ? error(account, family, stored) : null,
                        expiries.of(stored),
                        tenants.getOrDefault(stored.location(), List.of()),
                        survey.isUnsaved(stored.location()),
                        locator.isReadOnly(stored)));
    }

    /** Families to which no stored token leads: what is left of credentials that are gone, or store another secret. */
    List<OrphanedRecord> orphans() {
        Set<String> inUse = new HashSet<>();
        Stream.concat(CredentialScanner.shared().stream(), CredentialScanner.personal().stream())
                .forEach(stored -> {
                    Account account = account(stored);
                    TokenFamily family = account == null ? null : family(account, stored);
                    if (family != null) {
                        inUse.add(family.id());
                    }
                });
        return survey.written().stream()
                .filter(family -> !inUse.contains(family.id()))
                .map(OrphanedRecord::new)
                .toList();
    }

    List<UnreadableRecord> unreadable() {
        return survey.unreadable();
    }

    @CheckForNull
    private TokenFamily family(Account account, LocatedCredential stored) {
        return survey.of(account, token(stored), stored.location());
    }

    /** A copy of a token that has rotated away elsewhere must not tell how things are there. */
    private static boolean isHere(TokenFamily family, LocatedCredential stored) {
        return family.locations().contains(stored.location())
                || family.tokens().current().equals(token(stored));
    }

    /** The next build uses it as if it had its former ID. */
    private boolean hasNewId(Account account, LocatedCredential stored) {
        return locator.formerPlace(account, token(stored), stored.location()).isPresent();
    }

    private HealthStatus withoutFamily(Account account, LocatedCredential stored) {
        if (token(stored).isBlank() && !stored.credential().isSecretOptional()) {
            return HealthStatus.NO_SECRET;
        }
        return survey.unreadableOf(account, token(stored)) == null ? HealthStatus.NOT_USED : HealthStatus.UNREADABLE;
    }

    private HealthStatus state(TokenFamily family) {
        return switch (family.state()) {
            case READY -> afterFailure(family);
            case REQUESTING ->
                survey.isFlying(family) || now.isBefore(family.changed().plus(LONGEST_FLIGHT))
                        ? HealthStatus.REQUESTING
                        : unknown();
            case UNKNOWN -> unknown();
            case REJECTED -> HealthStatus.REJECTED;
        };
    }

    private static HealthStatus unknown() {
        return VcfTokenService.retriesUnknown() ? HealthStatus.AWAITING_RETRY : HealthStatus.UNKNOWN;
    }

    private HealthStatus afterFailure(TokenFamily family) {
        AccessToken accessToken = family.accessToken();
        if (family.error() != null) {
            return HealthStatus.FAILING;
        }
        if (accessToken == null) {
            return family.tokens().generation() == 0 ? HealthStatus.NOT_USED : HealthStatus.IDLE;
        }
        return accessToken.isAlive(now) ? HealthStatus.READY : HealthStatus.IDLE;
    }

    @CheckForNull
    private String error(Account account, @CheckForNull TokenFamily family, LocatedCredential stored) {
        if (family != null) {
            return family.error();
        }
        UnreadableRecord record = account == null ? null : survey.unreadableOf(account, token(stored));
        return record == null ? null : Messages.HealthCheck_unreadable(record.where(), record.why());
    }

    /** @return null when the stored address is none */
    @CheckForNull
    static Account account(LocatedCredential stored) {
        try {
            Account account = stored.credential().account();
            return account.url().getHost() == null ? null : account;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String token(LocatedCredential stored) {
        return stored.credential().storedSecret().getPlainText();
    }
}
