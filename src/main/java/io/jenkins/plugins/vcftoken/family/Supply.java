package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;

/**
 * A bearer, and what stood in the way of a better one.
 *
 * @param familyId the family it belongs to
 * @param bearer alive when it was handed out
 * @param trouble why a wanted renewal failed while this bearer serves on; null when all is well
 */
public record Supply(
        String familyId, Bearer bearer, @CheckForNull FamilyException trouble) {}
