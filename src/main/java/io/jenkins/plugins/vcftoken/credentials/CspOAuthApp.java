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
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.CspClientCredentialsClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** OAuth app of Cloud Services: app ID and app secret. */
public final class CspOAuthApp extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final String appId;
    private final Secret appSecret;
    private String organizationId = "";
    private String scopes = "";
    private int accessTokenValiditySeconds;

    /**
     * @param url {@code https://} and the host of the Cloud Services console
     * @param appSecret empty for a public app
     */
    @DataBoundConstructor
    public CspOAuthApp(
            @CheckForNull CredentialsScope scope,
            @CheckForNull String id,
            @CheckForNull String description,
            @NonNull String url,
            @NonNull String appId,
            @CheckForNull Secret appSecret) {
        super(scope, id, description, url);
        this.appId = Util.fixNull(appId).trim();
        this.appSecret = trimPassword(appSecret);
        rejectStoredSecretForOtherServer();
    }

    public String getAppId() {
        return appId;
    }

    @CheckForNull
    public Secret getAppSecret() {
        return emptyToNull(appSecret);
    }

    public String getOrganizationId() {
        return organizationId;
    }

    /** @param organizationId empty for the organization that owns the app */
    @DataBoundSetter
    public void setOrganizationId(@CheckForNull String organizationId) {
        this.organizationId = Util.fixNull(organizationId).trim();
    }

    public String getScopes() {
        return scopes;
    }

    /** @param scopes separated by spaces; empty for all scopes of the app */
    @DataBoundSetter
    public void setScopes(@CheckForNull String scopes) {
        this.scopes = Util.fixNull(scopes).trim();
    }

    public int getAccessTokenValiditySeconds() {
        return accessTokenValiditySeconds;
    }

    /**
     * @param seconds requested lifetime of access tokens; 0 for the lifetime that the app defines, which is the maximum
     */
    @DataBoundSetter
    public void setAccessTokenValiditySeconds(int seconds) {
        this.accessTokenValiditySeconds = Math.max(0, seconds);
    }

    private CspClientCredentialsClient.App app() {
        return new CspClientCredentialsClient.App(appId, scopes, accessTokenValiditySeconds);
    }

    @Override
    public Account account() {
        return new Account(CspApiTokenClient.SYSTEM, uri(), organizationId, app().account());
    }

    @Override
    public boolean isSecretOptional() {
        return true; // a public app has no secret
    }

    @Override
    public Secret storedSecret() {
        return appSecret;
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        CspOAuthApp copy =
                copyTlsSettings(new CspOAuthApp(getScope(), getId(), getDescription(), getUrl(), appId, secret));
        copy.setOrganizationId(organizationId);
        copy.setScopes(scopes);
        copy.setAccessTokenValiditySeconds(accessTokenValiditySeconds);
        return copy;
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new CspClientCredentialsClient(client, account(), app());
    }

    @Override
    String accountLabel() {
        return appId;
    }

    @Serial
    private Object readResolve() {
        return areTrimmed(getUrl(), appId, organizationId, scopes)
                        && trimPassword(appSecret).equals(appSecret)
                ? this
                : withStoredSecret(appSecret);
    }

    @Extension
    @Symbol("cspOAuthApp")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.CspOAuthApp_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-cloud";
        }

        @POST
        public FormValidation doCheckAppId(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.appId(value));
        }

        @POST
        public FormValidation doCheckAppSecret(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.appSecret(value));
        }

        @POST
        public FormValidation doCheckOrganizationId(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.organizationId(value));
        }

        @POST
        public FormValidation doCheckScopes(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.scopes(value));
        }

        @POST
        public FormValidation doCheckAccessTokenValiditySeconds(
                @ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.validity(value));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter String appId,
                @QueryParameter Secret appSecret,
                @QueryParameter String organizationId,
                @QueryParameter String scopes,
                @QueryParameter String accessTokenValiditySeconds,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            FormValidation validity = FormValidations.validity(accessTokenValiditySeconds);
            if (validity.kind == FormValidation.Kind.ERROR) {
                return validity;
            }
            CspOAuthApp submitted = new CspOAuthApp(null, ConnectionTester.UNSAVED, null, url, appId, appSecret);
            submitted.setOrganizationId(organizationId);
            submitted.setScopes(scopes);
            String seconds = Util.fixEmptyAndTrim(accessTokenValiditySeconds);
            submitted.setAccessTokenValiditySeconds(seconds == null ? 0 : Integer.parseInt(seconds));
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "appSecret");
        }
    }
}
