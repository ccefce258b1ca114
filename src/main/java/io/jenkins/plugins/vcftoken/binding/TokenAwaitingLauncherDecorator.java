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
 * Waits before a process of a block is launched, on the launching thread: for the token files in its environment (once
 * per block and node), for the lease of the block after a restart of the controller, and for the renewal of an expired
 * access token, for example after the machine was suspended.
 */
final class TokenAwaitingLauncherDecorator extends LauncherDecorator implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    TokenAwaitingLauncherDecorator(TokenBlock block) {
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
     * Decorators inside the block, such as {@code container} of the Kubernetes plugin, may launch processes without the
     * launcher that {@link #decorate} returns. A failure here is therefore only a warning; in the returned launcher, it
     * fails the launch.
     */
    private void awaitFiles(Node node) {
        BlockTokenFiles files = block.files();
        try {
            if (files != null) {
                files.awaitNode(node.getNodeName());
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
        boolean outdated = block.awaitValidToken(env);
        if (resumed || outdated) {
            block.contribute(env);
            starter.envs(env);
        }
        // Steps escape each $ as $$, because the launcher expands variables.
        env.replaceAll((name, value) -> value.replace("$$", "$"));
        BlockTokenFiles files = block.files();
        TokenFileLocation location = block.findLocation(node, env);
        if (files == null || location == null) {
            return;
        }
        if (outdated) {
            files.awaitCurrent(location);
        } else {
            files.await(location);
        }
    }
}
