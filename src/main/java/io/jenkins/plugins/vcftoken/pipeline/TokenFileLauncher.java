package io.jenkins.plugins.vcftoken.pipeline;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Launcher;
import hudson.LauncherDecorator;
import hudson.Proc;
import hudson.model.Node;
import io.jenkins.plugins.vcftoken.block.OpenBlock;
import io.jenkins.plugins.vcftoken.block.TokenFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serial;
import java.io.Serializable;

/**
 * No process starts before the token files that its environment names are there. They are written on another thread;
 * this one, which is about to talk to the node anyway, waits once per block and node.
 */
final class TokenFileLauncher extends LauncherDecorator implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final OpenBlock block;

    TokenFileLauncher(OpenBlock block) {
        this.block = block;
    }

    @NonNull
    @Override
    public Launcher decorate(@NonNull Launcher launcher, @NonNull Node node) {
        TokenFiles files = block.files();
        if (files == null) {
            return launcher;
        }
        return new Launcher.DecoratedLauncher(launcher) {
            @Override
            public Proc launch(ProcStarter starter) throws IOException {
                EnvVars env = new EnvVars();
                for (String setting : starter.envs()) {
                    env.addLine(setting);
                }
                String temporary = env.get(BlockEnvironment.TEMPORARY);
                if (temporary != null) {
                    try {
                        files.await(node.getNodeName(), temporary);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
                    }
                }
                return super.launch(starter);
            }
        };
    }
}
