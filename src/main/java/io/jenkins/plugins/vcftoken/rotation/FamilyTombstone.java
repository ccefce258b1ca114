package io.jenkins.plugins.vcftoken.rotation;

/**
 * What stays of a removed record: whose the last token was. Without it, a copy of the encrypted token could be stored with
 * the address of another server, and would be sent there.
 *
 * @param hash of the last token
 * @param host as {@link io.jenkins.plugins.vcftoken.oauth.ServiceAccount#host} has it
 * @param owner for messages
 */
public record FamilyTombstone(String hash, String host, String owner) {}
