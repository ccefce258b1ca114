// Signatures only, written by bin/signatures.
package org.jenkinsci.remoting;

public interface RoleSensitive {
}
