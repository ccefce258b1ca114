package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Launcher;
import hudson.LauncherDecorator;
import hudson.Proc;
import hudson.model.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serial;
import java.io.Serializable;

/**
 * What must be true before a process starts, on the thread that is about to talk to the node anyway. The token files
 * that its environment names are there; they are written on another thread, and this one waits for that once per block
 * and node. And right after a restart of the controller the block has its access token back, since the one that was saved may
 * have expired in the meantime; nor does a process start with one that expired while the machine was suspended.
 */
final class TokenLauncherDecorator extends LauncherDecorator implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    TokenLauncherDecorator(TokenBlock block) {
        this.block = block;
    }

    @NonNull
    @Override
    public Launcher decorate(@NonNull Launcher launcher, @NonNull Node node) {
        awaitFiles(node);
        return new Launcher.DecoratedLauncher(launcher) {
            @Override
            public Proc launch(ProcStarter starter) throws IOException {
                try {
                    prepare(starter, node.getNodeName());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw (IOException) new InterruptedIOException("interrupted").initCause(e);
                }
                return super.launch(starter);
            }
        };
    }

    /**
     * Decorators within the block, such as that of Kubernetes' {@code container}, may start processes in a way of their own
     * and never call what is returned here. A failure is a warning for them; for all others the launch fails.
     */
    private void awaitFiles(Node node) {
        BlockTokenFiles files = block.files();
        try {
            if (files != null) {
                files.awaitAt(node.getNodeName());
            }
        } catch (IOException e) {
            block.warn(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void prepare(Launcher.ProcStarter starter, String node) throws IOException, InterruptedException {
        EnvVars env = new EnvVars();
        for (String setting : starter.envs()) {
            env.addLine(setting);
        }
        boolean resumed = block.awaitResumed();
        boolean outdated = block.awaitLiving(env);
        if (resumed || outdated) {
            block.contribute(env);
            starter.envs(env);
        }
        BlockTokenFiles files = block.files();
        String file = block.fileIn(env);
        if (files != null && file != null) {
            // Steps double each $, so that launching does not take it for a reference.
            String path = file.replace("$$", "$");
            if (outdated) {
                files.awaitNewest(node, path);
            } else {
                files.awaitFile(node, path);
            }
        }
    }
}
