// Signatures only, written by bin/signatures.
package org.springframework.security.core;

public interface CredentialsContainer {
}
