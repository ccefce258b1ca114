package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.util.List;
import java.util.Objects;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.verb.POST;

/**
 * {@code terraform()}: environment variables that configure a Terraform provider of the vendor. The providers read the
 * access token when they start.
 *
 * @see <a href="https://github.com/vmware/terraform-provider-vcfa/blob/main/vcfa/provider.go">provider vcfa</a>
 * @see <a href="https://github.com/vmware/terraform-provider-vcd/blob/main/vcd/provider.go">provider vcd</a>
 * @see <a href="https://github.com/vmware/terraform-provider-vra/blob/main/vra/provider.go">provider vra</a>
 */
public final class TerraformBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    private static final String SYMBOL = "terraform";
    private static final String VCFA = "vcfa";
    private static final String VCD = "vcd";
    private static final String VRA = "vra";
    private static final List<String> PROVIDERS = List.of(VCFA, VCD, VRA);

    /**
     * Default certificate directories of Go, which {@code SSL_CERT_DIR} would otherwise replace. Go also reads the
     * first of the default <a href="https://pkg.go.dev/crypto/x509#SystemCertPool">bundles</a>.
     */
    private static final String SYSTEM_CERTIFICATES = ":/etc/ssl/certs:/etc/pki/tls/certs";

    private String provider = VCFA;

    @DataBoundConstructor
    public TerraformBinding() {
        // All parameters are optional.
    }

    public String getProvider() {
        return provider;
    }

    /** @param provider {@code vcfa}, {@code vcd} or {@code vra}; blank for {@code vcfa} */
    @DataBoundSetter
    public void setProvider(@CheckForNull String provider) {
        this.provider = Objects.requireNonNullElse(Util.fixEmptyAndTrim(provider), VCFA);
    }

    @Override
    public void bind(BindingContext context) throws AbortException {
        VcfCredentials credentials = context.credentials();
        String organization = context.organization(SYMBOL);
        String url = credentials.getUrl().replaceAll("/+$", "");
        switch (provider) {
            case VCFA -> addVariables(context, "VCFA", url, organization);
            case VCD -> addVariables(context, "VCD", url + "/api", organization);
            case VRA -> {
                context.addVariable("VRA_URL", url);
                context.addVariable("VCFA_ORGANIZATION", organization);
                context.addVariable("VRA_ACCESS_TOKEN", TokenTemplate.of("", ""));
                context.addVariable("VRA_REFRESH_TOKEN", "");
            }
            default ->
                throw new AbortException(Messages.TerraformBinding_unknown(provider, String.join(", ", PROVIDERS)));
        }
        if (credentials.isSkipTlsVerification()) {
            context.addVariable(
                    switch (provider) {
                        case VCFA -> "VCFA_ALLOW_UNVERIFIED_SSL";
                        case VCD -> "VCD_ALLOW_UNVERIFIED_SSL";
                        default -> "VRA_INSECURE";
                    },
                    "true");
        }
        if (!credentials.getCaCertificates().isBlank()) {
            context.addFile("ca.pem", TokenTemplate.of(credentials.getCaCertificates()), TokenFileMode.OWNER);
            context.addDirectoryVariable("SSL_CERT_DIR", SYSTEM_CERTIFICATES);
        }
    }

    /**
     * Adds the variables of the providers for VCF Automation and Cloud Director, which differ only in the prefix. The
     * empty variables override values from the agent, which would take precedence over the access token; Jenkins
     * removes empty variables from the environment of a process.
     */
    private static void addVariables(BindingContext context, String prefix, String url, String organization)
            throws AbortException {
        context.addVariable(prefix + "_URL", url);
        context.addVariable(prefix + "_ORG", organization);
        context.addVariable(prefix + "_AUTH_TYPE", "token");
        context.addVariable(prefix + "_TOKEN", TokenTemplate.of("", ""));
        for (String other : List.of("SYS_ORG", "API_TOKEN", "API_TOKEN_FILE", "SA_TOKEN_FILE")) {
            context.addVariable(prefix + '_' + other, "");
        }
    }

    @Extension
    @Symbol(SYMBOL)
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.TerraformBinding_displayName();
        }

        @POST
        public ListBoxModel doFillProviderItems() {
            ListBoxModel items = new ListBoxModel();
            PROVIDERS.forEach(items::add);
            return items;
        }
    }
}
