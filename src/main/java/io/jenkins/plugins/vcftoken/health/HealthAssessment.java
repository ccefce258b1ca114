package io.jenkins.plugins.vcftoken.health;

import io.jenkins.plugins.vcftoken.oauth.Account;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jvnet.localizer.Localizable;

/** What of a credential's health an administrator should know without asking. */
final class HealthAssessment {

    private final CredentialHealth health;
    private final Instant now;

    HealthAssessment(CredentialHealth health, Instant now) {
        this.health = health;
        this.now = now;
    }

    void addTo(List<HealthWarning> found) {
        HealthStatus state = health.getState();
        if (state.isBroken() && state != HealthStatus.UNREADABLE) {
            String error = health.getError();
            found.add(warning(
                    HealthWarning.Kind.TROUBLE,
                    state.name(),
                    error == null
                            ? Messages._HealthWarning_brokenSilently(state.words(), health.nextStep())
                            : Messages._HealthWarning_broken(state.words(), error, health.nextStep())));
        }
        if (health.isUnsaved()) {
            found.add(warning(HealthWarning.Kind.TROUBLE, "unsaved", Messages._HealthWarning_unsaved()));
        }
        String expires = health.getSecretExpiresAt();
        if (expires != null) {
            Duration left = Duration.between(now, Instant.parse(expires));
            if (left.compareTo(HealthMonitorWork.WARNED_BEFORE_EXPIRY) < 0) {
                found.add(warning(
                        HealthWarning.Kind.EXPIRY,
                        (left.isNegative() ? "expired " : "expires ") + expires,
                        left.isNegative()
                                ? Messages._HealthWarning_expired(expires)
                                : Messages._HealthWarning_expires(expires, new RemainingTime(left))));
            }
        }
        if (!health.isTlsVerified()) {
            found.add(warning(HealthWarning.Kind.TRUST, "tls", Messages._HealthWarning_tls()));
        }
    }

    private HealthWarning warning(HealthWarning.Kind kind, String symptom, Localizable text) {
        return new HealthWarning(kind, health.getPage() + ' ' + symptom, subject(), text, health.getPage());
    }

    private Localizable subject() {
        Account account = HealthCheck.account(health.stored());
        String where = account == null ? health.getAddress() : account.description();
        return Messages._HealthWarning_subject(health.getId(), health.getOwner(), where);
    }
}
