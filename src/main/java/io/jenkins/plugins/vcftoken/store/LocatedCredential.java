package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;

/**
 * A credential and its location.
 *
 * @param store the owning store, whose permissions apply
 * @param location as recorded in the ledger
 */
public record LocatedCredential(
        VcfCredentials credential, CredentialsStore store, Domain domain, CredentialLocation location) {

    StoredCredentialReference reference() {
        return new StoredCredentialReference(
                new StoreContext(store.getContext()), store.getClass(), domain, credential.getId());
    }
}
