package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;

/**
 * A bearer, and what stood in the way of a better one.
 *
 * @param familyId the family it belongs to
 * @param endpoint whose bearer it is
 * @param bearer alive when it was handed out
 * @param trouble why a wanted renewal failed while this bearer serves on; null when all is well
 * @param doubt what is odd about the bearer although it works, fit for a build's log; null when nothing is
 * @param rotated whether the exchange that brought it also replaced the stored secret
 */
public record Supply(
        String familyId,
        Endpoint endpoint,
        Bearer bearer,
        @CheckForNull FamilyException trouble,
        @CheckForNull String doubt,
        boolean rotated) {

    Supply rotated(boolean did) {
        return new Supply(familyId, endpoint, bearer, trouble, doubt, did);
    }
}
