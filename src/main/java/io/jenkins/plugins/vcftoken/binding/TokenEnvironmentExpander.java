package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import java.io.Serial;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;

/** Adds the current access token to the environment of each new step. Called on the Pipeline's thread; does no I/O. */
final class TokenEnvironmentExpander extends EnvironmentExpander {

    /**
     * Set by steps that allocate a workspace. The directory is mounted into the containers that share the workspace.
     */
    static final String TEMPORARY = "WORKSPACE_TMP";

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    TokenEnvironmentExpander(TokenBlock block) {
        this.block = block;
    }

    @Override
    public void expand(@NonNull EnvVars env) {
        block.contribute(env);
        String temporary = env.get(TEMPORARY);
        if (temporary != null) {
            block.contributeFiles(env, temporary);
        }
    }

    @NonNull
    @Override
    public Set<String> getSensitiveVariables() {
        return Set.of(block.variables().token());
    }
}
