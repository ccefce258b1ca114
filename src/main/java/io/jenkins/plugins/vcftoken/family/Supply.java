package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;

/**
 * A bearer, and what stood in the way of a better one.
 *
 * @param familyId the family it belongs to
 * @param bearer alive when it was handed out
 * @param trouble why a wanted renewal failed while this bearer serves on; null when all is well
 * @param doubt what is odd about the bearer although it works, fit for a build's log; null when nothing is
 * @param rotated whether the exchange that brought it also replaced the stored secret
 */
public record Supply(
        String familyId,
        Bearer bearer,
        @CheckForNull FamilyException trouble,
        @CheckForNull String doubt,
        boolean rotated) {

    public Supply(String familyId, Bearer bearer, @CheckForNull FamilyException trouble) {
        this(familyId, bearer, trouble, null, false);
    }

    public Supply(String familyId, Bearer bearer, @CheckForNull FamilyException trouble, @CheckForNull String doubt) {
        this(familyId, bearer, trouble, doubt, false);
    }

    Supply rotated(boolean did) {
        return new Supply(familyId, bearer, trouble, doubt, did);
    }
}
