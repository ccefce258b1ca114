package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Warns of secrets that have expired or expire soon. */
@Extension
@Symbol("vcfTokenExpiry")
public final class SecretExpiryMonitor extends AbstractTokenMonitor {

    public SecretExpiryMonitor() {
        super(HealthWarning.Kind.EXPIRY);
    }

    @Override
    public String getDisplayName() {
        return Messages.SecretExpiryMonitor_displayName();
    }
}
