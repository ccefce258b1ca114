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
 * The directory of a block's files on one node, by name, so that it is found again through another connection. Not a
 * record: Pipeline saves it with JBoss Marshalling, which knows only public ones.
 */
final class TokenFileLocation implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final String run;
    private final String node;
    private final String directory;

    /**
     * @param run the external ID of the build
     * @param node empty for the built-in node
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

    /** @return null while the node is offline, or when it was deleted */
    @CheckForNull
    FilePath findPath() {
        Jenkins jenkins = Jenkins.getInstanceOrNull();
        Computer computer = jenkins == null ? null : jenkins.getComputer(node);
        VirtualChannel channel = computer == null ? null : computer.getChannel();
        return channel == null ? null : new FilePath(channel, directory);
    }

    /** Includes builds that Jenkins resumes after a restart, whether their blocks are open again or not. */
    boolean isOfRunningBuild() {
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
