package io.jenkins.plugins.vcftoken.family;

/**
 * Where a credential is stored.
 *
 * @param context the store's owner, for example {@code system} or {@code folder:team/a}
 * @param credentialsId the ID within that store
 */
public record Place(String context, String credentialsId) {

    /** What a person tries out in a form before it is saved. */
    public static Place ofUnsaved(String context) {
        return new Place(context, "");
    }

    boolean isUnsaved() {
        return credentialsId.isEmpty();
    }

    /** Where it is once a store's owner has another name. */
    Place moved(String fromContext, String toContext) {
        return context.equals(fromContext) ? new Place(toContext, credentialsId) : this;
    }

    /** Where what is saved here may have been tried out before. */
    Place beforeSaving() {
        return ofUnsaved(context);
    }
}
