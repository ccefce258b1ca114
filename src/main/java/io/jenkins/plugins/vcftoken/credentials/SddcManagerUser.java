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
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.util.List;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** User of SDDC Manager or VCF Installer with a password, or service account with an API key. */
public final class SddcManagerUser extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private String username = "";
    private Secret password = Secret.fromString("");
    private Secret apiKey = Secret.fromString("");

    /** @param url {@code https://} and the host of SDDC Manager */
    @DataBoundConstructor
    public SddcManagerUser(
            @CheckForNull CredentialsScope scope,
            @CheckForNull String id,
            @CheckForNull String description,
            @NonNull String url) {
        super(scope, id, description, url);
    }

    public String getUsername() {
        return username;
    }

    /** @param username including the domain; ignored if there is an API key */
    @DataBoundSetter
    public void setUsername(@CheckForNull String username) {
        this.username = Util.fixNull(username).trim();
        rejectStoredSecretForOtherServer();
    }

    @CheckForNull
    public Secret getPassword() {
        return emptyToNull(password);
    }

    @DataBoundSetter
    public void setPassword(@CheckForNull Secret password) {
        this.password = trimPassword(password);
        rejectStoredSecretForOtherServer();
    }

    @CheckForNull
    public Secret getApiKey() {
        return emptyToNull(apiKey);
    }

    /** @param apiKey takes precedence over user name and password */
    @DataBoundSetter
    public void setApiKey(@CheckForNull Secret apiKey) {
        this.apiKey = trimToken(apiKey);
        rejectStoredSecretForOtherServer();
    }

    private boolean isApiKey() {
        return !apiKey.getPlainText().isBlank();
    }

    @Override
    public Account account() {
        return new Account(SddcManagerTokenClient.SYSTEM, uri(), "", isApiKey() ? "" : username);
    }

    /** Returns an empty secret if the user name is missing, so that the password is not sent as an API key. */
    @Override
    public Secret storedSecret() {
        if (isApiKey()) {
            return apiKey;
        }
        return username.isEmpty() ? Secret.fromString("") : password;
    }

    @Override
    List<Secret> secrets() {
        return List.of(password, apiKey);
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        SddcManagerUser copy = copyTlsSettings(new SddcManagerUser(getScope(), getId(), getDescription(), getUrl()));
        copy.setUsername(username);
        copy.setPassword(isApiKey() ? password : secret);
        copy.setApiKey(isApiKey() ? secret : apiKey);
        return copy;
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new SddcManagerTokenClient(client, account());
    }

    @Override
    String accountLabel() {
        return isApiKey() ? Messages.SddcManagerUser_apiKey() : username;
    }

    @Serial
    private Object readResolve() {
        if (areTrimmed(getUrl(), username)
                && trimPassword(password).equals(password)
                && trimToken(apiKey).equals(apiKey)) {
            return this;
        }
        SddcManagerUser copy = copyTlsSettings(new SddcManagerUser(getScope(), getId(), getDescription(), getUrl()));
        copy.setUsername(username);
        copy.setPassword(password);
        copy.setApiKey(apiKey);
        return copy;
    }

    @Extension
    @Symbol("sddcManagerUser")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.SddcManagerUser_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-server";
        }

        @POST
        public FormValidation doCheckUsername(
                @ContextInPath ModelObject context, @QueryParameter String value, @QueryParameter Secret apiKey) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.username(value, apiKey));
        }

        @POST
        public FormValidation doCheckPassword(
                @ContextInPath ModelObject context, @QueryParameter Secret value, @QueryParameter Secret apiKey) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.password(value, apiKey));
        }

        @POST
        public FormValidation doCheckApiKey(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.apiKey(value));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter String username,
                @QueryParameter Secret password,
                @QueryParameter Secret apiKey,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            SddcManagerUser submitted = new SddcManagerUser(null, ConnectionTester.UNSAVED, null, url);
            submitted.setUsername(username);
            submitted.setPassword(password);
            submitted.setApiKey(apiKey);
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "password", "apiKey");
        }
    }
}
