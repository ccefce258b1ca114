// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public interface CredentialsMatcher extends java.io.Serializable {
}
