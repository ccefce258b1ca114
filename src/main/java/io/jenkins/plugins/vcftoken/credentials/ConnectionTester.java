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
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
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
 * Runs "Test connection" of the credential forms: one token request. It sends a stored secret to no other server than
 * the one that it is stored for, and stores the successor of a rotated one. It sends a typed secret only if secrets of
 * that kind do not rotate. A test blocks the thread of its HTTP request, so the number of tests at a time is limited:
 * servers that do not answer cannot take all of these threads.
 */
@Extension
public final class ConnectionTester {

    /** The ID of a credential that a form shows, for messages. */
    static final String UNSAVED = "not saved yet";

    private static final Logger LOGGER = Logger.getLogger(ConnectionTester.class.getName());

    /** At one time, one of each user. */
    private static final int MAX_TESTS = 8;

    private static final Duration WARNED_BEFORE_EXPIRY = Duration.ofDays(14);

    private final Set<String> testingUsers = new HashSet<>();

    static ConnectionTester get() {
        return ExtensionList.lookupSingleton(ConnectionTester.class);
    }

    /**
     * Blocks until the server answers, or a timeout.
     *
     * @param context the owner of the store that the form belongs to; null for the controller
     * @param typed the values of the form
     * @param secretFields the names of the form's parameters that hold secrets
     */
    FormValidation test(@CheckForNull ModelObject context, AbstractVcfCredentials typed, String... secretFields) {
        CredentialFormAccess access = CredentialFormAccess.of(context);
        if (!access.mayEdit()) {
            return FormValidation.error(Messages.ConnectionTester_noPermission());
        }
        SubmittedSecrets form = SubmittedSecrets.current();
        if (form != null && form.hasEncryptedParameter(Set.of(secretFields))) {
            return FormValidation.error(Messages.ConnectionTester_encrypted());
        }
        if (typed.isMasked()) {
            return FormValidation.error(Messages.AbstractVcfCredentials_masked());
        }
        FormValidation address = FormValidations.url(typed.getUrl());
        if (address.kind == FormValidation.Kind.ERROR) {
            return address;
        }
        try {
            Optional<VcfCredentials> stored = findStored(access, typed);
            if (stored.isPresent() && stored.get().account().isSameAs(typed.account())) {
                return test(storedHandle(stored.get(), typed), true);
            }
            if (typed.isRotating()) {
                return FormValidation.warning(
                        typed.storedSecret().getPlainText().isBlank()
                                ? Messages.ConnectionTester_noToken()
                                : Messages.ConnectionTester_saveFirst());
            }
            if (stored.isEmpty() && form != null && form.hasEncryptedParameter(Set.of())) {
                return FormValidation.error(Messages.ConnectionTester_typeAgain());
            }
            return test(typedHandle(typed, access.context()), false);
        } catch (TokenUnavailableException e) {
            return FormValidation.error(e.getMessage());
        } catch (IOException e) {
            // Reading the ledger failed; a token request throws only the exception above.
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
     * Finds the credential that stores the secret of the form for the same server, among those that the current user
     * may update. The form may hold a token that has rotated since it was opened, for example by an earlier test.
     *
     * @return the one for the same account if there is one
     */
    private static Optional<VcfCredentials> findStored(CredentialFormAccess access, VcfCredentials typed)
            throws IOException, TokenUnavailableException {
        List<Credentials> candidates = access.stores().stream()
                .filter(store -> store.hasPermission(CredentialsProvider.UPDATE))
                .flatMap(store -> store.getDomains().stream().flatMap(domain -> store.getCredentials(domain).stream()))
                .toList();
        Optional<VcfCredentials> sameServer = Optional.empty();
        for (Credentials candidate : candidates) {
            if (candidate instanceof VcfCredentials stored && isSameSecret(stored, typed)) {
                if (stored.account().isSameAs(typed.account())) {
                    return Optional.of(stored);
                }
                sameServer = Optional.of(stored);
            }
        }
        return sameServer;
    }

    private static boolean isSameSecret(VcfCredentials stored, VcfCredentials typed)
            throws IOException, TokenUnavailableException {
        try {
            return stored.getClass() == typed.getClass()
                    && stored.account().host().equals(typed.account().host())
                    && VcfTokenService.get()
                            .administration()
                            .areRelated(
                                    stored.account(),
                                    stored.storedSecret().getPlainText(),
                                    typed.storedSecret().getPlainText());
        } catch (IllegalArgumentException e) {
            // The stored address is invalid, so it is another one than that of the form.
            return false;
        }
    }

    /** The stored secret, sent with the certificates and the other settings of the form. */
    private static CredentialHandle storedHandle(VcfCredentials stored, VcfCredentials typed)
            throws TokenUnavailableException {
        CredentialHandle handle = VcfTokenService.get().handle(stored);
        TokenEndpointClient client = VcfTokenService.get().client(typed);
        return new CredentialHandle(handle.name(), handle.location(), handle.token(), client, handle.writer());
    }

    /** Strips the server's text from errors, so that a test cannot be used to read internal servers (SSRF). */
    private static CredentialHandle typedHandle(VcfCredentials typed, ModelObject context)
            throws TokenUnavailableException {
        return new CredentialHandle(
                UNSAVED,
                StoreContext.unsavedIn(context),
                typed.storedSecret().getPlainText(),
                VcfTokenService.get().clientWithoutServerText(typed),
                (family, token, again) -> {});
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

    /** @return null when unknown, or never; the test has succeeded without */
    @CheckForNull
    private static Instant findSecretExpiry(CredentialHandle handle, TokenResult result) {
        if (result.rotated() && !handle.client().expiryNeedsAccessToken()) {
            return null;
        }
        try {
            return SecretExpiryResult.of(handle, result::accessToken).ends();
        } catch (TokenRequestException e) {
            LOGGER.log(Level.FINE, e, () -> handle.description() + ": not known when its secret expires");
            return null;
        }
    }

    /**
     * Describes an access token: its subject, its lifetime, and what happened to the secret.
     *
     * @param secretExpiry null when unknown, or never
     * @param stored whether the secret was that of a stored credential
     */
    private static FormValidation describe(TokenResult result, @CheckForNull Instant secretExpiry, boolean stored) {
        AccessToken accessToken = result.accessToken();
        TokenUnavailableException error = result.error();
        if (error != null) {
            return FormValidation.warning(
                    Messages.ConnectionTester_onlyOlder(error.getMessage(), seconds(accessToken.expiresAt())));
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
            warning |= left.compareTo(WARNED_BEFORE_EXPIRY) < 0;
            sentences.add(Messages.ConnectionTester_secretEnds(seconds(secretExpiry)));
        }
        if (result.warning() != null) {
            sentences.add(result.warning());
        }
        String text = String.join(" ", sentences);
        return warning ? FormValidation.warning(text) : FormValidation.ok(text);
    }

    private static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
