// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public enum CredentialsScope implements java.io.Serializable {
    SYSTEM,
    GLOBAL,
    USER;
}
