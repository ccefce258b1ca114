package io.jenkins.plugins.vcftoken.admin;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jvnet.localizer.Localizable;

/** What of a credential's health an administrator should know without asking. */
final class Symptoms {

    private final TokenHealth health;
    private final Instant now;

    Symptoms(TokenHealth health, Instant now) {
        this.health = health;
        this.now = now;
    }

    void addTo(List<Finding> found) {
        TokenState state = health.getState();
        if (state.isBroken() && state != TokenState.UNREADABLE) {
            String error = health.getError();
            found.add(finding(
                    Finding.Kind.TROUBLE,
                    state.name(),
                    error == null
                            ? Messages._Finding_brokenSilently(state.words(), health.nextStep())
                            : Messages._Finding_broken(state.words(), error, health.nextStep())));
        }
        if (health.isUnsaved()) {
            found.add(finding(Finding.Kind.TROUBLE, "unsaved", Messages._Finding_unsaved()));
        }
        String expires = health.getSecretExpiresAt();
        if (expires != null) {
            Duration left = Duration.between(now, Instant.parse(expires));
            if (left.compareTo(TokenWatch.WARNED_BEFORE_EXPIRY) < 0) {
                found.add(finding(
                        Finding.Kind.EXPIRY,
                        (left.isNegative() ? "expired " : "expires ") + expires,
                        left.isNegative()
                                ? Messages._Finding_expired(expires)
                                : Messages._Finding_expires(expires, new TimeLeft(left))));
            }
        }
        if (!health.isTlsVerified()) {
            found.add(finding(Finding.Kind.TRUST, "tls", Messages._Finding_tls()));
        }
    }

    private Finding finding(Finding.Kind kind, String symptom, Localizable text) {
        return new Finding(kind, health.getPage() + ' ' + symptom, subject(), text, health.getPage());
    }

    private Localizable subject() {
        Endpoint endpoint = Checkup.endpoint(health.stored());
        String where = endpoint == null ? health.getAddress() : endpoint.description();
        return Messages._Finding_subject(health.getId(), health.getOwner(), where);
    }
}
