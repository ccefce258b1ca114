package io.jenkins.plugins.vcftoken.admin;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Credentials whose secret goes to whoever answers. */
@Extension
@Symbol("vcfTokenTrust")
public final class TrustMonitor extends TokenMonitor {

    public TrustMonitor() {
        super(Finding.Kind.TRUST);
    }

    @Override
    public String getDisplayName() {
        return Messages.TrustMonitor_displayName();
    }

    @Override
    public boolean isSecurity() {
        return true;
    }
}
