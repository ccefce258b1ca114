// Signatures only, written by bin/signatures.
package org.springframework.security.access;

public class AccessDeniedException extends java.lang.RuntimeException {
    public AccessDeniedException(java.lang.String msg) {}
}
