package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.io.IOException;
import java.io.Serial;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jenkinsci.plugins.workflow.steps.SynchronousNonBlockingStepExecution;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * {@code vcfTokenRefresh()} inside {@code withVcfToken}: renews the access token immediately, for example after an
 * unexpected HTTP 401.
 */
public final class VcfTokenRefreshStep extends Step {

    @CheckForNull
    private String credentialsId;

    @DataBoundConstructor
    public VcfTokenRefreshStep() {
        // All parameters are optional.
    }

    @CheckForNull
    public String getCredentialsId() {
        return credentialsId;
    }

    /** @param credentialsId selects one of several nested blocks; blank for the innermost block */
    @DataBoundSetter
    public void setCredentialsId(@CheckForNull String credentialsId) {
        this.credentialsId = Util.fixEmptyAndTrim(credentialsId);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new Execution(context, credentialsId);
    }

    private static final class Execution extends SynchronousNonBlockingStepExecution<Void> {

        @Serial
        private static final long serialVersionUID = 1;

        @CheckForNull
        private final String credentialsId;

        Execution(StepContext context, @CheckForNull String credentialsId) {
            super(context);
            this.credentialsId = credentialsId;
        }

        @Override
        protected Void run() throws IOException, InterruptedException {
            TokenBlock block = getContext().get(TokenBlock.class);
            while (credentialsId != null
                    && block != null
                    && !block.credentialsId().equals(credentialsId)) {
                block = block.outer();
            }
            if (block == null) {
                throw new AbortException(Messages.VcfTokenRefreshStep_noBlock(credentialsId));
            }
            AccessToken accessToken;
            try {
                accessToken = block.refresh();
            } catch (TokenUnavailableException e) {
                throw new AbortException(e.getMessage());
            }
            getContext()
                    .get(TaskListener.class)
                    .getLogger()
                    .println(Messages.VcfTokenRefreshStep_refreshed(block.credentialsId(), accessToken.expiresAt()));
            return null;
        }
    }

    @Extension
    public static final class DescriptorImpl extends StepDescriptor implements CredentialsIdDescriptor {

        @Override
        public String getFunctionName() {
            return "vcfTokenRefresh";
        }

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfTokenRefreshStep_displayName();
        }

        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(TokenBlock.class, TaskListener.class);
        }
    }
}
