package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;

/**
 * An open lease, for display.
 *
 * @param location of its credential
 * @param owner {@link LeaseOwner#who}
 */
public record LeaseInfo(CredentialLocation location, String owner) {}
