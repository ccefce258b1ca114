package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serializable;

/**
 * A token that is requested with the access token of a credential, of another server for example. It is in memory alone,
 * renewed like the access token, and its session at the server ends with the last lease.
 *
 * <p>Saved with running builds, so it has parameters and no state.
 */
@FunctionalInterface
public interface DerivedToken extends Serializable {

    /**
     * Makes the client that requests the token; its secret is an access token of the credential. Called for each
     * request, on threads that may block.
     *
     * @param credential as it is stored now
     * @param http with the proxy of the controller and the TLS settings of the credential
     * @return does not rotate, since there is no store for what a server would rotate
     * @throws IllegalArgumentException when the address of the server is invalid; its message ends the build
     */
    TokenEndpointClient client(VcfCredentials credential, OneShotHttpClient http);
}
