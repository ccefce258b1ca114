package io.jenkins.plugins.vcftoken.admin;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Secrets that end soon, so that a person can make new ones before builds fail. */
@Extension
@Symbol("vcfTokenExpiry")
public final class ExpiryMonitor extends TokenMonitor {

    public ExpiryMonitor() {
        super(Finding.Kind.EXPIRY);
    }

    @Override
    public String getDisplayName() {
        return Messages.ExpiryMonitor_displayName();
    }
}
