package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStoreAction;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.init.InitMilestone;
import hudson.init.Initializer;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTenantTokenExchangeClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Service account of VCF Automation, with a rotating refresh token, or a user's API token, which does not rotate. */
public final class VcfaServiceAccount extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final String organization;
    private final Secret refreshToken;

    @CheckForNull
    private String clientId;

    /**
     * @param url {@code https://} and the host name of the server
     * @param organization organization name; {@code System} for the provider
     * @param refreshToken null or empty until the account is authorized
     */
    @DataBoundConstructor
    public VcfaServiceAccount(
            @CheckForNull CredentialsScope scope,
            @CheckForNull String id,
            @CheckForNull String description,
            @NonNull String url,
            @NonNull String organization,
            @CheckForNull Secret refreshToken) {
        super(scope, id, description, url);
        this.organization = Util.fixNull(organization).trim();
        this.refreshToken = trimToken(refreshToken);
        rejectStoredSecretForOtherServer();
    }

    public String getOrganization() {
        return organization;
    }

    @CheckForNull
    public Secret getRefreshToken() {
        return emptyToNull(refreshToken);
    }

    @NonNull
    public String getClientId() {
        return Util.fixNull(clientId);
    }

    /**
     * @param clientId client ID of the service account or API token; optional, for the device flow and the token expiry
     */
    @DataBoundSetter
    public void setClientId(@CheckForNull String clientId) {
        this.clientId = Util.fixEmptyAndTrim(clientId);
    }

    @Override
    public String clientId() {
        return getClientId();
    }

    @Override
    public VcfaTokenClient deviceFlowClient(AtMostOnceHttpClient client, String clientId) {
        return new VcfaTokenClient(client, account(), clientId);
    }

    @Override
    public boolean isAuthorizable() {
        return true;
    }

    @Override
    boolean isRotating() {
        return true;
    }

    @Override
    public Account account() {
        return new Account(VcfaTokenClient.SYSTEM, uri(), VcfaTokenClient.canonicalOrganization(organization));
    }

    @Override
    public Secret storedSecret() {
        return refreshToken;
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        return withAuthorized(secret, getClientId());
    }

    @Override
    public VcfCredentials withAuthorized(Secret secret, String account) {
        VcfaServiceAccount copy = copyTlsSettings(
                new VcfaServiceAccount(getScope(), getId(), getDescription(), getUrl(), organization, secret));
        copy.setClientId(account);
        return copy;
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new VcfaTokenClient(client, account(), getClientId());
    }

    @Override
    public String organizationName() {
        return account().organization();
    }

    @Override
    public boolean isProvider() {
        return account().organization().equals(VcfaTokenClient.PROVIDER);
    }

    @Override
    public TokenClient tenantTokenClient(AtMostOnceHttpClient client, String organization) {
        return new VcfaTenantTokenExchangeClient(client, new Account(VcfaTokenClient.SYSTEM, uri(), organization));
    }

    @Override
    public String rotatingField() {
        return "refreshToken";
    }

    @Override
    String accountLabel() {
        return organization;
    }

    @Serial
    private Object readResolve() {
        return areTrimmed(getUrl(), organization, getClientId())
                        && trimToken(refreshToken).equals(refreshToken)
                ? this
                : withStoredSecret(refreshToken);
    }

    /**
     * Jenkins calculates the fingerprint of a credential from all of its fields. Without the refresh token, a rotation
     * does not change the fingerprint, and the usage history continues.
     */
    @Initializer(after = InitMilestone.PLUGINS_STARTED, before = InitMilestone.JOB_LOADED)
    public static void omitRefreshTokenFromFingerprint() {
        CredentialsStoreAction.FINGERPRINT_XML.omitField(VcfaServiceAccount.class, "refreshToken");
    }

    @Extension
    @Symbol("vcfaServiceAccount")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfaServiceAccount_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-key";
        }

        @POST
        @Override
        public FormValidation doCheckUrl(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.urlWithHostName(value));
        }

        @POST
        public FormValidation doCheckOrganization(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.organization(value));
        }

        @POST
        public FormValidation doCheckClientId(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.clientId(value));
        }

        @POST
        public FormValidation doCheckRefreshToken(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.refreshToken(value));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter String organization,
                @QueryParameter String clientId,
                @QueryParameter Secret refreshToken,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            VcfaServiceAccount submitted =
                    new VcfaServiceAccount(null, ConnectionTester.UNSAVED, null, url, organization, refreshToken);
            submitted.setClientId(clientId);
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "refreshToken");
        }
    }
}
