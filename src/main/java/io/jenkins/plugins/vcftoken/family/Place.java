package io.jenkins.plugins.vcftoken.family;

/**
 * Where a credential is stored.
 *
 * @param context the store's owner, for example {@code system} or {@code folder:team/a}
 * @param credentialsId the ID within that store
 */
public record Place(String context, String credentialsId) {}
