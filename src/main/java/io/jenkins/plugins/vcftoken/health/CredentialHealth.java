package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import jenkins.model.Jenkins;
import org.jvnet.localizer.Localizable;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * Snapshot of the token state of one credential, for pages and the JSON API. Contains no secrets and no hashes of
 * secrets. Exported names are documented in docs/token-status.md and are frozen.
 */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class CredentialHealth {

    /** Visibility of properties that are exported at any depth. */
    static final int ALWAYS = 999;

    /** Period of {@code SecretRegenerationWork}, which has run at least once after this time. */
    private static final Duration REGENERATION_PERIOD = Duration.ofHours(12);

    private final LocatedCredential stored;
    private final Account account;
    private final TokenFamily family;
    private final HealthStatus status;
    private final String error;
    private final Instant secretExpiresAt;
    private final String regenerationError;
    private final List<String> leaseOwners;
    private final boolean unsaved;
    private final boolean readOnly;
    private final Instant now;

    /**
     * @param account null if the stored URL is invalid
     * @param family null if no token family belongs to this credential
     * @param error without secrets, may contain text of the server; null if the last request succeeded
     * @param secretExpiresAt null if unknown or if the secret never expires
     * @param regenerationError error of the last regeneration of the secret; null if there was none
     * @param unsaved whether saving the rotated token in the store failed
     * @param readOnly whether the store is read-only
     */
    CredentialHealth(
            LocatedCredential stored,
            @CheckForNull Account account,
            @CheckForNull TokenFamily family,
            HealthStatus status,
            @CheckForNull String error,
            @CheckForNull Instant secretExpiresAt,
            @CheckForNull String regenerationError,
            List<String> leaseOwners,
            boolean unsaved,
            boolean readOnly,
            Instant now) {
        this.stored = stored;
        this.account = account;
        this.family = family;
        this.status = status;
        this.error = error;
        this.secretExpiresAt = secretExpiresAt;
        this.regenerationError = regenerationError;
        this.leaseOwners = leaseOwners;
        this.unsaved = unsaved;
        this.readOnly = readOnly;
        this.now = now;
    }

    LocatedCredential stored() {
        return stored;
    }

    @CheckForNull
    TokenFamily family() {
        return family;
    }

    private VcfCredentials credential() {
        return stored.credential();
    }

    @Exported
    public String getId() {
        return credential().getId();
    }

    @Exported
    public String getName() {
        return CredentialsNameProvider.name(credential());
    }

    /** Owner of the store: {@code system}, {@code folder:…} or {@code user:…}. */
    @Exported
    public String getContext() {
        return stored.location().context();
    }

    @Exported
    public String getKind() {
        return credential().getDescriptor().getDisplayName();
    }

    /** Product name; null if the stored URL is invalid. */
    @CheckForNull
    @Exported
    public String getSystem() {
        return account == null ? null : account.system();
    }

    @Exported
    public String getAddress() {
        return credential().getUrl();
    }

    @CheckForNull
    @Exported
    public String getOrganization() {
        return account == null ? null : Util.fixEmpty(account.organization());
    }

    @Exported
    public HealthStatus getState() {
        return status;
    }

    Localizable label() {
        return status.label(credential().isAuthorizable());
    }

    public String getWords() {
        return label().toString();
    }

    Localizable nextStep() {
        return status.nextStep(credential().isAuthorizable());
    }

    public String getNextStep() {
        return nextStep().toString();
    }

    @Exported
    public boolean isBroken() {
        return status.isBroken();
    }

    @CheckForNull
    @Exported
    public String getError() {
        return error;
    }

    /** The error with an uppercase first letter. */
    @CheckForNull
    public String getErrorSentence() {
        return error == null || error.isEmpty()
                ? error
                : error.substring(0, 1).toUpperCase(Locale.ENGLISH) + error.substring(1);
    }

    /** Number of rotations of the refresh token. */
    @Exported
    public long getGeneration() {
        return family == null ? 0 : family.tokens().generation();
    }

    /** Time of the last access token request; null if unknown. */
    @CheckForNull
    @Exported
    public String getRenewedAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? null : truncateToSeconds(accessToken.issuedAt());
    }

    /** Expiry of the cached access token; null if there is none or it has expired. */
    @CheckForNull
    @Exported
    public String getAccessTokenExpiresAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null || !accessToken.isAlive(now) ? null : truncateToSeconds(accessToken.expiresAt());
    }

    @Exported
    public long getAccessTokenSecondsLeft() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? 0 : Math.max(0, accessToken.remaining(now).toSeconds());
    }

    @CheckForNull
    private AccessToken accessToken() {
        return family == null ? null : family.accessToken();
    }

    @CheckForNull
    @Exported
    public String getSecretExpiresAt() {
        return secretExpiresAt == null ? null : truncateToSeconds(secretExpiresAt);
    }

    @CheckForNull
    private static DisplayTime display(@CheckForNull Instant time) {
        return time == null ? null : new DisplayTime(time);
    }

    @CheckForNull
    public DisplayTime getRenewedTime() {
        AccessToken accessToken = accessToken();
        return display(accessToken == null ? null : accessToken.issuedAt());
    }

    /** Expiry of the cached access token; null if there is none or it has expired. */
    @CheckForNull
    public DisplayTime getAccessTokenExpiry() {
        AccessToken accessToken = accessToken();
        return display(accessToken == null || !accessToken.isAlive(now) ? null : accessToken.expiresAt());
    }

    @CheckForNull
    public DisplayTime getSecretExpiry() {
        return display(secretExpiresAt);
    }

    /** Time of the next regeneration of the secret; null if disabled or unknown. */
    @CheckForNull
    @Exported
    public String getSecretRegeneratedAt() {
        Instant time = regeneratedAt();
        return time == null ? null : truncateToSeconds(time);
    }

    @CheckForNull
    public DisplayTime getSecretRegeneration() {
        return display(regeneratedAt());
    }

    @CheckForNull
    private Instant regeneratedAt() {
        Duration before = credential().regeneratedBeforeExpiry();
        return before == null || secretExpiresAt == null ? null : secretExpiresAt.minus(before);
    }

    @CheckForNull
    String regenerationError() {
        return regenerationError;
    }

    /** Whether the secret will be regenerated before it expires, so that no user action is required. */
    boolean isRegenerationScheduled() {
        return regeneratedAt() != null
                && regenerationError == null
                && now.isBefore(secretExpiresAt.minus(REGENERATION_PERIOD));
    }

    /** Whether the response to a regeneration request was lost, and no token request has shown its outcome yet. */
    boolean isRegenerationUnknown() {
        return family != null
                && (status == HealthStatus.AWAITING_RETRY || status == HealthStatus.UNKNOWN)
                && family.tokens().expiresAt() != null
                && !family.tokens().nonRotating();
    }

    /** Whether regeneration is enabled, but the expiry of the secret is unknown. */
    boolean isExpiryMissing() {
        return credential().regeneratedBeforeExpiry() != null && secretExpiresAt == null;
    }

    private static String truncateToSeconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Time until the secret expires, negative if it has expired; null if unknown. */
    @CheckForNull
    Duration secretLeft() {
        return secretExpiresAt == null ? null : Duration.between(now, secretExpiresAt);
    }

    /** Includes leases of builds that the current user has no permission to view. */
    @Exported
    public int getOpenLeases() {
        return leaseOwners.size();
    }

    /** Lists each build once, although it can have several blocks with several tokens each. */
    @Exported
    public List<BuildWithLease> getLeases() {
        return leaseOwners.stream()
                .distinct()
                .map(BuildWithLease::find)
                .filter(Objects::nonNull)
                .toList();
    }

    @Exported
    public boolean isStoreUpToDate() {
        return !unsaved && !readOnly;
    }

    @Exported
    public boolean isTlsVerified() {
        return !credential().isSkipTlsVerification();
    }

    /** In descending order. */
    enum Severity {
        /** Builds fail until a user intervenes. */
        BROKEN,
        /** The last request failed, its response was lost, or a rotated token is not saved yet. */
        FAILING,
        /** The secret expires soon. */
        EXPIRING,
        FINE
    }

    Severity severity() {
        if (isBroken()) {
            return Severity.BROKEN;
        }
        if (status.isFailing() || unsaved) {
            return Severity.FAILING;
        }
        return HealthWarning.isExpiring(this) ? Severity.EXPIRING : Severity.FINE;
    }

    /** Host and port, without {@code https://}. */
    public String getHost() {
        return getAddress().replaceFirst("^https://", "").replaceFirst("/$", "");
    }

    /** For example "vcfa.example.com / acme". */
    public String getHostAndOrganization() {
        String organization = getOrganization();
        return organization == null ? getHost() : getHost() + " / " + organization;
    }

    public boolean isStoreReadOnly() {
        return readOnly;
    }

    public boolean isUnsaved() {
        return unsaved;
    }

    public String getRenewed() {
        AccessToken accessToken = accessToken();
        if (accessToken == null) {
            return "";
        }
        long age = Duration.between(accessToken.issuedAt(), now).toMillis();
        return Messages.CredentialHealth_ago(Util.getTimeSpanString(Math.max(0, age)));
    }

    public String getAccessTokenLeft() {
        return getAccessTokenSecondsLeft() == 0 ? "" : Util.getTimeSpanString(getAccessTokenSecondsLeft() * 1000);
    }

    public String getSecretLeft() {
        Duration left = secretLeft();
        return left == null ? "" : new HealthWarning.RemainingTime(left).toString();
    }

    /** URL of this credential's token page, relative to the Jenkins root. */
    @Exported
    public String getPage() {
        return TokenListPage.url(stored.store().getContext()) + "credential/" + Util.rawEncode(getId()) + '/';
    }

    /** URL of the credential in its store; null if the store has no pages. */
    @CheckForNull
    public String getStoreUrl() {
        String domain = stored.store().getRelativeLinkTo(stored.domain());
        return domain == null ? null : domain + "credential/" + Util.rawEncode(getId()) + '/';
    }

    boolean isGlobal() {
        return stored.store().getContext() instanceof Jenkins;
    }

    public String getOwner() {
        return isGlobal() ? Messages.CredentialHealth_global() : stored.store().getContextDisplayName();
    }

    public boolean isUpdatable() {
        return TokenDetailPage.canUpdate(stored);
    }
}
