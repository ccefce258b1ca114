package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Warns of credentials and records that cause builds to fail. */
@Extension
@Symbol("vcfTokenError")
public final class TokenErrorMonitor extends AbstractTokenMonitor {

    public TokenErrorMonitor() {
        super(HealthWarning.Kind.ERROR);
    }

    @Override
    public String getDisplayName() {
        return Messages.TokenErrorMonitor_displayName();
    }
}
