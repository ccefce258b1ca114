package io.jenkins.plugins.vcftoken.rotation;

/**
 * A record that is there and cannot be read: damaged, or encrypted with another controller's key. It is left as it is.
 *
 * @param familyId the family it should be of
 * @param where what a person finds it by
 * @param why free of secrets
 */
public record UnreadableRecord(String familyId, String where, String why) {}
