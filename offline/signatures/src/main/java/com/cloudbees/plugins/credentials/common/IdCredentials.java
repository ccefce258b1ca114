// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.common;

public interface IdCredentials extends com.cloudbees.plugins.credentials.Credentials {
    java.lang.String getId();
}
