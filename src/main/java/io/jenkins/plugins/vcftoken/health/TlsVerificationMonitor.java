package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Warns of credentials with disabled TLS verification. */
@Extension
@Symbol("vcfTokenTls")
public final class TlsVerificationMonitor extends AbstractTokenMonitor {

    public TlsVerificationMonitor() {
        super(HealthWarning.Kind.TLS);
    }

    @Override
    public String getDisplayName() {
        return Messages.TlsVerificationMonitor_displayName();
    }

    @Override
    public boolean isSecurity() {
        return true;
    }
}
