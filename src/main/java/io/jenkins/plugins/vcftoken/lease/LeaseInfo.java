package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;

/**
 * A lease that has not been closed.
 *
 * @param location of the credential it was opened with
 * @param owner who holds it, in the tenant's own words
 */
public record LeaseInfo(CredentialLocation location, String owner) {}
