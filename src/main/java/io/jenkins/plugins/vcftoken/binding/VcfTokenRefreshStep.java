package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code vcfTokenRefresh()} within {@code withVcfToken}: renews now, for the 401 that nobody foresaw. */
public final class VcfTokenRefreshStep extends Step {

    @CheckForNull
    private String credentialsId;

    /** For the innermost block. */
    @DataBoundConstructor
    public VcfTokenRefreshStep() {
        // All parameters are optional.
    }

    @CheckForNull
    public String getCredentialsId() {
        return credentialsId;
    }

    /** @param credentialsId tells blocks within each other apart; blank for the innermost */
    @DataBoundSetter
    public void setCredentialsId(@CheckForNull String credentialsId) {
        this.credentialsId = Util.fixEmptyAndTrim(credentialsId);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new VcfTokenRefreshExecution(context, credentialsId);
    }

    /** The step as Pipeline knows it. */
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
