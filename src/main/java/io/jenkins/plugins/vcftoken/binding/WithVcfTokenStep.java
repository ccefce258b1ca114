package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * {@code withVcfToken(credentialsId: 'sa') { … }}: an access token in the environment of the steps, renewed until the
 * end.
 */
public final class WithVcfTokenStep extends Step {

    /** In minutes. */
    public static final int DEFAULT_MINIMUM_VALIDITY = (int) VcfTokenService.DEFAULT_MINIMUM_VALIDITY.toMinutes();

    private final String credentialsId;
    private String tokenVariable = BlockVariables.DEFAULT_TOKEN;
    private String urlVariable = BlockVariables.DEFAULT_URL;

    private List<TokenBinding> bindings = new ArrayList<>();

    private int minimumValidity = DEFAULT_MINIMUM_VALIDITY;
    private boolean quiet;
    private String organization = "";

    @DataBoundConstructor
    public WithVcfTokenStep(String credentialsId) {
        this.credentialsId = Util.fixNull(credentialsId).trim();
    }

    public String getCredentialsId() {
        return credentialsId;
    }

    public String getTokenVariable() {
        return tokenVariable;
    }

    /** @param tokenVariable the variable for the access token; blank for the default */
    @DataBoundSetter
    public void setTokenVariable(@CheckForNull String tokenVariable) {
        this.tokenVariable = BlockVariables.orDefault(tokenVariable, BlockVariables.DEFAULT_TOKEN);
    }

    public String getUrlVariable() {
        return urlVariable;
    }

    /** @param urlVariable the variable for the system's address; blank for the default */
    @DataBoundSetter
    public void setUrlVariable(@CheckForNull String urlVariable) {
        this.urlVariable = BlockVariables.orDefault(urlVariable, BlockVariables.DEFAULT_URL);
    }

    public boolean isQuiet() {
        return quiet;
    }

    /** @param quiet whether the log gets warnings alone, and no lines about the access token's expiry and renewals */
    @DataBoundSetter
    public void setQuiet(boolean quiet) {
        this.quiet = quiet;
    }

    public String getOrganization() {
        return organization;
    }

    /** @param organization the tenant organization, for a provider's credential; blank for the credential's own */
    @DataBoundSetter
    public void setOrganization(@CheckForNull String organization) {
        this.organization = Util.fixNull(organization).trim();
    }

    public List<TokenBinding> getBindings() {
        return bindings;
    }

    /** @param bindings what else the block hands over; null for nothing */
    @DataBoundSetter
    public void setBindings(@CheckForNull List<TokenBinding> bindings) {
        this.bindings = new ArrayList<>(Util.fixNull(bindings));
    }

    /** Not null. Of the setter's type, without which forms and configuration as code do not pair the two. */
    public Integer getMinimumValidity() {
        return minimumValidity;
    }

    /**
     * @param minimumValidity minutes that the access token is valid for at least when the block begins; null for the
     *     default
     */
    @DataBoundSetter
    public void setMinimumValidity(@CheckForNull Integer minimumValidity) {
        this.minimumValidity = minimumValidity == null ? DEFAULT_MINIMUM_VALIDITY : Math.max(0, minimumValidity);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new WithVcfTokenExecution(context, this);
    }

    /** Requires no node, so that Declarative Pipelines can use the step in {@code options { }}. */
    @Extension
    public static final class DescriptorImpl extends StepDescriptor implements TokenStepDescriptor {

        @Override
        public String getFunctionName() {
            return "withVcfToken";
        }

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.WithVcfTokenStep_displayName();
        }

        @Override
        public boolean takesImplicitBlockArgument() {
            return true;
        }

        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(Run.class, TaskListener.class);
        }

        @Override
        public Set<? extends Class<?>> getProvidedContext() {
            return Set.of(TokenBlock.class);
        }
    }
}
