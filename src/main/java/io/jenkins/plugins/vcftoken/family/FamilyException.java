package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** No bearer can be had. The message is complete: which credential, which system, what it means, what to do. */
public final class FamilyException extends Exception {

    private static final long serialVersionUID = 1;

    /** {@code java.time.Instant} is serializable. */
    @CheckForNull
    private final Instant retry;

    public FamilyException(String message, @CheckForNull Throwable cause) {
        this(message, cause, null);
    }

    private FamilyException(String message, @CheckForNull Throwable cause, @CheckForNull Instant retry) {
        super(message, cause);
        this.retry = retry;
    }

    /** Whether it came of a request that was answered so. */
    boolean isFor(Problem problem) {
        return getCause() instanceof ExchangeException e && e.problem() == problem;
    }

    private static FamilyException of(Holder holder, String text, @CheckForNull Throwable cause) {
        return of(holder, text, cause, null);
    }

    private static FamilyException of(
            Holder holder, String text, @CheckForNull Throwable cause, @CheckForNull Instant retry) {
        return new FamilyException(holder.description() + ": " + text, cause, retry);
    }

    /** When the plugin tries by itself what failed here; null where it does not. */
    @CheckForNull
    public Instant retry() {
        return retry;
    }

    /** The same with the stack trace of the caller, and a list of suppressed exceptions that is not shared. */
    public FamilyException again() {
        return new FamilyException(getMessage(), this, retry);
    }

    static FamilyException noSecret(Holder holder) {
        String text = holder.service().rotates()
                ? "it stores no refresh token yet. Open the credential and authorize the account, or store a refresh "
                        + "token in it."
                : "it stores no secret. Enter it in the credential.";
        return of(holder, text, null);
    }

    static FamilyException spentElsewhere(Holder holder) {
        return of(
                holder,
                "its refresh token was rotated away while it was stored elsewhere, so this copy of it does not work. "
                        + "Authorize the account anew and store the new refresh token in this credential.",
                null);
    }

    static FamilyException foreign(Holder holder, String owner) {
        return of(
                holder,
                "its secret belongs to " + owner + " and is not sent to another server. Enter the "
                        + "secret that this server issued.",
                null);
    }

    static FamilyException otherOrganization(Holder holder, Endpoint owner) {
        return of(
                holder,
                "its refresh token belongs to " + owner.description()
                        + " and is not sent for another organization. Set the "
                        + "organization back, or authorize the account of this organization, or store its refresh token.",
                null);
    }

    static FamilyException uncertainElsewhere(Holder holder, Endpoint other) {
        return of(
                holder,
                "its refresh token was sent for " + other.description() + ", and what came of that is not known, so it "
                        + "is not sent again for another organization. Set the organization back and decide about the "
                        + "token on the page \"VCF tokens\", or authorize the account anew.",
                null);
    }

    /**
     * @param before the record that the request was made from
     * @param retry when the token is sent once more; null when it is not
     */
    static FamilyException exchangeFailed(
            Holder holder, FamilyRecord before, ExchangeException e, @CheckForNull Instant retry) {
        String next = retry == null ? e.problem().nextStep() : retried(retry);
        return of(holder, e.getMessage() + "." + history(before, e) + ' ' + next, e, retry);
    }

    private static String history(FamilyRecord before, ExchangeException e) {
        if (e.problem() != Problem.SPENT_OR_REVOKED) {
            return "";
        }
        if (before.state() == FamilyState.UNKNOWN) {
            return " This was the one more request after a lost answer (at " + before.changed() + ": "
                    + before.trouble() + "): the server had rotated the token, and its successor is lost.";
        }
        boolean isNew = before.tokens().generation() > 0 && before.trouble() == null;
        return isNew
                ? " This controller never sent that token before: it was revoked, or another client uses it too, such as "
                        + "another controller or one restored from a backup."
                : "";
    }

    private static String retried(Instant retry) {
        return "The token is sent once more at " + retry.truncatedTo(ChronoUnit.SECONDS)
                + " or at its next use after that, when nothing can be lost by it: if the server did not rotate it, all "
                + "is well then. There is nothing to do before.";
    }

    /** The answer was of no use, but the secret that is stored now is still good as far as is known. */
    static FamilyException nothingLost(Holder holder, ExchangeException e) {
        return of(
                holder,
                "no usable answer came back (" + e.detail() + "). Nothing is lost: what is stored can be sent again. "
                        + "Run again later.",
                e);
    }

    static FamilyException refusedEarlier(Holder holder, FamilyRecord record) {
        return of(
                holder,
                "refused earlier, and not sent again: " + record.trouble() + ". " + Problem.SPENT_OR_REVOKED.nextStep(),
                null);
    }

    static FamilyException refusedForNow(Holder holder, FamilyRecord record, Instant until) {
        return of(
                holder,
                "refused at " + record.changed() + ": " + record.trouble() + ". So that the account is not locked, the "
                        + "same secret is not sent again before " + until + ". Correct it in the credential.",
                null);
    }

    /** @param retry when the token is sent once more; null when a person decides */
    static FamilyException uncertain(Holder holder, FamilyRecord record, @CheckForNull Instant retry) {
        return of(
                holder,
                "since " + record.changed() + " it is not known whether the stored refresh token still works: "
                        + record.trouble() + ". "
                        + (retry == null ? Problem.OUTCOME_UNKNOWN.nextStep() : retried(retry)),
                null,
                retry);
    }

    static FamilyException throttled(Holder holder, FamilyRecord record, Instant until) {
        return of(
                holder,
                record.trouble() + ". The server asked to come back later, so nothing is sent before "
                        + until.truncatedTo(ChronoUnit.SECONDS) + ". Run again after that.",
                null,
                until);
    }

    static FamilyException ledgerUnusable(Holder holder, Exception e) {
        return of(
                holder,
                "the record of its tokens cannot be used (" + e.getMessage() + "). Check the disk of the Jenkins home "
                        + "directory.",
                e);
    }

    static FamilyException recordUnusable(Holder holder, Unreadable record) {
        return of(
                holder,
                "nothing was sent, because the record of its tokens, " + record.where() + ", cannot be used: "
                        + record.why() + ". If an older version of the plugin was installed, install the newer one "
                        + "again. Else restore that file from a backup, or remove that file and authorize the account "
                        + "anew or store a new secret.",
                null);
    }

    static FamilyException shuttingDown(Holder holder, @CheckForNull Exception e) {
        return of(holder, "Jenkins is shutting down. Run again later.", e);
    }

    static FamilyException tooLong(Holder holder, long seconds, Exception e) {
        return of(
                holder,
                "no bearer after " + seconds + " s; an exchange is still in flight and its answer will be kept. Run "
                        + "again later.",
                e);
    }

    static FamilyException notSentInTime(Holder holder, long seconds, Exception e) {
        return of(
                holder,
                "no access token after " + seconds
                        + " s: earlier requests to this server still wait for its answers, so "
                        + "this one was not sent yet. Run again later.",
                e);
    }

    static FamilyException unexpected(Holder holder, Throwable cause) {
        return of(holder, "unexpected failure: " + cause + ". Please report it with the log of Jenkins.", cause);
    }
}
