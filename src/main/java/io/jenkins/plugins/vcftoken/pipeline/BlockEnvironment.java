package io.jenkins.plugins.vcftoken.pipeline;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import java.io.Serial;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;

/** Gives each new step the bearer of the moment. Runs on the Pipeline's thread for every step, so memory only. */
final class BlockEnvironment extends EnvironmentExpander {

    @Serial
    private static final long serialVersionUID = 1;

    private final OpenBlock block;

    BlockEnvironment(OpenBlock block) {
        this.block = block;
    }

    @Override
    public void expand(@NonNull EnvVars env) {
        String token = block.token();
        if (token != null) {
            env.put(block.tokenVariable(), token);
        }
        env.put(block.urlVariable(), block.url());
    }

    @NonNull
    @Override
    public Set<String> getSensitiveVariables() {
        return Set.of(block.tokenVariable());
    }
}
