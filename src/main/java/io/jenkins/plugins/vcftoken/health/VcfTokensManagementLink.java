package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.ManagementLink;
import hudson.security.Permission;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.StaplerProxy;

/** Links to the controller's {@link TokenListPage} in Manage Jenkins. */
@Extension
@Symbol("vcfTokens")
public final class VcfTokensManagementLink extends ManagementLink implements StaplerProxy {

    @Override
    public Object getTarget() {
        return new TokenListPage(Jenkins.get());
    }

    @NonNull
    @Override
    public String getIconFileName() {
        return "symbol-key";
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.TokenListPage_displayName();
    }

    @Override
    public String getDescription() {
        return Messages.VcfTokensManagementLink_description();
    }

    @NonNull
    @Override
    public String getUrlName() {
        return TokenListPage.URL_NAME;
    }

    @NonNull
    @Override
    public Permission getRequiredPermission() {
        return CredentialsProvider.VIEW;
    }

    @NonNull
    @Override
    public Category getCategory() {
        return Category.SECURITY;
    }
}
