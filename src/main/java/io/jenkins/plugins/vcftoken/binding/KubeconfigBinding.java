package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.Serial;
import java.util.List;
import java.util.Objects;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * {@code kubeconfig()}: a kubeconfig for the Kubernetes API of VCF Automation, and the token file that it refers to.
 * kubectl, Helm and other tools based on client-go read the token file again every minute.
 */
public final class KubeconfigBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    public static final String DEFAULT_VARIABLE = "KUBECONFIG";

    private static final String SYMBOL = "kubeconfig";

    private String variable = DEFAULT_VARIABLE;
    private boolean namespaces;
    private String context = "";
    private TokenFileMode mode = TokenFileMode.OWNER;

    @DataBoundConstructor
    public KubeconfigBinding() {
        // All parameters are optional.
    }

    public String getVariable() {
        return variable;
    }

    /** @param variable variable for the path of the kubeconfig; blank for the default */
    @DataBoundSetter
    public void setVariable(@CheckForNull String variable) {
        this.variable = BlockVariables.orDefault(variable, DEFAULT_VARIABLE);
    }

    public boolean isNamespaces() {
        return namespaces;
    }

    /** @param namespaces whether to add a context for each Supervisor namespace that is ready when the block opens */
    @DataBoundSetter
    public void setNamespaces(boolean namespaces) {
        this.namespaces = namespaces;
    }

    public String getContext() {
        return context;
    }

    /**
     * @param context name of the current context; blank for the context of the organization. The name of any other
     *     context requires listing the Supervisor namespaces.
     */
    @DataBoundSetter
    public void setContext(@CheckForNull String context) {
        this.context = Util.fixNull(context).trim();
    }

    public TokenFileMode getMode() {
        return mode;
    }

    /** @param mode null for the default */
    @DataBoundSetter
    public void setMode(@CheckForNull TokenFileMode mode) {
        this.mode = Objects.requireNonNullElse(mode, TokenFileMode.OWNER);
    }

    @Override
    public void bind(BindingContext block) throws IOException, InterruptedException {
        VcfCredentials credentials = block.credentials();
        String organization = block.organization(SYMBOL);
        if (organization.equals(VcfaTokenClient.PROVIDER)) {
            throw new AbortException(Messages.KubeconfigBinding_provider(credentials.getId()));
        }
        // Kubernetes clients resolve relative paths against the directory of the kubeconfig.
        String tokenFile = variable + ".token";
        Kubeconfig kubeconfig = new Kubeconfig(
                credentials.account().url(),
                organization,
                namespaces || !(context.isEmpty() || context.equals(organization)) ? listNamespaces(block) : List.of(),
                credentials.getCaCertificates(),
                credentials.isSkipTlsVerification(),
                tokenFile);
        String current = context.isEmpty() ? organization : context;
        if (!kubeconfig.contextNames().contains(current)) {
            throw new AbortException(Messages.KubeconfigBinding_noContext(
                    current, credentials.account().description(), String.join(", ", kubeconfig.contextNames())));
        }
        block.addFileVariable(variable, TokenTemplate.of(kubeconfig.json(current)), mode);
        block.addFile(tokenFile, TokenTemplate.of("", ""), mode);
    }

    private static List<SupervisorNamespace> listNamespaces(BindingContext block)
            throws IOException, InterruptedException {
        try {
            return VcfTokenService.get().supervisorNamespaces(block.credentials(), block.accessToken());
        } catch (TokenUnavailableException e) {
            throw new AbortException(e.getMessage());
        }
    }

    @Extension
    @Symbol(SYMBOL)
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.KubeconfigBinding_displayName();
        }

        @Override
        protected String missingVariable() {
            return null;
        }
    }
}
