// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public class CredentialsUnavailableException extends java.lang.RuntimeException {
    public CredentialsUnavailableException(java.lang.String property) {}

    public CredentialsUnavailableException(java.lang.String property, java.lang.String message, java.lang.Throwable cause) {}
}
