// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.common;

public interface StandardCredentials extends com.cloudbees.plugins.credentials.common.IdCredentials {
    java.lang.String getDescription();
}
