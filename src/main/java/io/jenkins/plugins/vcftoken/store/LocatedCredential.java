package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;

/**
 * A credential and where it is stored.
 *
 * @param store the store that owns it, which decides who may see and change its content
 * @param location its location as the ledger records it
 */
public record LocatedCredential(
        VcfCredentials credential, CredentialsStore store, Domain domain, CredentialLocation location) {

    StoreEntry entry() {
        return new StoreEntry(new StoreContext(store.getContext()), store.getClass(), domain, credential.getId());
    }
}
