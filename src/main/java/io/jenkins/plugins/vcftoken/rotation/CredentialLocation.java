package io.jenkins.plugins.vcftoken.rotation;

/**
 * Where a credential is stored.
 *
 * @param context the store's owner, for example {@code system} or {@code folder:team/a}
 * @param credentialsId the ID within that store
 */
public record CredentialLocation(String context, String credentialsId) {

    /** What a person tries out in a form before it is saved. */
    public static CredentialLocation ofUnsaved(String context) {
        return new CredentialLocation(context, "");
    }

    boolean isUnsaved() {
        return credentialsId.isEmpty();
    }

    /** Where it is once a store's owner has another name. */
    CredentialLocation moved(String fromContext, String toContext) {
        return context.equals(fromContext) ? new CredentialLocation(toContext, credentialsId) : this;
    }

    /** Where what is saved here may have been tried out before. */
    CredentialLocation beforeSaving() {
        return ofUnsaved(context);
    }
}
