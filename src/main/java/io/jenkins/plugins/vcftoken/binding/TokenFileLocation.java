package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.remoting.VirtualChannel;
import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;
import jenkins.model.Jenkins;

/** A directory with a block's files. Named by node and path, so that it is found again through another connection. */
final class TokenFileLocation implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final String node;
    private final String directory;

    /** @param node empty for the built-in node */
    TokenFileLocation(String node, String directory) {
        this.node = node;
        this.directory = directory;
    }

    String node() {
        return node;
    }

    String directory() {
        return directory;
    }

    /** @return null while the node is offline, or gone */
    @CheckForNull
    FilePath path() {
        Jenkins jenkins = Jenkins.getInstanceOrNull();
        Computer computer = jenkins == null ? null : jenkins.getComputer(node);
        VirtualChannel channel = computer == null ? null : computer.getChannel();
        return channel == null ? null : new FilePath(channel, directory);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenFileLocation location
                && location.node.equals(node)
                && location.directory.equals(directory);
    }

    @Override
    public int hashCode() {
        return Objects.hash(node, directory);
    }

    @Override
    public String toString() {
        return directory + " on " + (node.isEmpty() ? "the built-in node" : node);
    }
}
