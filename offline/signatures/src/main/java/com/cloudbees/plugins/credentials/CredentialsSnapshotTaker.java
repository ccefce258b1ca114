// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public abstract class CredentialsSnapshotTaker<C extends com.cloudbees.plugins.credentials.Credentials> implements hudson.ExtensionPoint {
    public CredentialsSnapshotTaker() {}

    public abstract C snapshot(C credentials);

    public abstract java.lang.Class<C> type();
}
