// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public interface CredentialsUseListener extends hudson.ExtensionPoint {
    static void fireUse(com.cloudbees.plugins.credentials.Credentials c, hudson.model.Run run) {
        throw new UnsupportedOperationException();
    }

    void onUse(com.cloudbees.plugins.credentials.Credentials c, hudson.model.Item item);

    void onUse(com.cloudbees.plugins.credentials.Credentials c, hudson.model.Node node);

    void onUse(com.cloudbees.plugins.credentials.Credentials c, hudson.model.Run run);
}
