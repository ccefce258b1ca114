package io.jenkins.plugins.vcftoken.admin;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import java.time.Instant;
import java.util.List;

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
                    Messages.Finding_broken(
                            subject(), state.getWords(), error == null ? "" : error + ". ", state.getNextStep())));
        }
        if (health.isUnsaved()) {
            found.add(finding(Finding.Kind.TROUBLE, Messages.Finding_unsaved(subject())));
        }
        String expires = health.getSecretExpiresAt();
        if (expires != null && Instant.parse(expires).isBefore(now.plus(TokenWatch.WARNED_BEFORE_EXPIRY))) {
            found.add(finding(
                    Finding.Kind.EXPIRY,
                    Instant.parse(expires).isAfter(now)
                            ? Messages.Finding_expires(subject(), expires, health.getSecretLeft())
                            : Messages.Finding_expired(subject(), expires)));
        }
        if (!health.isTlsVerified()) {
            found.add(finding(Finding.Kind.TRUST, Messages.Finding_tls(subject())));
        }
    }

    private Finding finding(Finding.Kind kind, String text) {
        return new Finding(kind, text, health.getPage());
    }

    private String subject() {
        Endpoint endpoint = Checkup.endpoint(health.stored());
        String where = endpoint == null ? health.getAddress() : endpoint.description();
        return Messages.Finding_subject(health.getId(), health.getContext(), where);
    }
}
