package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.ManagementLink;
import hudson.security.Permission;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.StaplerProxy;

/** The controller's page in Manage Jenkins. */
@Extension
@Symbol("vcfTokens")
public final class TokensLink extends ManagementLink implements StaplerProxy {

    @Override
    public Object getTarget() {
        return new TokensPage(Jenkins.get());
    }

    @NonNull
    @Override
    public String getIconFileName() {
        return "symbol-key";
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.TokensPage_displayName();
    }

    @Override
    public String getDescription() {
        return Messages.TokensLink_description();
    }

    @NonNull
    @Override
    public String getUrlName() {
        return TokensPage.URL_NAME;
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
