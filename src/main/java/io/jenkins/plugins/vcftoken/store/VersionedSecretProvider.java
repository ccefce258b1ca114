package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.ExtensionList;
import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.util.Objects;

/**
 * Extension point for stores outside of the Jenkins home that can be written with compare-and-set. Rotated tokens are
 * written there instead of into the credentials store, and all controllers with a credential from there share its tokens.
 */
public interface VersionedSecretProvider extends ExtensionPoint {

    /**
     * The secret that a credential was made from. Fast, from memory, on any thread.
     *
     * @param credential as a credentials provider returned it
     * @return null when it does not come from this store, or has a secret that never rotates
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
