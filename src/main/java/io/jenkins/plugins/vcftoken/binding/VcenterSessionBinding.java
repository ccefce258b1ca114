package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcenterSessionClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/**
 * {@code vcenterSession(url: 'https://vcenter.example.com', variable: 'VC_SESSION')}: a valid vCenter session for the
 * header {@code vmware-api-session-id}. Supports credentials of VCF SSO.
 */
public final class VcenterSessionBinding extends DerivedTokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    /** @param variable variable for the session ID */
    @DataBoundConstructor
    public VcenterSessionBinding(String url, String variable) {
        super(url, variable);
    }

    @Override
    String headerPrefix() {
        return "vmware-api-session-id: ";
    }

    @Override
    public TokenClient client(VcfCredentials credential, AtMostOnceHttpClient http) {
        return new VcenterSessionClient(http, new Account(VcenterSessionClient.SYSTEM, Account.address(getUrl()), ""));
    }

    @Extension
    @Symbol("vcenterSession")
    public static final class DescriptorImpl extends DerivedTokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcenterSessionBinding_displayName();
        }
    }
}
