package io.jenkins.plugins.vcftoken.health;

import hudson.Util;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jvnet.localizer.Localizable;

/**
 * Warning for administrators, without secrets. Texts are translated when they are read.
 *
 * @param id identifies the warning within its kind, independent of time and language
 * @param subject credential or file
 * @param text error and next step; may contain text of the server
 * @param page URL of the page with the required action, relative to the Jenkins root
 */
public record HealthWarning(Kind kind, String id, Localizable subject, Localizable text, String page) {

    /** Selects the monitor. The names are frozen, because {@link DismissedWarnings} saves them. */
    public enum Kind {
        ERROR,
        EXPIRY,
        TLS
    }

    private static final Duration EXPIRY_WARNING_PERIOD = Duration.ofDays(14);

    /** Serializable, because {@code Localizable} converts non-serializable arguments to text immediately. */
    record RemainingTime(Duration left) implements Serializable {

        @Override
        public String toString() {
            return left.isNegative() || left.isZero()
                    ? Messages.CredentialHealth_expired()
                    : Messages.CredentialHealth_in(Util.getTimeSpanString(left.toMillis()));
        }
    }

    static List<HealthWarning> findAll(CredentialHealth health) {
        List<HealthWarning> found = new ArrayList<>();
        HealthStatus status = health.getState();
        // HealthMonitorWork adds a warning with the file name for each unreadable record.
        if (status.isBroken() && status != HealthStatus.UNREADABLE) {
            String error = health.getError();
            Localizable text = error == null
                    ? Messages._HealthWarning_brokenSilently(health.label(), health.nextStep())
                    : Messages._HealthWarning_broken(health.label(), error, health.nextStep());
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
        if (left != null && isExpiring(health)) {
            DisplayTime end = health.getSecretExpiry();
            String key = health.getSecretExpiresAt();
            found.add(
                    left.isNegative()
                            ? warning(Kind.EXPIRY, health, "expired " + key, Messages._HealthWarning_expired(end))
                            : warning(
                                    Kind.EXPIRY,
                                    health,
                                    "expires " + key,
                                    Messages._HealthWarning_expires(end, new RemainingTime(left))));
        }
        if (!health.isTlsVerified()) {
            found.add(warning(Kind.TLS, health, "tls", Messages._HealthWarning_tls()));
        }
        return found;
    }

    /** Whether the stored secret has expired or expires soon, and no regeneration is scheduled. */
    static boolean isExpiring(CredentialHealth health) {
        Duration left = health.secretLeft();
        return left != null && left.compareTo(EXPIRY_WARNING_PERIOD) < 0 && !health.isRegenerationScheduled();
    }

    private static HealthWarning warning(Kind kind, CredentialHealth health, String id, Localizable text) {
        Account account = CredentialHealthEvaluator.findAccount(health.stored());
        // Omits the account name, which can contain client settings.
        String server = account == null
                ? health.getAddress()
                : new Account(account.system(), account.url(), account.organization()).description();
        Localizable subject = health.isGlobal()
                ? Messages._HealthWarning_globalSubject(health.getId(), server)
                : Messages._HealthWarning_subject(health.getId(), health.getOwner(), server);
        return new HealthWarning(kind, health.getPage() + ' ' + id, subject, text, health.getPage());
    }

    public String key() {
        return kind + " " + id;
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
