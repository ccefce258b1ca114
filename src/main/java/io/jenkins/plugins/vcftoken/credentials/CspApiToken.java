package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsScope;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** API token of a Cloud Services user, for VMware Cloud, Tanzu or an on-premises installation. */
public final class CspApiToken extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final Secret apiToken;

    /** @param url {@code https://} and the host of the Cloud Services console */
    @DataBoundConstructor
    public CspApiToken(
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

    @Override
    public Account account() {
        return new Account(CspApiTokenClient.SYSTEM, uri(), "");
    }

    @Override
    public Secret storedSecret() {
        return apiToken;
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        return copyTlsSettings(new CspApiToken(getScope(), getId(), getDescription(), getUrl(), secret));
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new CspApiTokenClient(client, account());
    }

    @Override
    public String rotatingField() {
        return "apiToken";
    }

    @Override
    String accountLabel() {
        return Messages.CspApiToken_who();
    }

    @Serial
    private Object readResolve() {
        return areTrimmed(getUrl()) && trimToken(apiToken).equals(apiToken) ? this : withStoredSecret(apiToken);
    }

    @Extension
    @Symbol("cspApiToken")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.CspApiToken_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-cloud";
        }

        @POST
        public FormValidation doCheckApiToken(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.apiToken(value));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter Secret apiToken,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            CspApiToken submitted = new CspApiToken(null, ConnectionTester.UNSAVED, null, url, apiToken);
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "apiToken");
        }
    }
}
