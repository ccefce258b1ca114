package io.jenkins.plugins.vcftoken.admin;

import hudson.Extension;
import org.jenkinsci.Symbol;

/** Tokens that are dead, in doubt, unreadable or not written home: builds fail, or will. */
@Extension
@Symbol("vcfTokenTrouble")
public final class TroubleMonitor extends TokenMonitor {

    public TroubleMonitor() {
        super(Finding.Kind.TROUBLE);
    }

    @Override
    public String getDisplayName() {
        return Messages.TroubleMonitor_displayName();
    }
}
