// Signatures only, written by bin/signatures.
package org.springframework.security.core;

public interface Authentication extends java.security.Principal, java.io.Serializable {
}
