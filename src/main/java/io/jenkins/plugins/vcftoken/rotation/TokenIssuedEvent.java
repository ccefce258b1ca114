package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * Who has got which access token.
 *
 * @param owner who, for people
 * @param handle the credential
 * @param account whose access token it is; of another organization than the credential's where the credential bought it
 * @param accessToken the access token
 * @param leased whether it is kept fresh until it is returned, or was given for once
 */
public record TokenIssuedEvent(
        String owner, CredentialHandle handle, Account account, AccessToken accessToken, boolean leased) {}
