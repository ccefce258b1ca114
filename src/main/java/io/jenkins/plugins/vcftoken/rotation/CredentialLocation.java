package io.jenkins.plugins.vcftoken.rotation;

/**
 * Credentials store and ID of a credential.
 *
 * @param context the store's context, for example {@code system} or {@code folder:team/a}
 * @param credentialsId the ID within that store; empty for a credential that is tested before it is saved
 */
public record CredentialLocation(String context, String credentialsId) {

    /** For a credential that is tested before it is saved. */
    public static CredentialLocation ofUnsaved(String context) {
        return new CredentialLocation(context, "");
    }

    boolean isUnsaved() {
        return credentialsId.isEmpty();
    }

    CredentialLocation moved(String fromContext, String toContext) {
        return context.equals(fromContext) ? new CredentialLocation(toContext, credentialsId) : this;
    }

    /** Location of a connection test of this credential before it was saved. */
    CredentialLocation beforeSaving() {
        return ofUnsaved(context);
    }
}
