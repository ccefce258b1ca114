package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * An access token that was given to a lease or to a single use.
 *
 * @param owner for display
 * @param handle the credential
 * @param account the access token's account; of another organization than the credential's for a derived access token
 * @param leased whether the access token is renewed until the lease closes
 */
public record TokenIssuedEvent(
        String owner, CredentialHandle handle, Account account, AccessToken accessToken, boolean leased) {}
