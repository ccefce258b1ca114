package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.remoting.VirtualChannel;
import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;
import jenkins.model.Jenkins;

/**
 * Directory of the files of a block on one node, identified by name, so that it can be found after the node reconnects.
 * Not a record, because JBoss Marshalling supports only public records.
 */
final class TokenFileLocation implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final String run;
    private final String node;
    private final String directory;

    /**
     * @param run external ID of the build
     * @param node name of the node; empty for the built-in node
     */
    TokenFileLocation(String run, String node, String directory) {
        this.run = run;
        this.node = node;
        this.directory = directory;
    }

    String run() {
        return run;
    }

    String node() {
        return node;
    }

    String directory() {
        return directory;
    }

    /** @return null if the node is offline or was deleted */
    @CheckForNull
    FilePath findPath() {
        Jenkins jenkins = Jenkins.getInstanceOrNull();
        Computer computer = jenkins == null ? null : jenkins.getComputer(node);
        VirtualChannel channel = computer == null ? null : computer.getChannel();
        return channel == null ? null : new FilePath(channel, directory);
    }

    /** Includes builds that Jenkins resumes after a restart, even if their blocks are not open again. */
    boolean isBuildRunning() {
        Run<?, ?> found = Run.fromExternalizableId(run);
        return found != null && found.isBuilding();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenFileLocation location
                && location.run.equals(run)
                && location.node.equals(node)
                && location.directory.equals(directory);
    }

    @Override
    public int hashCode() {
        return Objects.hash(run, node, directory);
    }

    @Override
    public String toString() {
        return directory + " on " + (node.isEmpty() ? "the built-in node" : node);
    }
}
