package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Secrets that end soon, so that a person can make new ones before builds fail. */
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
