package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;

/**
 * A credential and where it stands.
 *
 * @param store the one that owns it; asks for itself who may see and change what is in it
 * @param location the same, as the ledger writes it down
 */
public record LocatedCredential(
        VcfCredentials credential, CredentialsStore store, Domain domain, CredentialLocation location) {}
