package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import java.io.Serial;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;

/** Gives each new step the access token of the moment. Runs on the Pipeline's thread for every step, so memory only. */
final class TokenEnvironmentExpander extends EnvironmentExpander {

    /** Set by whatever allocates a workspace; belongs to it, and is shared with the containers that mount it. */
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
