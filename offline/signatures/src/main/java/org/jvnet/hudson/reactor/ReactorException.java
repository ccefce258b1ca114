// Signatures only, written by bin/signatures.
package org.jvnet.hudson.reactor;

public class ReactorException extends java.lang.Exception {
    ReactorException(java.lang.Throwable cause) {}
}
