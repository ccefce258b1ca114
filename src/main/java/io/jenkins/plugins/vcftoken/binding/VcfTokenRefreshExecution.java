package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.io.IOException;
import java.io.Serial;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.SynchronousNonBlockingStepExecution;

/** One renewal on demand, off the Pipeline's thread. */
final class VcfTokenRefreshExecution extends SynchronousNonBlockingStepExecution<Void> {

    @Serial
    private static final long serialVersionUID = 1;

    @CheckForNull
    private final String credentialsId;

    VcfTokenRefreshExecution(StepContext context, @CheckForNull String credentialsId) {
        super(context);
        this.credentialsId = credentialsId;
    }

    @Override
    protected Void run() throws IOException, InterruptedException {
        TokenBlock block = getContext().get(TokenBlock.class);
        while (credentialsId != null && block != null && !block.credentialsId().equals(credentialsId)) {
            block = block.outer();
        }
        if (block == null) {
            throw new AbortException(Messages.VcfTokenRefreshStep_noBlock(credentialsId));
        }
        try {
            AccessToken accessToken = block.refresh();
            getContext()
                    .get(TaskListener.class)
                    .getLogger()
                    .println(Messages.VcfTokenRefreshStep_refreshed(block.credentialsId(), accessToken.expiresAt()));
        } catch (TokenUnavailableException e) {
            throw new AbortException(e.getMessage());
        }
        return null;
    }
}
