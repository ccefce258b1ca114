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
import java.util.Objects;
import org.jvnet.localizer.Localizable;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * How the tokens of one credential were at one moment, for a page or as JSON. Has no secret, and no hash of one. The
 * names of what is exported stand in docs/health.md and stay as they are.
 */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class CredentialHealth {

    /** Shown in the JSON whatever depth is asked for. */
    static final int ALWAYS = 999;

    private final LocatedCredential stored;
    private final HealthStatus state;
    private final Instant now;
    private final Facts facts;

    /**
     * What is not in the credential itself.
     *
     * @param account null when the stored address is none
     * @param family null when there is none, or none that whoever stores this token may know of
     * @param error free of secrets, or null; in part a server's own words
     * @param secretExpiresAt null when that is unknown
     * @param tenants who holds leases
     * @param unsaved whether the store did not take the rotated token
     * @param readOnly whether the store never takes one
     */
    record Facts(
            @CheckForNull Account account,
            @CheckForNull TokenFamily family,
            @CheckForNull String error,
            @CheckForNull Instant secretExpiresAt,
            List<String> tenants,
            boolean unsaved,
            boolean readOnly) {}

    CredentialHealth(LocatedCredential stored, HealthStatus state, Instant now, Facts facts) {
        this.stored = stored;
        this.state = state;
        this.now = now;
        this.facts = facts;
    }

    LocatedCredential stored() {
        return stored;
    }

    @CheckForNull
    TokenFamily family() {
        return facts.family();
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

    /** Whose store it is in: {@code system}, {@code folder:…} or {@code user:…}. */
    @Exported
    public String getContext() {
        return stored.location().context();
    }

    @Exported
    public String getKind() {
        return credential().getDescriptor().getDisplayName();
    }

    /** The product, or null when the stored address is none. */
    @CheckForNull
    @Exported
    public String getSystem() {
        Account account = facts.account();
        return account == null ? null : account.system();
    }

    @Exported
    public String getAddress() {
        return credential().getUrl();
    }

    /** Null where the system knows none, or was told none. */
    @CheckForNull
    @Exported
    public String getOrganization() {
        Account account = facts.account();
        return account == null ? null : Util.fixEmpty(account.organization());
    }

    @Exported
    public HealthStatus getState() {
        return state;
    }

    /** What can be done about it, in the language of whoever will read it. */
    Localizable nextStep() {
        return state.nextStep(credential().isAuthorizable());
    }

    public String getNextStep() {
        return nextStep().toString();
    }

    /** Whether builds that need a new access token fail until somebody does something. */
    @Exported
    public boolean isBroken() {
        return state.isBroken();
    }

    /** What went wrong last; null when nothing did. */
    @CheckForNull
    @Exported
    public String getError() {
        return facts.error();
    }

    /** How often the refresh token has rotated. */
    @Exported
    public long getGeneration() {
        TokenFamily family = facts.family();
        return family == null ? 0 : family.tokens().generation();
    }

    /** When the last access token was asked for; null when none is known. */
    @CheckForNull
    @Exported
    public String getRenewedAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? null : words(accessToken.issuedAt());
    }

    /** When the access token at hand ends; null when none is alive. */
    @CheckForNull
    @Exported
    public String getAccessTokenExpiresAt() {
        AccessToken accessToken = accessToken();
        return accessToken == null || !accessToken.isAlive(now) ? null : words(accessToken.expiresAt());
    }

    /** To the second, which is what a person reads and as much as most servers say. */
    private static String words(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Exported
    public long getAccessTokenSecondsLeft() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? 0 : Math.max(0, accessToken.remaining(now).toSeconds());
    }

    /** When the stored secret itself ends; null when that is unknown, or never. */
    @CheckForNull
    @Exported
    public String getSecretExpiresAt() {
        Instant expires = facts.secretExpiresAt();
        return expires == null ? null : words(expires);
    }

    /** How many leases are open, those of builds that whoever asks may not see included. */
    @Exported
    public int getOpenLeases() {
        return facts.tenants().size();
    }

    @Exported
    public List<BuildLeaseInfo> getLeases() {
        return facts.tenants().stream()
                .map(BuildLeaseInfo::of)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Whether the rotated token is where the credential is stored, and not in the ledger alone. */
    @Exported
    public boolean isStoreUpToDate() {
        return !facts.unsaved() && !facts.readOnly();
    }

    @Exported
    public boolean isTlsVerified() {
        return !credential().isSkipTlsVerification();
    }

    public boolean isStoreReadOnly() {
        return facts.readOnly();
    }

    public boolean isUnsaved() {
        return facts.unsaved();
    }

    public String getRenewed() {
        AccessToken accessToken = accessToken();
        return accessToken == null ? "" : ago(Duration.between(accessToken.issuedAt(), now));
    }

    public String getAccessTokenLeft() {
        return getAccessTokenSecondsLeft() == 0 ? "" : Util.getTimeSpanString(getAccessTokenSecondsLeft() * 1000);
    }

    public String getSecretLeft() {
        Instant expires = facts.secretExpiresAt();
        return expires == null ? "" : new RemainingTime(Duration.between(now, expires)).toString();
    }

    private static String ago(Duration since) {
        return Messages.CredentialHealth_ago(Util.getTimeSpanString(Math.max(0, since.toMillis())));
    }

    /** Of its own page, from the root of this Jenkins. */
    @Exported
    public String getPage() {
        return TokenListPage.url(stored.store().getContext()) + "credential/" + Util.rawEncode(getId()) + '/';
    }

    /** Where people edit it; null where the store has no page. */
    @CheckForNull
    public String getStoreUrl() {
        String domain = stored.store().getRelativeLinkTo(stored.domain());
        return domain == null ? null : domain + "credential/" + Util.rawEncode(getId()) + '/';
    }

    /** For people who see more than one owner's credentials. */
    public String getOwner() {
        return stored.store().getContextDisplayName();
    }

    /** Whether whoever asks may act on it, and not only look. */
    public boolean isUpdatable() {
        return TokenPermissions.on(stored);
    }

    @CheckForNull
    private AccessToken accessToken() {
        TokenFamily family = facts.family();
        return family == null ? null : family.accessToken();
    }
}
