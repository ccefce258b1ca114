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
 * Provides a single credential in its own store, like the providers for external vaults. Subclasses define the
 * permissions and the result of updates.
 */
public abstract class JenkinsSingleCredentialProvider extends CredentialsProvider {

    /** Context of the store, and the credential in it; null for none. */
    public volatile ModelObject context;

    public volatile VcfaServiceAccount credential;

    protected abstract boolean isAllowed(Authentication authentication, Permission permission);

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

        private final JenkinsSingleCredentialProvider provider;

        Store(JenkinsSingleCredentialProvider provider) {
            super(provider.getClass());
            this.provider = provider;
        }

        @NonNull
        @Override
        public ModelObject getContext() {
            return provider.context;
        }

        @Override
        public boolean hasPermission2(@NonNull Authentication authentication, @NonNull Permission permission) {
            return provider.isAllowed(authentication, permission);
        }

        @NonNull
        @Override
        public List<Credentials> getCredentials(@NonNull Domain domain) {
            VcfaServiceAccount stored = provider.credential;
            return stored == null ? List.of() : List.of(stored);
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
            return provider.update();
        }
    }
}
