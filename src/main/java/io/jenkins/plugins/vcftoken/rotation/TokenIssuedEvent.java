package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * An access token was issued to a lease or for a single use.
 *
 * @param owner for display
 * @param account of the access token; for a derived one, it may have another organization than the credential
 * @param leased whether the access token is renewed until the lease is closed
 */
public record TokenIssuedEvent(
        String owner, CredentialHandle handle, Account account, AccessToken accessToken, boolean leased) {}
