package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
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
@ExportedBean(defaultVisibility = TokenHealth.ALWAYS)
public final class TokenHealth {

    /** Shown in the JSON whatever depth is asked for. */
    static final int ALWAYS = 999;

    private final StoredCredential stored;
    private final TokenState state;
    private final Instant now;
    private final Facts facts;

    /**
     * What is not in the credential itself.
     *
     * @param endpoint null when the stored address is none
     * @param family null when there is none, or none that whoever stores this token may know of
     * @param error free of secrets, or null; in part a server's own words
     * @param secretExpiresAt null when that is unknown
     * @param tenants who holds leases
     * @param unsaved whether the store did not take the rotated token
     * @param readOnly whether the store never takes one
     */
    record Facts(
            @CheckForNull Endpoint endpoint,
            @CheckForNull FamilyRecord family,
            @CheckForNull String error,
            @CheckForNull Instant secretExpiresAt,
            List<String> tenants,
            boolean unsaved,
            boolean readOnly) {}

    TokenHealth(StoredCredential stored, TokenState state, Instant now, Facts facts) {
        this.stored = stored;
        this.state = state;
        this.now = now;
        this.facts = facts;
    }

    StoredCredential stored() {
        return stored;
    }

    @CheckForNull
    FamilyRecord family() {
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
        return stored.place().context();
    }

    @Exported
    public String getKind() {
        return credential().getDescriptor().getDisplayName();
    }

    /** The product, or null when the stored address is none. */
    @CheckForNull
    @Exported
    public String getSystem() {
        Endpoint endpoint = facts.endpoint();
        return endpoint == null ? null : endpoint.system();
    }

    @Exported
    public String getAddress() {
        return credential().getUrl();
    }

    /** Null where the system knows none, or was told none. */
    @CheckForNull
    @Exported
    public String getOrganization() {
        Endpoint endpoint = facts.endpoint();
        return endpoint == null ? null : Util.fixEmpty(endpoint.organization());
    }

    @Exported
    public TokenState getState() {
        return state;
    }

    /** What can be done about it, in the language of whoever will read it. */
    Localizable nextStep() {
        return state.nextStep(credential().isAuthorizable());
    }

    public String getNextStep() {
        return nextStep().toString();
    }

    /** Whether builds that need a new bearer fail until somebody does something. */
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
        FamilyRecord family = facts.family();
        return family == null ? 0 : family.tokens().generation();
    }

    /** When the last bearer was asked for; null when none is known. */
    @CheckForNull
    @Exported
    public String getRenewedAt() {
        Bearer bearer = bearer();
        return bearer == null ? null : words(bearer.issuedAt());
    }

    /** When the bearer at hand ends; null when none is alive. */
    @CheckForNull
    @Exported
    public String getBearerExpiresAt() {
        Bearer bearer = bearer();
        return bearer == null || !bearer.isAlive(now) ? null : words(bearer.expiresAt());
    }

    /** To the second, which is what a person reads and as much as most servers say. */
    private static String words(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Exported
    public long getBearerSecondsLeft() {
        Bearer bearer = bearer();
        return bearer == null ? 0 : Math.max(0, bearer.remaining(now).toSeconds());
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
    public List<BuildLease> getLeases() {
        return facts.tenants().stream()
                .map(BuildLease::of)
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
        Bearer bearer = bearer();
        return bearer == null ? "" : ago(Duration.between(bearer.issuedAt(), now));
    }

    public String getBearerLeft() {
        return getBearerSecondsLeft() == 0 ? "" : Util.getTimeSpanString(getBearerSecondsLeft() * 1000);
    }

    public String getSecretLeft() {
        Instant expires = facts.secretExpiresAt();
        return expires == null ? "" : new TimeLeft(Duration.between(now, expires)).toString();
    }

    private static String ago(Duration since) {
        return Messages.TokenHealth_ago(Util.getTimeSpanString(Math.max(0, since.toMillis())));
    }

    /** Of its own page, from the root of this Jenkins. */
    @Exported
    public String getPage() {
        return TokensPage.url(stored.store().getContext()) + "credential/" + Util.rawEncode(getId()) + '/';
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
        return MayAct.on(stored);
    }

    @CheckForNull
    private Bearer bearer() {
        FamilyRecord family = facts.family();
        return family == null ? null : family.bearer();
    }
}
