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
 * {@code withVcfToken(credentialsId: 'sa') { … }}: provides an access token in the environment of the steps, and renews
 * it until the block ends.
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

    /** @param tokenVariable variable for the access token; blank for the default */
    @DataBoundSetter
    public void setTokenVariable(@CheckForNull String tokenVariable) {
        this.tokenVariable = BlockVariables.orDefault(tokenVariable, BlockVariables.DEFAULT_TOKEN);
    }

    public String getUrlVariable() {
        return urlVariable;
    }

    /** @param urlVariable variable for the URL of the system; blank for the default */
    @DataBoundSetter
    public void setUrlVariable(@CheckForNull String urlVariable) {
        this.urlVariable = BlockVariables.orDefault(urlVariable, BlockVariables.DEFAULT_URL);
    }

    public boolean isQuiet() {
        return quiet;
    }

    /** @param quiet whether to log only warnings, without the expiry and renewals of the access token */
    @DataBoundSetter
    public void setQuiet(boolean quiet) {
        this.quiet = quiet;
    }

    public String getOrganization() {
        return organization;
    }

    /**
     * @param organization tenant organization, for a provider credential; blank for the organization of the credential
     */
    @DataBoundSetter
    public void setOrganization(@CheckForNull String organization) {
        this.organization = Util.fixNull(organization).trim();
    }

    public List<TokenBinding> getBindings() {
        return bindings;
    }

    /** @param bindings additional variables and files; null for none */
    @DataBoundSetter
    public void setBindings(@CheckForNull List<TokenBinding> bindings) {
        this.bindings = new ArrayList<>(Util.fixNull(bindings));
    }

    /**
     * Not null. Boxed like the parameter of the setter, because forms and configuration as code require the same type.
     */
    public Integer getMinimumValidity() {
        return minimumValidity;
    }

    /**
     * @param minimumValidity minimum remaining validity of the access token in minutes when the block starts; null for
     *     the default
     */
    @DataBoundSetter
    public void setMinimumValidity(@CheckForNull Integer minimumValidity) {
        this.minimumValidity = minimumValidity == null ? DEFAULT_MINIMUM_VALIDITY : Math.max(0, minimumValidity);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new WithVcfTokenExecution(context, this);
    }

    /** Does not require a node, so that Declarative Pipelines can use the step in {@code options { }}. */
    @Extension
    public static final class DescriptorImpl extends StepDescriptor implements TokenBlockDescriptor {

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
