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
 * Waits before a process of a block starts, on the thread that talks to the node: for the token files that its
 * environment names, once per block and node; after a restart of the controller, for the block's lease; and where the
 * access token has expired, while the machine was suspended for example, for its renewal.
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
     * Decorators within the block, such as that of {@code container} of the Kubernetes plugin, may start processes
     * without the launcher that is returned here. For these a failure is a warning; for all others, the launch fails.
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
        boolean outdated = block.awaitLiveToken(env);
        if (resumed || outdated) {
            block.contribute(env);
            starter.envs(env);
        }
        // Steps double each $ before a launch, which would take it for a reference.
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
