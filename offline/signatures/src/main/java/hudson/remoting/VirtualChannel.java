// Signatures only, written by bin/signatures.
package hudson.remoting;

public interface VirtualChannel {
}
