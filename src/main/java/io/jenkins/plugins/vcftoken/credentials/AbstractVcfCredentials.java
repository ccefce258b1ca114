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
 * The base of all kinds of credential. Holds the fields of a form and no other state: saving a form makes a new instance.
 * Public, because forms and configuration as code call its getters and setters by reflection.
 *
 * <p>A kind is a subclass with its descriptor, its {@code credentials.jelly} and the help of its fields. Names of classes and
 * fields are frozen: they are in {@code credentials.xml}.
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
     * Whether fields are as constructors and setters leave them. XML that a person wrote may lack fields or have white space
     * around them, and reading it calls no constructor, so each kind checks its fields in {@code readResolve}.
     */
    static boolean areTidy(String... fields) {
        return Arrays.stream(fields).allMatch(field -> field != null && field.equals(field.trim()));
    }

    /** The account's name for lists, beside the server's. Not a secret. */
    abstract String accountLabel();

    /**
     * The parameter with the secret that the server may replace, by a token request or by another one; null where it never
     * does.
     */
    @CheckForNull
    public String rotatingField() {
        return null;
    }

    /** Whether a token request may replace the secret, so that it is sent only when the new one can be stored. */
    boolean isRotating() {
        return false;
    }

    /** Removes the white space that a pasted token can have. */
    static Secret token(@CheckForNull Secret given) {
        return given == null
                ? Secret.fromString("")
                : same(given, given.getPlainText().strip());
    }

    /** Removes the line break at the end of a file; a password may begin or end with a space. */
    static Secret password(@CheckForNull Secret given) {
        return given == null
                ? Secret.fromString("")
                : same(given, given.getPlainText().replaceFirst("[\\r\\n]+$", ""));
    }

    /** Keeps the object where the text does not change, so that its ciphertext stays the same. */
    private static Secret same(Secret given, String text) {
        return given.getPlainText().equals(text) ? given : Secret.fromString(text);
    }

    /** For forms and configuration as code: null for an empty secret, which a form would show as concealed. */
    @CheckForNull
    static Secret shown(Secret secret) {
        return secret.getPlainText().isEmpty() ? null : secret;
    }

    /** Copies the fields of this class that constructors do not take. */
    final <T extends AbstractVcfCredentials> T copyTlsSettings(T copy) {
        copy.setCaCertificates(caCertificates);
        copy.setSkipTlsVerification(skipTlsVerification);
        return copy;
    }

    final URI uri() {
        return Account.address(url);
    }

    /**
     * The current access token, so that this credential can be used as secret text. Requests one, and blocks, unless one is
     * cached.
     *
     * @throws CredentialsUnavailableException when none can be obtained
     */
    @NonNull
    @Override
    public final Secret getSecret() {
        try {
            return Secret.fromString(VcfTokenService.get().once(this).value());
        } catch (TokenUnavailableException e) {
            throw new CredentialsUnavailableException("secret", e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CredentialsUnavailableException(
                    "secret", "Interrupted while waiting for an access token of " + getId(), e);
        }
    }

    /**
     * Refuses a form that keeps a stored secret while it changes the server. A form posts stored secrets back encrypted, so
     * permission to edit a credential would otherwise be enough to send its secret to any server. A secret that a person
     * types is accepted, even if it equals the stored one, as after a host was renamed. All secrets of the form count, used
     * or not, because the next change could bring them into use.
     *
     * <p>Each kind calls it at the end of its constructor, and in setters of secrets: exceptions of a descriptor's {@code
     * newInstance} are logged and ignored. For secrets that rotate, the ledger has the same check before it sends.
     *
     * @throws Failure in a request that edits a stored credential
     */
    protected final void refuseToCarrySecretElsewhere() {
        SubmittedSecrets form = SubmittedSecrets.current();
        CredentialsStoreAction.CredentialsWrapper before = form == null
                ? null
                : form.request().findAncestorObject(CredentialsStoreAction.CredentialsWrapper.class);
        if (before != null
                && before.getCredentials() instanceof VcfCredentials stored
                && isElsewhere(stored)
                && form.hasEncryptedField()) {
            throw new Failure(Messages.AbstractVcfCredentials_otherServer(stored.getUrl()));
        }
        if (before != null && isMasked()) {
            throw new Failure(Messages.AbstractVcfCredentials_masked());
        }
    }

    /**
     * Whether the form posted the asterisks that Jenkins shows in place of secrets to users who may change credentials here
     * but not configure the folder or job around them.
     */
    final boolean isMasked() {
        return secrets().stream().anyMatch(secret -> secret.getPlainText().equals("********"));
    }

    /** All secrets of the form, used or not. */
    List<Secret> secrets() {
        return List.of(storedSecret());
    }

    private boolean isElsewhere(VcfCredentials stored) {
        try {
            return !stored.account().host().equals(account().host());
        } catch (IllegalArgumentException e) {
            // Nothing is sent to an invalid address, but the next change could start from there.
            return !stored.getUrl().equals(url);
        }
    }

    /** Sends an agent only the access token, as secret text: long-lived secrets do not leave the controller. */
    @Serial
    protected final Object writeReplace() {
        if (Channel.current() == null) {
            return this;
        }
        return new StringCredentialsImpl(getScope(), getId(), getDescription(), getSecret());
    }

    /** The name in lists, with the ID that jobs use: "vcfa-ci (vcfa.example.com / acme) description". */
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

    /** The base of the descriptors: checks and links that all forms have. */
    protected abstract static class VcfCredentialsDescriptor extends BaseStandardCredentialsDescriptor {

        /**
         * The page about the credential's tokens, for the form.
         *
         * @param store the store of the form
         * @param shown the credential of the form; null while it is new
         * @return null where there is no page yet, or the user may not see it
         */
        @CheckForNull
        public final String tokensUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? CredentialFormAccess.of(owner.getContext()).tokensUrl(stored)
                    : null;
        }

        /**
         * The page on which the account can be authorized, for the form.
         *
         * @param store the store of the form
         * @param shown the credential of the form; null while it is new
         * @return null where the kind does not support that, or the user may not
         */
        @CheckForNull
        public final String authorizationUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? CredentialFormAccess.of(owner.getContext()).authorizationUrl(stored)
                    : null;
        }

        /**
         * Whether the store of the form belongs to a user, whose credentials jobs reach through a build parameter only.
         *
         * @param store the store of the form
         */
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
