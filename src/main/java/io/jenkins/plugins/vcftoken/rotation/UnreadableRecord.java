package io.jenkins.plugins.vcftoken.rotation;

/**
 * A record of the ledger that cannot be read: damaged, of a newer format, or encrypted with another controller's key.
 * It stays as it is.
 *
 * @param familyId from the file's name
 * @param where the file's path
 * @param why the cause, without secrets
 */
public record UnreadableRecord(String familyId, String where, String why) {}
