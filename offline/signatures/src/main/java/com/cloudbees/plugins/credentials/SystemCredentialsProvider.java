// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public class SystemCredentialsProvider extends hudson.model.AbstractDescribableImpl<com.cloudbees.plugins.credentials.SystemCredentialsProvider> implements hudson.model.Saveable {
    public SystemCredentialsProvider() {}
}
