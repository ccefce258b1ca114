package io.jenkins.plugins.vcftoken.rotation;

/**
 * Remains of a deleted record: the server of its last token. Without it, a copy of the encrypted token could be stored
 * with the address of another server, and would be sent there.
 *
 * @param hash of the last token
 * @param host {@link io.jenkins.plugins.vcftoken.oauth.Account#host}
 * @param owner description of the account, for messages
 */
public record FamilyTombstone(String hash, String host, String owner) {}
