// Signatures only, written by bin/signatures.
package org.jvnet.hudson.reactor;

public interface Milestone {
}
