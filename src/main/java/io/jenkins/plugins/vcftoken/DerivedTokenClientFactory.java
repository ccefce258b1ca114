package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serializable;

/**
 * A token that is requested with the access token of a credential, for example from another server. It is kept in
 * memory only and renewed like the access token; its session ends with the last lease.
 *
 * <p>Serialized with running builds, so implementations contain parameters but no state.
 */
@FunctionalInterface
public interface DerivedTokenClientFactory extends Serializable {

    /**
     * Creates the client that requests the token, with an access token of the credential as its secret. Called for each
     * request, on threads that may block.
     *
     * @param credential as currently stored
     * @param http with the proxy of the controller and the TLS settings of the credential
     * @return a non-rotating client, since there is no store for a rotated token
     * @throws IllegalArgumentException if the server address is invalid; the build fails with its message
     */
    TokenClient client(VcfCredentials credential, AtMostOnceHttpClient http);
}
