package io.jenkins.plugins.vcftoken.health;

import hudson.Util;
import java.io.Serializable;
import java.time.Duration;

/**
 * How long a secret will live yet. Worded for whoever reads it, not for whoever measured it; a message makes words at
 * once of what is not serializable.
 */
record RemainingTime(Duration left) implements Serializable {

    @Override
    public String toString() {
        return left.isNegative() || left.isZero()
                ? Messages.CredentialHealth_expired()
                : Messages.CredentialHealth_in(Util.getTimeSpanString(left.toMillis()));
    }
}
