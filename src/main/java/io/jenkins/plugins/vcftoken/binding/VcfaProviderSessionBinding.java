package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaProviderSessionClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/**
 * {@code vcfaProviderSession(url: 'https://vcfa.example.com', variable: 'VCFA_PROVIDER_TOKEN')}: a valid access token
 * for the provider organization of VCF Automation. Supports credentials of VCF SSO.
 */
public final class VcfaProviderSessionBinding extends DerivedTokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    /** @param variable variable for the access token of the provider */
    @DataBoundConstructor
    public VcfaProviderSessionBinding(String url, String variable) {
        super(url, variable);
    }

    @Override
    String headerPrefix() {
        return "Authorization: Bearer ";
    }

    @Override
    public TokenClient client(VcfCredentials credential, AtMostOnceHttpClient http) {
        return new VcfaProviderSessionClient(
                http, new Account(VcfaTokenClient.SYSTEM, Account.address(getUrl()), VcfaTokenClient.PROVIDER));
    }

    @Extension
    @Symbol("vcfaProviderSession")
    public static final class DescriptorImpl extends DerivedTokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfaProviderSessionBinding_displayName();
        }
    }
}
