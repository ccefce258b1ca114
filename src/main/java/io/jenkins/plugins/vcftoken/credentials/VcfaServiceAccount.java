package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.NameWith;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.controller.Trials;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.VcfaDeviceEndpoint;
import io.jenkins.plugins.vcftoken.exchange.VcfaOrganizationToken;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A service account of VCF Automation, or a user's API token, which is the same without rotation. */
@NameWith(VcfName.class)
public final class VcfaServiceAccount extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final String organization;
    private final Secret refreshToken;

    /** Null in what was saved before there was one. */
    @CheckForNull
    private String clientId;

    /**
     * @param url {@code https://} and the server's own name
     * @param organization {@code System} for the provider, else the organization's name
     * @param refreshToken may be empty while the account has not been authorized yet
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
        this.refreshToken = token(refreshToken);
        refuseToCarrySecretElsewhere();
    }

    public String getOrganization() {
        return organization;
    }

    @CheckForNull
    public Secret getRefreshToken() {
        return shown(refreshToken);
    }

    @NonNull
    public String getClientId() {
        return Util.fixNull(clientId);
    }

    /** @param clientId of the service account or API token; may be empty where neither authorizing nor watching it matters */
    @DataBoundSetter
    public void setClientId(@CheckForNull String clientId) {
        this.clientId = Util.fixEmptyAndTrim(clientId);
    }

    @Override
    public String clientId() {
        return getClientId();
    }

    @Override
    public VcfaDeviceEndpoint deviceEndpoint(TokenClient client, String clientId) {
        return new VcfaDeviceEndpoint(client, endpoint(), clientId);
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
    public Endpoint endpoint() {
        return new Endpoint(VcfaRefresh.SYSTEM, uri(), VcfaRefresh.canonicalOrganization(organization));
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
        VcfaServiceAccount copy = sameTrust(
                new VcfaServiceAccount(getScope(), getId(), getDescription(), getUrl(), organization, secret));
        copy.setClientId(account);
        return copy;
    }

    @Override
    public TokenService service(TokenClient client) {
        return new VcfaRefresh(client, endpoint(), getClientId());
    }

    @Override
    public boolean isProvider() {
        return endpoint().organization().equals(VcfaRefresh.PROVIDER);
    }

    @Override
    public TokenService organizationService(TokenClient client, String organization, Bearer bearer) {
        return new VcfaOrganizationToken(client, new Endpoint(VcfaRefresh.SYSTEM, uri(), organization), bearer);
    }

    @Override
    String who() {
        return organization;
    }

    /** XML that a person wrote may lack what a form leaves empty or have line breaks, and reading it calls no constructor. */
    @Serial
    private Object readResolve() {
        return areTidy(getUrl(), organization, getClientId())
                        && token(refreshToken).equals(refreshToken)
                ? this
                : withStoredSecret(refreshToken);
    }

    /** The kind as Jenkins knows it. */
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
            return FormAccess.of(context).check(() -> FieldChecks.nameUrl(value));
        }

        @POST
        public FormValidation doCheckOrganization(@ContextInPath ModelObject context, @QueryParameter String value) {
            return FormAccess.of(context).check(() -> FieldChecks.organization(value));
        }

        @POST
        public FormValidation doCheckClientId(@ContextInPath ModelObject context, @QueryParameter String value) {
            return FormAccess.of(context).check(() -> FieldChecks.clientId(value));
        }

        @POST
        public FormValidation doCheckRefreshToken(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return FormAccess.of(context).check(() -> FieldChecks.refreshToken(value));
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
            VcfaServiceAccount typed =
                    new VcfaServiceAccount(null, Trials.UNSAVED, null, url, organization, refreshToken);
            typed.setClientId(clientId);
            typed.setCaCertificates(caCertificates);
            typed.setSkipTlsVerification(skipTlsVerification);
            return new ConnectionTest(context).run(typed, "refreshToken");
        }
    }
}
