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
import io.jenkins.plugins.vcftoken.oauth.VcfOperationsTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.util.List;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** User of VCF Operations with a password: a local user, or a user of an identity source with passwords. */
public final class VcfOperationsUser extends AbstractVcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final String username;
    private final Secret password;
    private String authSource = "";

    /** @param url {@code https://} and the host of VCF Operations */
    @DataBoundConstructor
    public VcfOperationsUser(
            @CheckForNull CredentialsScope scope,
            @CheckForNull String id,
            @CheckForNull String description,
            @NonNull String url,
            @CheckForNull String username,
            @CheckForNull Secret password) {
        super(scope, id, description, url);
        this.username = Util.fixNull(username).trim();
        this.password = trimPassword(password);
        rejectStoredSecretForOtherServer();
    }

    public String getUsername() {
        return username;
    }

    @CheckForNull
    public Secret getPassword() {
        return emptyToNull(password);
    }

    public String getAuthSource() {
        return authSource;
    }

    /** @param authSource name of the identity source; empty for local users */
    @DataBoundSetter
    public void setAuthSource(@CheckForNull String authSource) {
        this.authSource = Util.fixNull(authSource).trim();
    }

    private VcfOperationsTokenClient.User user() {
        return new VcfOperationsTokenClient.User(username, authSource);
    }

    @Override
    public Account account() {
        return new Account(VcfOperationsTokenClient.SYSTEM, uri(), "", user().account());
    }

    /** Returns an empty secret if the user name is missing, because the server would reject the login. */
    @Override
    public Secret storedSecret() {
        return username.isEmpty() ? Secret.fromString("") : password;
    }

    @Override
    List<Secret> secrets() {
        return List.of(password);
    }

    @Override
    public VcfCredentials withStoredSecret(Secret secret) {
        VcfOperationsUser copy = copyTlsSettings(
                new VcfOperationsUser(getScope(), getId(), getDescription(), getUrl(), username, secret));
        copy.setAuthSource(authSource);
        return copy;
    }

    @Override
    public TokenClient tokenClient(AtMostOnceHttpClient client) {
        return new VcfOperationsTokenClient(client, account(), user());
    }

    @Override
    String accountLabel() {
        return user().account();
    }

    @Serial
    private Object readResolve() {
        return areTrimmed(getUrl(), username, authSource)
                        && trimPassword(password).equals(password)
                ? this
                : withStoredSecret(password);
    }

    @Extension
    @Symbol("vcfOperationsUser")
    public static final class DescriptorImpl extends VcfCredentialsDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfOperationsUser_displayName();
        }

        @Override
        public String getIconClassName() {
            return "symbol-analytics";
        }

        @POST
        public FormValidation doCheckUsername(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context)
                    .check(() -> FormValidations.text(
                            value,
                            FormValidation.error(Messages.VcfOperationsUser_username_missing()),
                            text -> FormValidation.ok()));
        }

        @POST
        public FormValidation doCheckPassword(@ContextInPath ModelObject context, @QueryParameter Secret value) {
            return CredentialFormAccess.of(context)
                    .check(() -> FormValidations.secret(
                            value,
                            FormValidation.error(Messages.VcfOperationsUser_password_missing()),
                            text -> FormValidation.ok()));
        }

        @POST
        public FormValidation doCheckAuthSource(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context)
                    .check(() -> FormValidations.text(
                            value,
                            FormValidation.ok(),
                            text -> text.equals("VCF SSO")
                                    ? FormValidation.warning(Messages.VcfOperationsUser_authSource_sso())
                                    : FormValidation.ok()));
        }

        @POST
        public FormValidation doTestConnection(
                @ContextInPath ModelObject context,
                @QueryParameter String url,
                @QueryParameter String username,
                @QueryParameter Secret password,
                @QueryParameter String authSource,
                @QueryParameter String caCertificates,
                @QueryParameter boolean skipTlsVerification) {
            VcfOperationsUser submitted =
                    new VcfOperationsUser(null, ConnectionTester.UNSAVED, null, url, username, password);
            submitted.setAuthSource(authSource);
            submitted.setCaCertificates(caCertificates);
            submitted.setSkipTlsVerification(skipTlsVerification);
            return ConnectionTester.get().test(context, submitted, "password");
        }
    }
}
