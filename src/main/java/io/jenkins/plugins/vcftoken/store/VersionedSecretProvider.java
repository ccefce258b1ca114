package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.ExtensionList;
import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.util.Objects;

/**
 * Extension point for external stores with compare-and-set. Rotated tokens are written there instead of into the
 * credentials store, and all controllers with a credential from there share its tokens.
 */
public interface VersionedSecretProvider extends ExtensionPoint {

    /**
     * The secret that a credential was created from. Must not block; called on any thread.
     *
     * @param credential as returned by a credentials provider
     * @return null if it is not from this store, or its secret never rotates
     */
    @CheckForNull
    VersionedSecret find(VcfCredentials credential);

    /** Asks all providers. */
    @CheckForNull
    static VersionedSecret findFor(VcfCredentials credential) {
        return ExtensionList.lookup(VersionedSecretProvider.class).stream()
                .map(provider -> provider.find(credential))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }
}
