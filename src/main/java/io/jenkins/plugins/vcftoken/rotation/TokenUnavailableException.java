package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/** No access token is available. The message contains the credential, its account, the cause and advice. */
public final class TokenUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    @CheckForNull
    private final Instant retry;

    public TokenUnavailableException(String message, @CheckForNull Throwable cause) {
        this(message, cause, null);
    }

    private TokenUnavailableException(String message, @CheckForNull Throwable cause, @CheckForNull Instant retry) {
        super(message, cause);
        this.retry = retry;
    }

    /** Whether the server refused the access token that was sent in place of a stored secret. */
    boolean isParentTokenRejected() {
        return getCause() instanceof TokenRequestException e && e.errorType().isParentTokenRejected();
    }

    private static TokenUnavailableException of(CredentialHandle handle, String text, @CheckForNull Throwable cause) {
        return of(handle, text, cause, null);
    }

    private static TokenUnavailableException of(
            CredentialHandle handle, String text, @CheckForNull Throwable cause, @CheckForNull Instant retry) {
        return new TokenUnavailableException(handle.description() + ": " + text, cause, retry);
    }

    /** Time at which the plugin repeats the request, or null. */
    @CheckForNull
    public Instant retry() {
        return retry;
    }

    /** A copy with the stack trace of the caller and its own list of suppressed exceptions. */
    public TokenUnavailableException copy() {
        return new TokenUnavailableException(getMessage(), this, retry);
    }

    static TokenUnavailableException noSecret(CredentialHandle handle) {
        String text = handle.client().rotates()
                ? "it stores no refresh token yet. Open the credential and authorize the account, or store a refresh "
                        + "token in it."
                : "it stores no secret. Enter it in the credential.";
        return of(handle, text, null);
    }

    static TokenUnavailableException staleCopy(CredentialHandle handle) {
        return of(
                handle,
                "another credential uses its refresh token and has already replaced it. Use that credential, or "
                        + "re-authorize the account for this one.",
                null);
    }

    static TokenUnavailableException wrongServer(CredentialHandle handle, String owner) {
        return of(
                handle,
                "its secret belongs to " + owner + " and is not sent to another server. Enter the "
                        + "secret that this server issued.",
                null);
    }

    static TokenUnavailableException otherOrganization(CredentialHandle handle, Account owner) {
        return of(
                handle,
                "its refresh token belongs to " + owner.description()
                        + " and is not sent for another organization. Set the "
                        + "organization back, or authorize the account of this organization, or store its refresh token.",
                null);
    }

    static TokenUnavailableException unknownElsewhere(CredentialHandle handle, Account other) {
        return of(
                handle,
                "its refresh token was sent for " + other.description() + ", and the outcome is unknown, so it "
                        + "is not sent again for another organization. Set the organization back and resolve its "
                        + "state on the page “Token status”, or re-authorize the account.",
                null);
    }

    /**
     * @param before the family before the request
     * @param retry when the token is sent once more, or null
     */
    static TokenUnavailableException requestFailed(
            CredentialHandle handle, TokenFamily before, TokenRequestException e, @CheckForNull Instant retry) {
        boolean needsAction = retry == null || e.errorType().isProbablyRejection();
        String next = needsAction ? e.errorType().nextStep() : retried(retry);
        return of(handle, e.getMessage() + "." + history(before, e) + ' ' + next, e, retry);
    }

    private static String history(TokenFamily before, TokenRequestException e) {
        boolean isRefused = e.errorType() == TokenErrorType.REFRESH_TOKEN_REJECTED
                || e.errorType() == TokenErrorType.API_TOKEN_REJECTED;
        if (before.state() == TokenFamily.Status.UNKNOWN && isRefused) {
            return " This was the one more request after a lost response (at "
                    + before.changed().truncatedTo(ChronoUnit.SECONDS) + ": " + before.error()
                    + "): the server had rotated the token, and its successor is lost.";
        }
        if (before.state() == TokenFamily.Status.UNKNOWN && e.errorType().isProbablyRejection()) {
            return " This was the one more request after a lost response (at "
                    + before.changed().truncatedTo(ChronoUnit.SECONDS) + ": " + before.error()
                    + "): unless the server failed, it had replaced the token, and its successor is lost.";
        }
        if (e.errorType() != TokenErrorType.REFRESH_TOKEN_REJECTED) {
            return "";
        }
        boolean isNeverSent = before.tokens().generation() > 0 && before.error() == null;
        return isNeverSent
                ? " This controller never sent that token before: it was revoked, or another client uses it too, such as "
                        + "another controller or one restored from a backup."
                : "";
    }

    private static String retried(Instant retry) {
        return "The token is sent once more at " + retry.truncatedTo(ChronoUnit.SECONDS)
                + " or at its next use after that, when nothing can be lost by it: if the server did not rotate it, the "
                + "account works again then. No action is needed before.";
    }

    /** The response was unusable, but the stored secret can be sent again. */
    static TokenUnavailableException unusableResponse(CredentialHandle handle, TokenRequestException e) {
        TokenErrorType error = e.errorType().forNonRotatingSecret();
        return of(
                handle,
                error.explanation() + " (" + e.detail() + "). Nothing is lost: what is stored can be sent again. "
                        + error.nextStep(),
                e);
    }

    static TokenUnavailableException rejectedEarlier(CredentialHandle handle, TokenFamily record) {
        return of(
                handle,
                "rejected earlier, and not sent again: " + record.error() + ". "
                        + (handle.client().rotates()
                                        ? TokenErrorType.REFRESH_TOKEN_REJECTED
                                        : TokenErrorType.API_TOKEN_REJECTED)
                                .nextStep(),
                null);
    }

    static TokenUnavailableException rejectedForNow(CredentialHandle handle, TokenFamily record, Instant until) {
        return of(
                handle,
                "rejected at " + record.changed().truncatedTo(ChronoUnit.SECONDS) + ": " + record.error()
                        + ". To avoid locking the account, "
                        + "Jenkins waits until " + until.truncatedTo(ChronoUnit.SECONDS)
                        + " before it sends this secret again. Correct it in the credential.",
                null);
    }

    /** @param retry when the token is sent once more; null when a user has to request it */
    static TokenUnavailableException unknown(CredentialHandle handle, TokenFamily record, @CheckForNull Instant retry) {
        return of(
                handle,
                "since " + record.changed().truncatedTo(ChronoUnit.SECONDS)
                        + " it is not known whether the stored token still works: "
                        + record.error() + ". "
                        + (retry == null ? TokenErrorType.OUTCOME_UNKNOWN.nextStep() : retried(retry)),
                null,
                retry);
    }

    static TokenUnavailableException throttled(CredentialHandle handle, TokenFamily record, Instant until) {
        return of(
                handle,
                record.error() + ". The server asked for a later retry, so nothing is sent before "
                        + until.truncatedTo(ChronoUnit.SECONDS) + ". Run again after that.",
                null,
                until);
    }

    static TokenUnavailableException ledgerUnusable(CredentialHandle handle, Exception e) {
        return of(
                handle,
                "the record of its tokens cannot be used (" + e.getMessage() + "). Check the disk of the Jenkins home "
                        + "directory.",
                e);
    }

    static TokenUnavailableException notClaimed(CredentialHandle handle, SharedTokenCoordinator.View failed) {
        Exception e = Objects.requireNonNull(failed.failure());
        boolean isReadOnly = e instanceof VersionedSecret.ReadOnlyException;
        return of(
                handle,
                "nothing was sent, because " + failed.notClaimed() + ", and "
                        + (isReadOnly
                                ? "another controller uses it, too. Allow this controller to update it."
                                : "another controller may be sending it. Run again when the store can be reached."),
                e);
    }

    static TokenUnavailableException recordUnusable(CredentialHandle handle, TokenLedger.UnreadableRecord record) {
        return of(
                handle,
                "nothing was sent, because the record of its tokens, " + record.file() + ", cannot be used: "
                        + record.cause() + ". If an older version of the plugin was installed, install the newer one "
                        + "again. Else restore that file from a backup, or remove that file and authorize the account "
                        + "again or store a new secret.",
                null);
    }

    static TokenUnavailableException shuttingDown(CredentialHandle handle, @CheckForNull Exception e) {
        return of(handle, "Jenkins is shutting down. Run again later.", e);
    }

    static TokenUnavailableException timedOut(CredentialHandle handle, long seconds, Exception e) {
        return of(
                handle,
                "no access token after " + seconds
                        + " s; the request still runs, and its response will be kept. Run again later.",
                e);
    }

    static TokenUnavailableException timedOutInQueue(CredentialHandle handle, long seconds, Exception e) {
        return of(
                handle,
                "no access token after " + seconds
                        + " s: earlier requests to this server still wait for responses, so "
                        + "this one was not sent yet. Run again later.",
                e);
    }

    static TokenUnavailableException unexpected(CredentialHandle handle, Throwable cause) {
        return of(handle, "unexpected failure: " + cause + ". Please report it with the log of Jenkins.", cause);
    }
}
