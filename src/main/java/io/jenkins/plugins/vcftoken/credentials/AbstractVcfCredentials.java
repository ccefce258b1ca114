package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.ContextInPath;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.CredentialsStoreAction;
import com.cloudbees.plugins.credentials.CredentialsUnavailableException;
import com.cloudbees.plugins.credentials.impl.BaseStandardCredentials;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import hudson.model.Failure;
import hudson.model.ModelObject;
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
 * What the four kinds have in common. Holds what a person typed and no state: saving a form makes a new instance. Public,
 * because forms and configuration as code call its getters and setters by reflection.
 */
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

    /** Whether fields are as constructors and setters leave them: XML may lack some, or have white space around them. */
    static boolean areTidy(String... fields) {
        return Arrays.stream(fields).allMatch(field -> field != null && field.equals(field.trim()));
    }

    /** For lists, beside the server's name: whose secret it is. Not a secret itself. */
    abstract String who();

    /** Whether its secret may be replaced with each use, so that it is sent only when the new one can be stored. */
    boolean isRotating() {
        return false;
    }

    /** @return without the white space that comes along with a token that is pasted or read from a file */
    static Secret token(@CheckForNull Secret given) {
        return given == null
                ? Secret.fromString("")
                : same(given, given.getPlainText().strip());
    }

    /** @return without the line break that a file ends with; a password may begin or end with a space */
    static Secret password(@CheckForNull Secret given) {
        return given == null
                ? Secret.fromString("")
                : same(given, given.getPlainText().replaceFirst("[\\r\\n]+$", ""));
    }

    /** The same object where nothing changes, so that nothing is encrypted anew. */
    private static Secret same(Secret given, String text) {
        return given.getPlainText().equals(text) ? given : Secret.fromString(text);
    }

    /** For forms and configuration as code: none rather than an empty one, which a form would show as concealed. */
    @CheckForNull
    static Secret shown(Secret secret) {
        return secret.getPlainText().isEmpty() ? null : secret;
    }

    /** What does not depend on the kind; constructors take the rest. */
    final <T extends AbstractVcfCredentials> T sameTrust(T copy) {
        copy.setCaCertificates(caCertificates);
        copy.setSkipTlsVerification(skipTlsVerification);
        return copy;
    }

    final URI uri() {
        return Account.address(url);
    }

    /**
     * The current access token, so that whatever takes secret text takes this credential. Exchanged when none is warm.
     *
     * @throws CredentialsUnavailableException when there is none to be had
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
     * Refuses to carry a stored secret to another server: the form posts it back encrypted, so without this whoever
     * may edit a credential could have its secret sent anywhere. To be called at the end of a kind's constructor,
     * because what a descriptor's {@code newInstance} throws is logged and then ignored. The ledger refuses the same
     * when it comes to sending, of secrets that rotate; here there is a person to tell.
     *
     * <p>What a person types is theirs to send, also if it is the same as before: a host was renamed. Every secret of the
     * form counts, used or not, because the next change could bring it into use.
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
     * Whether Jenkins showed stars for the secret, to somebody who may change credentials here but not configure the
     * folder or job around them. What was posted then is no secret of anybody's.
     */
    final boolean isMasked() {
        return secrets().stream().anyMatch(secret -> secret.getPlainText().equals("********"));
    }

    /** All that the form has, used now or not. */
    List<Secret> secrets() {
        return List.of(storedSecret());
    }

    private boolean isElsewhere(VcfCredentials stored) {
        try {
            return !stored.account().host().equals(account().host());
        } catch (IllegalArgumentException e) {
            // One of the addresses is none. Nothing is sent to it, but the next change could start from there.
            return !stored.getUrl().equals(url);
        }
    }

    /** On its way to an agent it becomes the access token alone: long-lived secrets do not leave the controller. */
    @Serial
    protected final Object writeReplace() {
        if (Channel.current() == null) {
            return this;
        }
        return new StringCredentialsImpl(getScope(), getId(), getDescription(), getSecret());
    }

    /** What the forms of the kinds have in common. */
    protected abstract static class VcfCredentialsDescriptor extends BaseStandardCredentialsDescriptor {

        /**
         * For the form.
         *
         * @param store what the form is for, as the page has it
         * @param shown null while it is new
         * @return where its tokens are shown; null where there are none yet, or not for whoever asks
         */
        @CheckForNull
        public final String tokensUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? TokenPageUrls.toTokens(CredentialFormAccess.of(owner.getContext()), stored)
                    : null;
        }

        /**
         * For the form.
         *
         * @param store what the form is for, as the page has it
         * @param shown null while it is new
         * @return where a person can have the account authorized; null where nobody can, or not whoever asks
         */
        @CheckForNull
        public final String authorizationUrl(@CheckForNull Object store, @CheckForNull Object shown) {
            return store instanceof CredentialsStore owner && shown instanceof VcfCredentials stored
                    ? TokenPageUrls.toAuthorization(CredentialFormAccess.of(owner.getContext()), stored)
                    : null;
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
