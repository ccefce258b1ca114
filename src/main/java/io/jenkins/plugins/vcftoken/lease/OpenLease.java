package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.family.Place;

/**
 * A lease that has not been closed.
 *
 * @param place of the credential it was opened with
 * @param tenant who holds it, in the tenant's own words
 */
public record OpenLease(Place place, String tenant) {}
