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
 * The state of one credential's tokens at one moment, for pages and as JSON. Contains no secret and no hash of one. The
 * exported names are documented in docs/token-status.md and are frozen.
 */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class CredentialHealth {

    /** Exported at any depth. */
    static final int ALWAYS = 999;

    /** The period of the work that does it: by then it has been tried at least once. */
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
     * @param account null when the stored address is invalid
     * @param family null when there is none that belongs to this credential
     * @param error free of secrets, in part a server's own words; null when the last request succeeded
     * @param secretExpiresAt null when unknown, or never
     * @param regenerationError why the secret was not replaced when that was due; null where it was not due
     * @param unsaved whether saving the rotated token in the store has failed
     * @param readOnly whether the store cannot be written at all
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

    /** The owner of the store: {@code system}, {@code folder:…} or {@code user:…}. */
    @Exported
    public String getContext() {
        return stored.location().context();
    }

    @Exported
    public String getKind() {
        return credential().getDescriptor().getDisplayName();
    }

    /** The product; null when the stored address is invalid. */
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

    Localizable words() {
        return status.words(credential().isAuthorizable());
    }

    public String getWords() {
        return words().toString();
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

    /** The error as a sentence of its own. */
    @CheckForNull
    public String getErrorSentence() {
        return error == null || error.isEmpty()
                ? error
                : error.substring(0, 1).toUpperCase(Locale.ENGLISH) + error.substring(1);
    }

    /** How often the refresh token has rotated. */
    @Exported
    public long getGeneration() {
        return family == null ? 0 : family.tokens().generation();
    }

    /** When the last access token was requested; null when none is known. */
    @CheckForNull
    @Exported
    public String getRenewedAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? null : seconds(accessToken.issuedAt());
    }

    /** When the cached access token expires; null when there is none, or it has expired. */
    @CheckForNull
    @Exported
    public String getAccessTokenExpiresAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null || !accessToken.isAlive(now) ? null : seconds(accessToken.expiresAt());
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
        return secretExpiresAt == null ? null : seconds(secretExpiresAt);
    }

    /** @return null for null */
    @CheckForNull
    private static DisplayTime display(@CheckForNull Instant time) {
        return time == null ? null : new DisplayTime(time);
    }

    @CheckForNull
    public DisplayTime getRenewedTime() {
        AccessToken accessToken = accessToken();
        return display(accessToken == null ? null : accessToken.issuedAt());
    }

    /** When the cached access token expires; null when there is none, or it has expired. */
    @CheckForNull
    public DisplayTime getAccessTokenExpiry() {
        AccessToken accessToken = accessToken();
        return display(accessToken == null || !accessToken.isAlive(now) ? null : accessToken.expiresAt());
    }

    @CheckForNull
    public DisplayTime getSecretExpiry() {
        return display(secretExpiresAt);
    }

    /** When the secret is replaced by another one of the server; null where that is not wanted, or not known. */
    @CheckForNull
    @Exported
    public String getSecretRegeneratedAt() {
        Instant time = regeneratedAt();
        return time == null ? null : seconds(time);
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

    /** Whether the secret will be replaced before it expires, so that no person has to. */
    boolean isRegenerationAwaited() {
        return regeneratedAt() != null
                && regenerationError == null
                && now.isBefore(secretExpiresAt.minus(REGENERATION_PERIOD));
    }

    /** Whether the response to a request for another secret was lost, and no token request has shown yet what came of it. */
    boolean isRegenerationUnknown() {
        return family != null
                && (status == HealthStatus.AWAITING_RETRY || status == HealthStatus.UNKNOWN)
                && family.tokens().expiresAt() != null
                && !family.tokens().nonRotating();
    }

    /** Whether the secret is to be replaced before it expires, and it is not known when that is. */
    boolean isExpiryMissing() {
        return credential().regeneratedBeforeExpiry() != null && secretExpiresAt == null;
    }

    /** Servers give most times in seconds. */
    private static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The time until the secret expires, negative when it has expired; null when the time is unknown. */
    @CheckForNull
    Duration secretLeft() {
        return secretExpiresAt == null ? null : Duration.between(now, secretExpiresAt);
    }

    /** Counts all leases, including those of builds that the current user may not see. */
    @Exported
    public int getOpenLeases() {
        return leaseOwners.size();
    }

    /** Each build once: it can have several blocks, and several tokens in each. */
    @Exported
    public List<BuildLeaseInfo> getLeases() {
        return leaseOwners.stream()
                .distinct()
                .map(BuildLeaseInfo::find)
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

    /** Which credentials need attention first. */
    enum Severity {
        /** Builds fail until a person intervenes. */
        BROKEN,
        /** The last request failed, or its response was lost, or a rotated token is not in the store yet. */
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

    /** Host and port, without the scheme that almost all addresses have. */
    public String getHost() {
        return getAddress().replaceFirst("^https://", "").replaceFirst("/$", "");
    }

    /** "vcfa.example.com / acme" */
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

    /** The page of this credential, relative to the root of Jenkins. */
    @Exported
    public String getPage() {
        return TokenListPage.url(stored.store().getContext()) + "credential/" + Util.rawEncode(getId()) + '/';
    }

    /** The credential's page in its store; null where the store has no pages. */
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

    /** Whether the current user may act on the tokens. */
    public boolean isUpdatable() {
        return TokenDetailPage.mayUpdate(stored);
    }
}
