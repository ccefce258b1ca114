package io.jenkins.plugins.vcftoken.pipeline;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.Item;
import hudson.model.Queue;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.queue.Tasks;
import hudson.security.ACL;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** {@code withVcfToken(credentialsId: 'sa') { … }}: a live bearer in the environment for as long as the block lasts. */
public final class WithVcfTokenStep extends Step {

    public static final String DEFAULT_TOKEN_VARIABLE = "VCF_TOKEN";
    public static final String DEFAULT_URL_VARIABLE = "VCF_URL";

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final String credentialsId;
    private String tokenVariable = DEFAULT_TOKEN_VARIABLE;
    private String urlVariable = DEFAULT_URL_VARIABLE;
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

    /** @param tokenVariable the variable for the bearer; blank for the default */
    @DataBoundSetter
    public void setTokenVariable(@CheckForNull String tokenVariable) {
        this.tokenVariable = orDefault(tokenVariable, DEFAULT_TOKEN_VARIABLE);
    }

    public String getUrlVariable() {
        return urlVariable;
    }

    /** @param urlVariable the variable for the system's address; blank for the default */
    @DataBoundSetter
    public void setUrlVariable(@CheckForNull String urlVariable) {
        this.urlVariable = orDefault(urlVariable, DEFAULT_URL_VARIABLE);
    }

    public String getOrganization() {
        return organization;
    }

    /** @param organization whose bearer is wanted, where the credential is the provider's; blank for the credential's own */
    @DataBoundSetter
    public void setOrganization(@CheckForNull String organization) {
        this.organization = Util.fixNull(organization).trim();
    }

    private static String orDefault(@CheckForNull String name, String standard) {
        String given = Util.fixEmptyAndTrim(name);
        return given == null ? standard : given;
    }

    /** @return what is wrong with these names, or null */
    @CheckForNull
    static String problemWith(String tokenVariable, String urlVariable) {
        for (String name : List.of(tokenVariable, urlVariable)) {
            if (!VARIABLE.matcher(name).matches()) {
                return Messages.WithVcfTokenStep_badVariable(name);
            }
        }
        return tokenVariable.equals(urlVariable) ? Messages.WithVcfTokenStep_sameVariable(tokenVariable) : null;
    }

    @Override
    public StepExecution start(StepContext context) {
        return new WithVcfTokenExecution(context, this);
    }

    /** The step as Pipeline knows it. Wants no node, so that it can stand in {@code options { }}. */
    @Extension
    public static final class DescriptorImpl extends StepDescriptor {

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

        @POST
        public ListBoxModel doFillCredentialsIdItems(@AncestorInPath Item item, @QueryParameter String credentialsId) {
            StandardListBoxModel items = new StandardListBoxModel();
            boolean mayList = item == null
                    ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                    : item.hasPermission(Item.EXTENDED_READ) || item.hasPermission(CredentialsProvider.USE_ITEM);
            if (!mayList) {
                return items.includeCurrentValue(credentialsId);
            }
            return items.includeEmptyValue()
                    .includeMatchingAs(
                            item instanceof Queue.Task task ? Tasks.getAuthenticationOf2(task) : ACL.SYSTEM2,
                            item,
                            VcfCredentials.class,
                            List.of(),
                            CredentialsMatchers.always())
                    .includeCurrentValue(credentialsId);
        }

        @POST
        public FormValidation doCheckTokenVariable(@QueryParameter String value, @QueryParameter String urlVariable) {
            return check(orDefault(value, DEFAULT_TOKEN_VARIABLE), orDefault(urlVariable, DEFAULT_URL_VARIABLE));
        }

        @POST
        public FormValidation doCheckUrlVariable(@QueryParameter String value, @QueryParameter String tokenVariable) {
            return check(orDefault(tokenVariable, DEFAULT_TOKEN_VARIABLE), orDefault(value, DEFAULT_URL_VARIABLE));
        }

        private static FormValidation check(String tokenVariable, String urlVariable) {
            String problem = problemWith(tokenVariable, urlVariable);
            return problem == null ? FormValidation.ok() : FormValidation.error(problem);
        }
    }
}
