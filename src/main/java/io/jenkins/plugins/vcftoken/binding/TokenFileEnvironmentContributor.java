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
 * Starts writing token files as soon as a step of a block has a workspace, whichever step that is. Adds no variable:
 * this is merely where Jenkins shows each step's environment together with its node. On the Pipeline's thread, so it
 * starts the work and does not wait for it.
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
                String file = block.fileIn(env);
                if (files != null && file != null) {
                    FilePath workspace = context.get(FilePath.class);
                    Computer computer = workspace == null ? null : workspace.toComputer();
                    if (computer != null) {
                        files.ensureFile(computer.getName(), file);
                    }
                }
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            // The node is offline. Whatever the step wants to do there fails with a better message than ours.
            LOGGER.log(Level.FINE, "No node for token files", e);
        }
    }
}
