package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.Util;
import hudson.model.Failure;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.SecretExpiryResult;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.JwtClaims;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * Runs "Test connection" of the credential forms, which sends one token request. A stored secret is sent only to the
 * server for which it is stored, and a rotated secret is stored. An entered secret is sent only if secrets of its kind
 * do not rotate. A test blocks the thread of its HTTP request; the number of concurrent tests is limited, so that
 * servers that do not respond cannot block all of these threads.
 */
@Extension
public final class ConnectionTester {

    /** Credential ID in messages, for the values of a form. */
    static final String UNSAVED = "not saved yet";

    private static final Logger LOGGER = Logger.getLogger(ConnectionTester.class.getName());

    /** Limit of concurrent tests. Each user can run one test at a time. */
    private static final int MAX_TESTS = 8;

    private static final Duration EXPIRY_WARNING_PERIOD = Duration.ofDays(14);

    private final Set<String> testingUsers = new HashSet<>();

    static ConnectionTester get() {
        return ExtensionList.lookupSingleton(ConnectionTester.class);
    }

    /**
     * Tests the connection. Blocks until the server responds or a timeout expires.
     *
     * @param context owner of the store of the form; null for the controller
     * @param submitted values of the form
     * @param secretFields names of the form parameters that contain secrets
     */
    FormValidation test(@CheckForNull ModelObject context, AbstractVcfCredentials submitted, String... secretFields) {
        CredentialFormAccess access = CredentialFormAccess.of(context);
        if (!access.canEdit()) {
            return FormValidation.error(Messages.ConnectionTester_noPermission());
        }
        EncryptedFormFieldDetector form = EncryptedFormFieldDetector.current();
        if (form != null && form.hasEncryptedParameter(Set.of(secretFields))) {
            return FormValidation.error(Messages.ConnectionTester_encrypted());
        }
        if (submitted.isMasked()) {
            return FormValidation.error(Messages.AbstractVcfCredentials_masked());
        }
        FormValidation address = FormValidations.url(submitted.getUrl());
        if (address.kind == FormValidation.Kind.ERROR) {
            return address;
        }
        try {
            Optional<VcfCredentials> stored = findStored(access, submitted);
            if (stored.isPresent() && stored.get().account().isSameAs(submitted.account())) {
                return test(storedHandle(stored.get(), submitted), true);
            }
            if (submitted.isRotating()) {
                return FormValidation.warning(
                        submitted.storedSecret().getPlainText().isBlank()
                                ? Messages.ConnectionTester_noToken()
                                : Messages.ConnectionTester_saveFirst());
            }
            if (stored.isEmpty() && form != null && form.hasEncryptedParameter(Set.of())) {
                return FormValidation.error(Messages.ConnectionTester_typeAgain());
            }
            return test(submittedHandle(submitted, access.context()), false);
        } catch (TokenUnavailableException e) {
            return FormValidation.error(e.getMessage());
        } catch (IOException e) {
            // Only reading the ledger throws this exception; token requests throw TokenUnavailableException.
            LOGGER.log(Level.WARNING, e, () -> "The ledger cannot be read for a connection test");
            return FormValidation.error(
                    Messages.ConnectionTester_unreadable(e.getClass().getSimpleName() + ": " + e.getMessage()));
        } catch (IllegalArgumentException | Failure e) {
            return FormValidation.error(Messages.FormValidations_url_malformed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.ConnectionTester_interrupted());
        }
    }

    /**
     * Finds a credential with the secret and the server of the form, among the credentials that the current user has
     * permission to update. The token of the form may have been rotated since the form was opened, for example by an
     * earlier test. A credential of the same account takes precedence.
     */
    private static Optional<VcfCredentials> findStored(CredentialFormAccess access, VcfCredentials submitted)
            throws IOException, TokenUnavailableException {
        List<Credentials> candidates = access.stores().stream()
                .filter(store -> store.hasPermission(CredentialsProvider.UPDATE))
                .flatMap(store -> store.getDomains().stream().flatMap(domain -> store.getCredentials(domain).stream()))
                .toList();
        Optional<VcfCredentials> sameServer = Optional.empty();
        for (Credentials candidate : candidates) {
            if (candidate instanceof VcfCredentials stored && isSameSecret(stored, submitted)) {
                if (stored.account().isSameAs(submitted.account())) {
                    return Optional.of(stored);
                }
                sameServer = Optional.of(stored);
            }
        }
        return sameServer;
    }

    private static boolean isSameSecret(VcfCredentials stored, VcfCredentials submitted)
            throws IOException, TokenUnavailableException {
        try {
            return stored.getClass() == submitted.getClass()
                    && stored.account().host().equals(submitted.account().host())
                    && VcfTokenService.get()
                            .administration()
                            .areRelated(
                                    stored.account(),
                                    stored.storedSecret().getPlainText(),
                                    submitted.storedSecret().getPlainText());
        } catch (IllegalArgumentException e) {
            // The stored URL is invalid.
            return false;
        }
    }

    /** Creates a handle with the stored secret, and with the certificates and other settings of the form. */
    private static CredentialHandle storedHandle(VcfCredentials stored, VcfCredentials submitted)
            throws TokenUnavailableException {
        CredentialHandle handle = VcfTokenService.get().handle(stored);
        TokenClient client = VcfTokenService.get().client(submitted);
        return new CredentialHandle(handle.name(), handle.location(), handle.token(), client, handle.writer());
    }

    /** Removes server text from errors, so that a test cannot be used to read internal servers (SSRF). */
    private static CredentialHandle submittedHandle(VcfCredentials submitted, ModelObject context)
            throws TokenUnavailableException {
        return new CredentialHandle(
                UNSAVED,
                StoreContext.unsavedIn(context),
                submitted.storedSecret().getPlainText(),
                VcfTokenService.get().clientWithoutServerText(submitted),
                (family, token, retry) -> {});
    }

    private FormValidation test(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        String user = Jenkins.getAuthentication2().getName();
        synchronized (testingUsers) {
            if (testingUsers.size() == MAX_TESTS || !testingUsers.add(user)) {
                return FormValidation.warning(Messages.ConnectionTester_busy());
            }
        }
        try {
            TokenResult result = VcfTokenService.get().testConnection(handle, stored);
            return describe(result, findSecretExpiry(handle, result), stored);
        } finally {
            synchronized (testingUsers) {
                testingUsers.remove(user);
            }
        }
    }

    /** @return null if unknown or if the secret never expires; errors do not affect the test result */
    @CheckForNull
    private static Instant findSecretExpiry(CredentialHandle handle, TokenResult result) {
        if (result.rotated() && !handle.client().expiryNeedsAccessToken()) {
            return null;
        }
        try {
            return SecretExpiryResult.of(handle, result::accessToken).expiresAt();
        } catch (TokenRequestException e) {
            LOGGER.log(Level.FINE, e, () -> handle.description() + ": not known when its secret expires");
            return null;
        }
    }

    /**
     * Describes the subject and lifetime of the access token, and whether the secret was rotated or saved.
     *
     * @param secretExpiry null if unknown or if the secret never expires
     * @param stored whether the secret belongs to a stored credential
     */
    private static FormValidation describe(TokenResult result, @CheckForNull Instant secretExpiry, boolean stored) {
        AccessToken accessToken = result.accessToken();
        TokenUnavailableException error = result.error();
        if (error != null) {
            return FormValidation.warning(Messages.ConnectionTester_onlyOlder(
                    error.getMessage(), truncateToSeconds(accessToken.expiresAt())));
        }
        List<String> sentences = new ArrayList<>();
        sentences.add(Messages.ConnectionTester_works());
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String name = claims.subject();
        String organization = claims.organization();
        if (name != null && organization != null) {
            sentences.add(Messages.ConnectionTester_whoOf(name, organization));
        } else if (name != null) {
            sentences.add(Messages.ConnectionTester_who(name));
        } else if (organization != null) {
            sentences.add(Messages.ConnectionTester_organization(organization));
        }
        sentences.add(Messages.ConnectionTester_accessToken(
                Util.getTimeSpanString(accessToken.lifetime().toMillis())));
        boolean warning = result.warning() != null || (result.rotated() && !stored);
        if (!stored) {
            sentences.add(
                    result.rotated()
                            ? Messages.ConnectionTester_rotatedUnsaved()
                            : Messages.ConnectionTester_unsaved());
        } else if (result.rotated()) {
            sentences.add(Messages.ConnectionTester_rotated());
        }
        if (secretExpiry != null) {
            Duration left = Duration.between(accessToken.issuedAt(), secretExpiry);
            warning |= left.compareTo(EXPIRY_WARNING_PERIOD) < 0;
            sentences.add(Messages.ConnectionTester_secretEnds(truncateToSeconds(secretExpiry)));
        }
        if (result.warning() != null) {
            sentences.add(result.warning());
        }
        String text = String.join(" ", sentences);
        return warning ? FormValidation.warning(text) : FormValidation.ok(text);
    }

    private static Instant truncateToSeconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
