package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.ModelObject;
import io.jenkins.plugins.vcftoken.oauth.ServerTextFilter;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * What a person tries out from a form. Each trial is one exchange, on the same way as a build's, and waits on the thread of
 * its HTTP request. So that servers that do not answer cannot take all of these, there are few at a time, and one of each
 * user.
 */
public final class ConnectionTestLimit {

    /** The ID of what a form shows, for messages. */
    public static final String UNSAVED = "not saved yet";

    private static final Logger LOGGER = Logger.getLogger(ConnectionTestLimit.class.getName());

    /** At one time, of all users. */
    private static final int AT_ONCE = 8;

    private final VcfTokenService tokens;

    /** Names of users who are trying something out. */
    private final Set<String> users = new HashSet<>();

    ConnectionTestLimit(VcfTokenService tokens) {
        this.tokens = tokens;
    }

    /** There are as many trials as there may be. Nothing was sent. */
    public static final class BusyException extends Exception {
        @Serial
        private static final long serialVersionUID = 1;
    }

    /**
     * @param result the access token, and what stood in the way of a better one
     * @param secretEnds when the stored secret itself ends; null when it never does, or nobody tells
     */
    public record Outcome(TokenResult result, @CheckForNull Instant secretEnds) {}

    /**
     * Exchanges the stored secret, and keeps what it may be replaced by.
     *
     * @param shown the same endpoint, with the certificates that the form has
     * @throws TokenUnavailableException when there is no access token
     * @throws BusyException when this user, or too many others, are trying something out
     */
    public Outcome ofStored(VcfCredentials stored, VcfCredentials shown)
            throws TokenUnavailableException, BusyException, InterruptedException {
        CredentialHandle handle = tokens.handles().of(stored, null);
        return run(
                new CredentialHandle(
                        handle.name(),
                        handle.location(),
                        handle.token(),
                        tokens.handles().service(shown),
                        handle.keeper()),
                true);
    }

    /**
     * Exchanges a secret that was typed and is not stored; only of a kind whose secrets do not rotate.
     *
     * @param context whose store the form belongs to
     * @throws TokenUnavailableException when there is no access token
     * @throws BusyException when this user, or too many others, are trying something out
     */
    public Outcome ofTyped(VcfCredentials typed, ModelObject context)
            throws TokenUnavailableException, BusyException, InterruptedException {
        TokenEndpointClient service = new ServerTextFilter(tokens.handles().service(typed));
        if (service.rotates()) {
            throw new IllegalArgumentException("A secret that may rotate is not sent before it can be kept");
        }
        CredentialHandle handle = new CredentialHandle(
                UNSAVED,
                CredentialLocator.unsavedIn(context),
                typed.storedSecret().getPlainText(),
                service,
                (family, token, again) -> {});
        return run(handle, false);
    }

    private Outcome run(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, BusyException, InterruptedException {
        String user = Jenkins.getAuthentication2().getName();
        synchronized (users) {
            if (users.size() == AT_ONCE || !users.add(user)) {
                throw new BusyException();
            }
        }
        try {
            TokenResult result = tokens.leases().connectionTest(handle, stored);
            return new Outcome(result, secretEnds(handle, result));
        } finally {
            synchronized (users) {
                users.remove(user);
            }
        }
    }

    /** Nice to know; the trial has succeeded without. */
    @CheckForNull
    private static Instant secretEnds(CredentialHandle handle, TokenResult result) {
        if (result.rotated() && !handle.service().tellsAccessTokensOnly()) {
            return null;
        }
        try {
            return SecretExpiryResult.of(handle, result::accessToken).ends();
        } catch (TokenRequestException e) {
            LOGGER.log(Level.FINE, e, () -> handle.description() + ": it cannot be told when its secret ends");
            return null;
        }
    }
}
