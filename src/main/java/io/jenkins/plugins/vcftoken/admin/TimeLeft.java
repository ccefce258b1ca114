package io.jenkins.plugins.vcftoken.admin;

import hudson.Util;
import java.time.Duration;

/** How long a secret will live yet. Worded for whoever reads it, not for whoever measured it. */
record TimeLeft(Duration left) {

    @Override
    public String toString() {
        return left.isNegative() || left.isZero()
                ? Messages.TokenHealth_expired()
                : Messages.TokenHealth_in(Util.getTimeSpanString(left.toMillis()));
    }
}
