package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;
import hudson.model.ModelObject;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import org.kohsuke.stapler.StaplerProxy;

/** How the tokens of one credential are, and what can be done about it. */
public final class TokenPage implements ModelObject, StaplerProxy {

    private final StoredCredential stored;

    TokenPage(StoredCredential stored) {
        this.stored = stored;
    }

    @Override
    public Object getTarget() {
        stored.store().checkPermission(CredentialsProvider.VIEW);
        return this;
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return stored.credential().getId();
    }

    /** From the page of the owner. */
    public String getUrl() {
        return "credential/" + Util.rawEncode(stored.credential().getId()) + '/';
    }

    public String getName() {
        return CredentialsNameProvider.name(stored.credential());
    }

    /** @return null, which Jenkins answers with 404, where there is nobody to ask for a yes */
    @CheckForNull
    public AuthorizationPage getAuthorize() {
        return stored.credential().isAuthorizable() ? new AuthorizationPage(stored) : null;
    }

    /** Whether whoever asks may act on it, and not only look. */
    public boolean isUpdatable() {
        return stored.store().hasPermission(CredentialsProvider.UPDATE);
    }
}
