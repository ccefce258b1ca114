package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.TaskListener;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepEnvironmentContributor;

/**
 * Starts writing token files when the first step of a block on a node, of any kind, gets its environment. Jenkins calls
 * this on the Pipeline's thread with the environment and the node. Adds no variable and does not wait.
 */
@Extension
public final class TokenFileEnvironmentContributor extends StepEnvironmentContributor {

    private static final Logger LOGGER = Logger.getLogger(TokenFileEnvironmentContributor.class.getName());

    @Override
    public void buildEnvironmentFor(
            @NonNull StepContext context, @NonNull EnvVars env, @NonNull TaskListener listener) {
        try {
            for (TokenBlock block = context.get(TokenBlock.class); block != null; block = block.outer()) {
                BlockTokenFiles files = block.files();
                String path = block.variables().findFile(env);
                FilePath workspace = files == null || path == null ? null : context.get(FilePath.class);
                Computer computer = workspace == null ? null : workspace.toComputer();
                TokenFileLocation location = computer == null ? null : files.findLocation(computer.getName(), path);
                if (location != null) {
                    files.ensure(location);
                }
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            // The node is offline. The step itself reports that.
            LOGGER.log(Level.FINE, "No node for token files", e);
        }
    }
}
