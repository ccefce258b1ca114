// Signatures only, written by bin/signatures.
package org.springframework.security.core;

public interface GrantedAuthority extends java.io.Serializable {
}
