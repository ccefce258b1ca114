package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import io.jenkins.plugins.vcftoken.family.Place;

/**
 * A credential and where it stands.
 *
 * @param store the one that owns it; asks for itself who may see and change what is in it
 * @param place the same, as the ledger writes it down
 */
public record StoredCredential(VcfCredentials credential, CredentialsStore store, Domain domain, Place place) {}
