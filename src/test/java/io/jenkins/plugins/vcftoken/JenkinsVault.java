package io.jenkins.plugins.vcftoken;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.domains.DomainRequirement;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.security.Permission;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.util.List;
import org.springframework.security.core.Authentication;

/**
 * Shows one credential in a store of its own, a new object for each who asks, as providers do that show the content of
 * an external vault. What such a store allows and answers is the test's to say.
 */
public abstract class JenkinsVault extends CredentialsProvider {

    /** What the store belongs to, and the credential in it; nothing while null. */
    public volatile ModelObject context;

    public volatile VcfaServiceAccount credential;

    protected abstract boolean isAllowed(Authentication who, Permission permission);

    protected abstract boolean update();

    @NonNull
    @Override
    public <C extends Credentials> List<C> getCredentialsInItemGroup(
            @NonNull Class<C> type,
            ItemGroup group,
            Authentication authentication,
            @NonNull List<DomainRequirement> requirements) {
        return type.isInstance(credential) ? List.of(type.cast(credential)) : List.of();
    }

    @Override
    public CredentialsStore getStore(ModelObject object) {
        return object != null && object == context ? new Store(this) : null;
    }

    private static final class Store extends CredentialsStore {

        private final JenkinsVault vault;

        Store(JenkinsVault vault) {
            super(vault.getClass());
            this.vault = vault;
        }

        @NonNull
        @Override
        public ModelObject getContext() {
            return vault.context;
        }

        @Override
        public boolean hasPermission2(@NonNull Authentication who, @NonNull Permission permission) {
            return vault.isAllowed(who, permission);
        }

        @NonNull
        @Override
        public List<Credentials> getCredentials(@NonNull Domain domain) {
            VcfaServiceAccount shown = vault.credential;
            return shown == null ? List.of() : List.of(shown);
        }

        @Override
        public boolean addCredentials(@NonNull Domain domain, @NonNull Credentials credentials) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean removeCredentials(@NonNull Domain domain, @NonNull Credentials credentials) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean updateCredentials(
                @NonNull Domain domain, @NonNull Credentials current, @NonNull Credentials replacement) {
            return vault.update();
        }
    }
}
