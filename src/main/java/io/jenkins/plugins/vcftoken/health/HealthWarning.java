package io.jenkins.plugins.vcftoken.health;

import hudson.Util;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jvnet.localizer.Localizable;

/**
 * A warning for administrators. Its texts are translated when they are read, and contain no secret.
 *
 * @param kind which monitor shows it
 * @param about identifies the warning within its kind: the same at each check and in each language
 * @param subject the credential or file that it is about
 * @param text the problem and the next step; in part a server's own words
 * @param page where to act, relative to the root of Jenkins
 */
public record HealthWarning(Kind kind, String about, Localizable subject, Localizable text, String page) {

    /** Which monitor shows a warning. The names stand in the file of {@link DismissedWarnings}. */
    public enum Kind {
        ERROR,
        EXPIRY,
        TLS
    }

    private static final Duration WARNED_BEFORE_EXPIRY = Duration.ofDays(14);

    /** Translated when it is read; serializable, because a message converts other arguments to text at once. */
    record RemainingTime(Duration left) implements Serializable {

        @Override
        public String toString() {
            return left.isNegative() || left.isZero()
                    ? Messages.CredentialHealth_expired()
                    : Messages.CredentialHealth_in(Util.getTimeSpanString(left.toMillis()));
        }
    }

    static List<HealthWarning> findIn(CredentialHealth health) {
        List<HealthWarning> found = new ArrayList<>();
        HealthStatus status = health.getState();
        // Unreadable records have a warning of their own, which names the file.
        if (status.isBroken() && status != HealthStatus.UNREADABLE) {
            String error = health.getError();
            Localizable text = error == null
                    ? Messages._HealthWarning_brokenSilently(status.words(), health.nextStep())
                    : Messages._HealthWarning_broken(status.words(), error, health.nextStep());
            found.add(warning(Kind.ERROR, health, status.name(), text));
        }
        if (health.isUnsaved()) {
            found.add(warning(Kind.ERROR, health, "unsaved", Messages._HealthWarning_unsaved()));
        }
        Duration left = health.secretLeft();
        String regenerationError = health.regenerationError();
        if (health.isRegenerationUnknown()) {
            String error = String.valueOf(health.getError());
            found.add(warning(Kind.EXPIRY, health, "regenerating", Messages._HealthWarning_regenerationUnknown(error)));
        } else if (regenerationError != null) {
            found.add(warning(
                    Kind.EXPIRY, health, "notRegenerated", Messages._HealthWarning_notRegenerated(regenerationError)));
        } else if (health.isExpiryMissing()) {
            found.add(warning(Kind.EXPIRY, health, "expiryMissing", Messages._HealthWarning_expiryMissing()));
        }
        if (left != null && left.compareTo(WARNED_BEFORE_EXPIRY) < 0 && !health.isRegenerationAwaited()) {
            String end = health.getSecretExpiresAt();
            found.add(
                    left.isNegative()
                            ? warning(Kind.EXPIRY, health, "expired " + end, Messages._HealthWarning_expired(end))
                            : warning(
                                    Kind.EXPIRY,
                                    health,
                                    "expires " + end,
                                    Messages._HealthWarning_expires(end, new RemainingTime(left))));
        }
        if (!health.isTlsVerified()) {
            found.add(warning(Kind.TLS, health, "tls", Messages._HealthWarning_tls()));
        }
        return found;
    }

    private static HealthWarning warning(Kind kind, CredentialHealth health, String about, Localizable text) {
        Account account = HealthCheck.account(health.stored());
        String server = account == null ? health.getAddress() : account.description();
        Localizable subject = Messages._HealthWarning_subject(health.getId(), health.getOwner(), server);
        return new HealthWarning(kind, health.getPage() + ' ' + about, subject, text, health.getPage());
    }

    public String key() {
        return kind + " " + about;
    }

    public String getSubject() {
        return subject.toString();
    }

    public String getText() {
        return text.toString();
    }

    public String getPage() {
        return page;
    }
}
