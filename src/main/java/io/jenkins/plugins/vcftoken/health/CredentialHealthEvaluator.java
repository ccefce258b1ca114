package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.SecretRegenerationWork;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.LedgerSnapshot;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.VersionedSecretProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Assesses credentials, based on one snapshot of the ledger, the open leases and the cached expiry times. */
final class CredentialHealthEvaluator {

    /** If another process recorded a request as pending for longer than this, its response was lost. */
    private static final Duration MAX_REQUEST_DURATION = Duration.ofMinutes(3);

    private final LedgerSnapshot snapshot;
    private final Map<CredentialLocation, List<String>> leaseOwners;
    private final CredentialLocator locator;
    private final SecretExpiryCache expiryCache;
    private final Instant now;

    private CredentialHealthEvaluator(VcfTokenService tokens) throws TokenUnavailableException {
        this.snapshot = tokens.snapshot();
        this.leaseOwners = tokens.openLeases().stream()
                .collect(Collectors.groupingBy(Lease::location, Collectors.mapping(Lease::owner, Collectors.toList())));
        this.locator = tokens.locator();
        this.expiryCache = HealthMonitorWork.get().expiryCache();
        this.now = tokens.clock().instant();
    }

    /** @throws TokenUnavailableException if the ledger cannot be read */
    static CredentialHealthEvaluator start() throws TokenUnavailableException {
        return new CredentialHealthEvaluator(VcfTokenService.get());
    }

    CredentialHealth assess(LocatedCredential stored) {
        Account account = findAccount(stored);
        TokenFamily family = account == null ? null : findFamily(account, stored);
        // The stored token was replaced by a rotation at another location, so its family is not shown here.
        boolean stale = family != null && !belongsTo(family, account, stored);
        TokenLedger.UnreadableRecord unreadable =
                account == null || family != null ? null : snapshot.findUnreadable(account, storedSecret(stored));
        HealthStatus status;
        if (account == null) {
            status = HealthStatus.BAD_ADDRESS;
        } else if (stale) {
            status = HealthStatus.STALE_COPY;
        } else if (family != null) {
            status = status(family);
        } else if (storedSecret(stored).isBlank() && !stored.credential().isSecretOptional()) {
            status = HealthStatus.NO_SECRET;
        } else {
            status = unreadable == null ? HealthStatus.NOT_USED : HealthStatus.UNREADABLE;
        }
        String error = family == null || stale ? null : family.error();
        return new CredentialHealth(
                stored,
                account,
                stale ? null : family,
                status,
                unreadable == null
                        ? error
                        : Messages.CredentialHealthEvaluator_unreadable(unreadable.file(), unreadable.cause()),
                family == null || stale
                        ? expiryCache.find(stored)
                        : family.tokens().expiry(storedSecret(stored), expiryCache.find(stored)),
                SecretRegenerationWork.get().findError(stored.location()),
                leaseOwners.getOrDefault(stored.location(), List.of()),
                snapshot.isUnsaved(stored.location()),
                locator.isReadOnly(stored),
                now);
    }

    /** Finds records without a stored secret: the credential was deleted or stores another secret. */
    List<OrphanedRecord> findOrphans() {
        Set<String> used = new HashSet<>();
        Stream.concat(CredentialScanner.shared().stream(), CredentialScanner.personal().stream())
                .forEach(stored -> {
                    Account account = findAccount(stored);
                    TokenFamily family = account == null ? null : findFamily(account, stored);
                    if (family != null) {
                        used.add(family.id());
                    }
                });
        return snapshot.savedFamilies().stream()
                .filter(family -> !used.contains(family.id()))
                .map(OrphanedRecord::new)
                .toList();
    }

    List<TokenLedger.UnreadableRecord> unreadable() {
        return snapshot.unreadable();
    }

    @CheckForNull
    private TokenFamily findFamily(Account account, LocatedCredential stored) {
        TokenFamily found = snapshot.find(account, storedSecret(stored), stored.location());
        boolean useLastUsed = found == null && VersionedSecretProvider.findFor(stored.credential()) != null;
        return useLastUsed ? snapshot.findLastUsed(account, stored.location()) : found;
    }

    /**
     * Returns true also for a credential that was stored again with a new ID, because its next build uses the family.
     */
    private boolean belongsTo(TokenFamily family, Account account, LocatedCredential stored) {
        return family.locations().contains(stored.location())
                || family.tokens().current().equals(storedSecret(stored))
                || locator.findFormerLocation(account, storedSecret(stored), stored.location())
                        .isPresent();
    }

    private HealthStatus status(TokenFamily family) {
        HealthStatus unknown = VcfTokenService.retriesUnknown() ? HealthStatus.AWAITING_RETRY : HealthStatus.UNKNOWN;
        return switch (family.state()) {
            case READY -> statusWhenReady(family);
            case REQUESTING ->
                snapshot.isRequesting(family) || now.isBefore(family.changed().plus(MAX_REQUEST_DURATION))
                        ? HealthStatus.REQUESTING
                        : unknown;
            case UNKNOWN -> unknown;
            case REJECTED -> HealthStatus.REJECTED;
        };
    }

    private HealthStatus statusWhenReady(TokenFamily family) {
        AccessToken accessToken = family.accessToken();
        if (family.error() != null) {
            return HealthStatus.FAILING;
        }
        if (accessToken == null) {
            return family.tokens().generation() == 0 ? HealthStatus.NOT_USED : HealthStatus.IDLE;
        }
        return accessToken.isAlive(now) ? HealthStatus.READY : HealthStatus.IDLE;
    }

    /** @return null if the stored URL is invalid */
    @CheckForNull
    static Account findAccount(LocatedCredential stored) {
        try {
            Account account = stored.credential().account();
            return account.url().getHost() == null ? null : account;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String storedSecret(LocatedCredential stored) {
        return stored.credential().storedSecret().getPlainText();
    }
}
