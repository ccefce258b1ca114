// Signatures only, written by bin/signatures.
package hudson.remoting;

public class ChannelBuilder {
    public ChannelBuilder(java.lang.String name, java.util.concurrent.ExecutorService executors) {}
}
