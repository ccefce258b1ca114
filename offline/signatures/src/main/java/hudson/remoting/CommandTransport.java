// Signatures only, written by bin/signatures.
package hudson.remoting;

public abstract class CommandTransport {
    protected CommandTransport() {}
}
