package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.CredentialsStoreAction;
import com.cloudbees.plugins.credentials.CredentialsUnavailableException;
import com.cloudbees.plugins.credentials.NameWith;
import com.cloudbees.plugins.credentials.impl.BaseStandardCredentials;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import hudson.model.Failure;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.remoting.Channel;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.net.URI;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * Base class of all credential kinds. Contains the form fields only; saving a form creates a new instance. Public,
 * because Stapler and Configuration as Code call its getters and setters by reflection.
 *
 * <p>A kind is a subclass with a descriptor, {@code credentials.jelly} and help files for its fields. Class and field
 * names are frozen, because {@code credentials.xml} contains them.
 */
@NameWith(AbstractVcfCredentials.NameProvider.class)
public abstract class AbstractVcfCredentials extends BaseStandardCredentials implements VcfCredentials {

    @Serial
    private static final long serialVersionUID = 1;

    private final String url;

    @CheckForNull
    private String caCertificates;

    private boolean skipTlsVerification;

    AbstractVcfCredentials(CredentialsScope scope, String id, String description, String url) {
        super(scope, id, description);
        this.url = Util.fixNull(url).trim();
    }

    @Override
    public final String getUrl() {
        return url;
    }

    @NonNull
    @Override
    public final String getCaCertificates() {
        return Util.fixNull(caCertificates);
    }

    @DataBoundSetter
    public final void setCaCertificates(@CheckForNull String caCertificates) {
        this.caCertificates = Util.fixEmptyAndTrim(caCertificates);
    }

    @Override
    public final boolean isSkipTlsVerification() {
        return skipTlsVerification;
    }

    @DataBoundSetter
    public final void setSkipTlsVerification(boolean skipTlsVerification) {
        this.skipTlsVerification = skipTlsVerification;
    }

    /**
     * Returns whether all fields are present and trimmed, as constructors and setters leave them. XStream calls
     * neither, and manually written XML may lack fields or contain surrounding white space, so {@code readResolve}
     * checks this.
     */
    static boolean areTrimmed(String... fields) {
        return Arrays.stream(fields).allMatch(field -> field != null && field.equals(field.trim()));
    }

    /** Account name shown in lists, next to the server name. Not a secret. */
    abstract String accountLabel();

    /** Name of the field with the secret that the server may rotate or regenerate, or null if it never does. */
    @CheckForNull
    public String rotatingField() {
        return null;
    }

    /** Whether a token request may rotate the secret. Such a secret is sent only if the new one can be stored. */
    boolean isRotating() {
        return false;
    }

    /** Removes surrounding white space, for example of a pasted token. */
    static Secret trimToken(@CheckForNull Secret secret) {
        return secret == null
                ? Secret.fromString("")
                : withPlainText(secret, secret.getPlainText().strip());
    }

    /** Removes trailing line breaks. Passwords may start or end with a space. */
    static Secret trimPassword(@CheckForNull Secret secret) {
        return secret == null
                ? Secret.fromString("")
                : withPlainText(secret, secret.getPlainText().replaceFirst("[\\r\\n]+$", ""));
    }

    /** Returns the same object if the text is unchanged, so that its ciphertext does not change. */
    private static Secret withPlainText(Secret secret, String text) {
        return secret.getPlainText().equals(text) ? secret : Secret.fromString(text);
    }

    /** For forms and Configuration as Code: a form would show an empty secret as a concealed value. */
    @CheckForNull
    static Secret emptyToNull(Secret secret) {
        return secret.getPlainText().isEmpty() ? null : secret;
    }

    /** Copies the TLS fields, which constructors do not set. */
    final <T extends AbstractVcfCredentials> T copyTlsSettings(T copy) {
        copy.setCaCertificates(caCertificates);
        copy.setSkipTlsVerification(skipTlsVerification);
        return copy;
    }

    final URI uri() {
        return Account.address(url);
    }

    /**
     * Returns the current access token, so that this credential can be used as secret text. If no access token is
     * cached, requests one and blocks.
     *
     * @throws CredentialsUnavailableException if no access token can be obtained
     */
    @NonNull
    @Override
    public final Secret getSecret() {
        try {
            return Secret.fromString(
                    VcfTokenService.get().issueWithoutLease(this).value());
        } catch (TokenUnavailableException e) {
            throw new CredentialsUnavailableException("secret", e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CredentialsUnavailableException(
                    "secret", "Interrupted while waiting for an access token of " + getId(), e);
        }
    }

    /**
     * Rejects a form that keeps a stored secret but changes the server. A form posts stored secrets back encrypted, so
     * permission to edit a credential would otherwise be enough to send its secret to any server. An entered secret is
     * accepted even if it equals the stored one, for example after a host was renamed. The check includes secrets that
     * are not in use, because a later edit could enable them.
     *
     * <p>Each kind calls this method at the end of its constructor and in setters of secrets, because Jenkins logs and
     * ignores exceptions from a descriptor's {@code newInstance}. For rotating secrets, the ledger repeats the check
     * before a request.
     *
     * @throws Failure in a request that edits a stored credential
     */
    protected final void rejectStoredSecretForOtherServer() {
        EncryptedFormFieldDetector form = EncryptedFormFieldDetector.current();
        CredentialsStoreAction.CredentialsWrapper edited = form == null
                ? null
                : form.request().findAncestorObject(CredentialsStoreAction.CredentialsWrapper.class);
        if (edited != null
                && edited.getCredentials() instanceof VcfCredentials stored
                && isOtherServer(stored)
                && form.hasEncryptedField()) {
            throw new Failure(Messages.AbstractVcfCredentials_otherServer(stored.getUrl()));
        }
        if (edited != null && isMasked()) {
            throw new Failure(Messages.AbstractVcfCredentials_masked());
        }
    }

    /**
     * Whether a secret consists of the asterisks that Jenkins shows to users who have permission to update credentials,
     * but not to configure their owner.
     */
    final boolean isMasked() {
        return secrets().stream().anyMatch(secret -> secret.getPlainText().equals("********"));
    }

    /** All secrets of the form, used or not. */
    List<Secret> secrets() {
        return List.of(storedSecret());
    }

    private boolean isOtherServer(VcfCredentials stored) {
        try {
            return !stored.account().host().equals(account().host());
        } catch (IllegalArgumentException e) {
            // An invalid URL receives no request, but a later edit could replace it by the URL of another server.
            return !stored.getUrl().equals(url);
        }
    }

    /** Sends only the access token to agents, as secret text. Long-lived secrets stay on the controller. */
    @Serial
    protected final Object writeReplace() {
        if (Channel.current() == null) {
            return this;
        }
        return new StringCredentialsImpl(getScope(), getId(), getDescription(), getSecret());
    }

    /** Display name with the ID that jobs use: "vcfa-ci (vcfa.example.com / acme) description". */
    public static final class NameProvider extends CredentialsNameProvider<AbstractVcfCredentials> {

        @NonNull
        @Override
        public String getName(@NonNull AbstractVcfCredentials credentials) {
            String server = credentials.getUrl().replaceFirst("^https?://", "");
            String name = credentials.getId() + " (" + server + " / " + credentials.accountLabel() + ')';
            String description = Util.fixEmptyAndTrim(credentials.getDescription());
            return description == null ? name : name + ' ' + description;
        }
    }

    /** Base class of the descriptors, with the validations and links of all forms. */
    protected abstract static class VcfCredentialsDescriptor extends BaseStandardCredentialsDescriptor {

        /**
         * Returns the URL path of the token page, for the form.
         *
         * @param shown the credential of the form; null if it is new
         * @return null if the page does not exist yet or the user has no permission to view it
         */
        @CheckForNull
        public final String tokensUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? CredentialFormAccess.of(owner.getContext()).tokensUrl(stored)
                    : null;
        }

        /**
         * Returns the URL path of the device flow page, for the form.
         *
         * @param shown the credential of the form; null if it is new
         * @return null if the kind does not support the device flow or the user has no permission
         */
        @CheckForNull
        public final String authorizationUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? CredentialFormAccess.of(owner.getContext()).authorizationUrl(stored)
                    : null;
        }

        /** Whether the store belongs to a user. Jobs can use such credentials through a build parameter only. */
        public final boolean isPersonal(@CheckForNull Object store) {
            return store instanceof CredentialsStore owner && owner.getContext() instanceof User;
        }

        @POST
        public FormValidation doCheckUrl(@ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.url(value));
        }

        @POST
        public final FormValidation doCheckSkipTlsVerification(
                @ContextInPath ModelObject context, @QueryParameter boolean value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.skipTlsVerification(value));
        }

        @POST
        public final FormValidation doCheckCaCertificates(
                @ContextInPath ModelObject context, @QueryParameter String value) {
            return CredentialFormAccess.of(context).check(() -> FormValidations.caCertificates(value, Instant.now()));
        }
    }
}
