package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.Action;
import hudson.model.ModelObject;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import java.util.List;
import org.kohsuke.stapler.StaplerProxy;

/**
 * How the tokens of one owner's credentials are: the controller's, a folder's or a user's. Who may see the credentials
 * may see this; each action on a credential asks for the right to update it.
 */
public final class TokensPage implements Action, StaplerProxy {

    static final String URL_NAME = "vcf-tokens";

    private final ModelObject context;

    /** @param context owns the credentials; controls access to them */
    TokensPage(ModelObject context) {
        this.context = context;
    }

    /** Nobody gets further, to a view or to a credential, without the right to see the credentials here. */
    @Override
    public Object getTarget() {
        ((AccessControlled) context).checkPermission(CredentialsProvider.VIEW);
        return this;
    }

    /** Only where there is something to see. */
    @CheckForNull
    @Override
    public String getIconFileName() {
        return stored().isEmpty() ? null : "symbol-key";
    }

    @NonNull
    @Override
    public String getDisplayName() {
        return Messages.TokensPage_displayName();
    }

    @NonNull
    @Override
    public String getUrlName() {
        return URL_NAME;
    }

    /** What stands in this owner's own stores, as far as whoever asks may see it. */
    public List<TokenPage> getCredentials() {
        return stored().stream().map(TokenPage::new).toList();
    }

    /** @return null, which Jenkins answers with 404, when there is no such credential, or nobody may know */
    @CheckForNull
    public TokenPage getCredential(String id) {
        return stored().stream()
                .filter(stored -> stored.place().credentialsId().equals(id))
                .findFirst()
                .map(TokenPage::new)
                .orElse(null);
    }

    private List<StoredCredential> stored() {
        return CredentialHomes.visibleIn(context);
    }
}
