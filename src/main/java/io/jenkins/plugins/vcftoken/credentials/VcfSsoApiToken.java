package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsScope;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Objects;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** API token of an API client or user of VCF SSO (VCF 9.1 and later). */
public final class VcfSsoApiToken extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final Secret apiToken;
    private String tenant = VcfSsoApiTokenClient.DEFAULT_TENANT;

    /** ISO date; null if unknown or saved by a version without this field. */
    @CheckForNull
    private String expiresOn;

    private int regenerateDaysBefore;

    /** @param url {@code https://} and the host of the Identity Broker */
    @DataBoundConstructor
    public VcfSsoApiToken(
            @CheckForNull CredentialsScope scope,
            @CheckForNull String id,
            @CheckForNull String description,
            @NonNull String url,
            @CheckForNull Secret apiToken) {
        super(scope, id, description, url);
        this.apiToken = trimToken(apiToken);
        rejectStoredSecretForOtherServer();
    }

    @CheckForNull
    public Secret getApiToken() {
        return emptyToNull(apiToken);
    }

    public String getTenant() {
        return tenant;
    }

    /** @param tenant tenant of the Identity Broker; blank for the default */
    @DataBoundSetter
    public void setTenant(@CheckForNull String tenant) {
        this.tenant = Objects.requireNonNullElse(Util.fixEmptyAndTrim(tenant), VcfSsoApiTokenClient.DEFAULT_TENANT);
    }

    @NonNull
    public String getExpiresOn() {
        return Util.fixNull(expiresOn);
    }

    /** @param expiresOn ISO date on which the API token expires, such as 2027-01-30; blank if unknown */
    @DataBoundSetter
    public void setExpiresOn(@CheckForNull String expiresOn) {
        this.expiresOn = Util.fixEmptyAndTrim(expiresOn);
    }

    public int getRegenerateDaysBefore() {
        return regenerateDaysBefore;
    }

    /** @param days number of days before its expiry at which the API token is regenerated; 0 for never */
    @DataBoundSetter
    public void setRegenerateDaysBefore(int days) {
        this.regenerateDaysBefore = Math.max(0, days);
    }

    @Override
    public Duration regeneratedBeforeExpiry() {
        return regenerateDaysBefore == 0 ? null : Duration.ofDays(regenerateDaysBefore);
    }

    /** Start of the expiry date in the earliest time zone; null if the date is unknown. */
    @CheckForNull
    private Instant expiresAt() {
        LocalDate day = FormValidations.parseDate(expiresOn);
        return day == null ? null : day.atStartOfDay(ZoneOffset.MAX).toInstant();
    }

    @Override
    public Account account() {
        return new Account(VcfSsoApiTokenClient.SYSTEM, uri(), tenant);
    }

    @Override
    public Secret storedSecret() {
        return apiToken;
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        VcfSsoApiToken copy =
                copyTlsSettings(new VcfSsoApiToken(getScope(), getId(), getDescription(), getUrl(), secret));
        copy.setTenant(tenant);
        copy.setRegenerateDaysBefore(regenerateDaysBefore);
        boolean isSameSecret =
                copy.storedSecret().getPlainText().equals(trimToken(apiToken).getPlainText());
        copy.setExpiresOn(isSameSecret ? expiresOn : null);
        return copy;
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new VcfSsoApiTokenClient(client, account(), expiresAt(), regenerateDaysBefore > 0);
    }

    @Override
    public String rotatingField() {
        return "apiToken";
    }

    @Override
    String accountLabel() {
        return Messages.VcfSsoApiToken_who();
    }

    @Serial
    private Object readResolve() {
        return areTrimmed(getUrl(), tenant) && trimToken(apiToken).equals(apiToken) ? this : withStoredSecret(apiToken);
    }

    @Extension
    @Symbol("vcfSsoApiToken")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfSsoApiToken_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-key";
        }

        @POST
        public FormValidation doCheckTenant(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context)
                    .check(() -> FormValidations.text(
                            value,
                            FormValidation.ok(),
                            text -> VcfaTokenClient.isValidOrganizationName(text)
                                    ? FormValidation.ok()
                                    : FormValidation.error(Messages.VcfSsoApiToken_tenant_path())));
        }

        @POST
        public FormValidation doCheckApiToken(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.apiToken(value));
        }

        @POST
        public FormValidation doCheckExpiresOn(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.expiresOn(value, Instant.now()));
        }

        @POST
        public FormValidation doCheckRegenerateDaysBefore(
                @ContextInPath ModelObject context, @QueryParameter String value, @QueryParameter String expiresOn) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.regenerateDaysBefore(value, expiresOn));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter String tenant,
                @QueryParameter Secret apiToken,
                @QueryParameter String expiresOn,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            VcfSsoApiToken submitted = new VcfSsoApiToken(null, ConnectionTester.UNSAVED, null, url, apiToken);
            submitted.setTenant(tenant);
            submitted.setExpiresOn(expiresOn);
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "apiToken");
        }
    }
}
