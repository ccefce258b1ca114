package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;

/**
 * Who has got which bearer.
 *
 * @param tenant who, for people
 * @param holder the credential
 * @param endpoint whose bearer it is; of another organization than the credential's where the credential bought it
 * @param bearer the bearer
 * @param leased whether it is kept fresh until it is returned, or was given for once
 */
public record Handout(String tenant, Holder holder, Endpoint endpoint, Bearer bearer, boolean leased) {}
