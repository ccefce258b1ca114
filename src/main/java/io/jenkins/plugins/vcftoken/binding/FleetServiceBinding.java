package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.FleetServiceTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfOperationsTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.net.URI;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * {@code fleetService(key: 'fleet-lcm', url: 'https://ops.example.com', variable: 'FLEET_TOKEN')}: a valid access token
 * of a fleet service. Supports credentials of VCF SSO and of VCF Operations. For the latter, the server of the
 * credential issues the token.
 */
public final class FleetServiceBinding extends DerivedTokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    /** Known keys are words such as ops-li, and UUIDs. */
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._-]+");

    private final String key;
    private String header = HeaderFileBinding.DEFAULT_HEADER;

    /**
     * @param key key of the service in VCF Operations
     * @param url URL of VCF Operations; blank for the URL of the credential
     * @param variable variable for the access token of the service
     */
    @DataBoundConstructor
    public FleetServiceBinding(String key, @CheckForNull String url, String variable) {
        super(url, variable);
        this.key = Util.fixNull(key).trim();
    }

    public String getKey() {
        return key;
    }

    public String getHeader() {
        return header;
    }

    /** @param header name of the header in the file; blank for the default */
    @DataBoundSetter
    public void setHeader(@CheckForNull String header) {
        this.header = Objects.requireNonNullElse(Util.fixEmptyAndTrim(header), HeaderFileBinding.DEFAULT_HEADER);
    }

    @Override
    void check(VcfCredentials credentials) throws AbortException {
        String error = findKeyError(key);
        if (error == null) {
            error = HeaderFileBinding.findSyntaxError(header);
        }
        if (error == null && !isSso(credentials) && !isVcfOperations(credentials)) {
            error = Messages.FleetServiceBinding_refused(
                    credentials.getId(), credentials.getDescriptor().getDisplayName());
        }
        if (error == null && getUrl().isEmpty() && isSso(credentials)) {
            error = Messages.FleetServiceBinding_noUrl(credentials.getId());
        }
        if (error == null
                && !getUrl().isEmpty()
                && isVcfOperations(credentials)
                && !isServerOfCredential(credentials)) {
            error = Messages.FleetServiceBinding_otherServer(credentials.getId(), credentials.getUrl());
        }
        if (error != null) {
            throw new AbortException(error);
        }
        if (!getUrl().isEmpty()) {
            checkUrl();
        }
    }

    /** Access tokens of VCF Operations must not be sent to another server, which could use them. */
    private boolean isServerOfCredential(VcfCredentials credentials) {
        try {
            return operationsAccount(Account.address(getUrl()))
                    .host()
                    .equals(credentials.account().host());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isVcfOperations(VcfCredentials credentials) {
        return credentials.account().system().equals(VcfOperationsTokenClient.SYSTEM);
    }

    @Override
    String headerPrefix() {
        return HeaderFileBinding.headerPrefix(header, null);
    }

    @Override
    public TokenClient client(VcfCredentials credential, AtMostOnceHttpClient http) {
        return new FleetServiceTokenClient(
                http,
                operationsAccount(getUrl().isEmpty() ? credential.account().url() : Account.address(getUrl())),
                isVcfOperations(credential) ? VcfOperationsTokenClient.SCHEME : FleetServiceTokenClient.SSO_SCHEME,
                key);
    }

    private Account operationsAccount(URI address) {
        return new Account(VcfOperationsTokenClient.SYSTEM, address, "", "service " + key);
    }

    @CheckForNull
    private static String findKeyError(String key) {
        return KEY.matcher(key).matches() ? null : Messages.FleetServiceBinding_badKey(key);
    }

    @Extension
    @Symbol("fleetService")
    public static final class DescriptorImpl extends DerivedTokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.FleetServiceBinding_displayName();
        }

        @POST
        public FormValidation doCheckKey(@CheckForNull @QueryParameter String value) {
            return validation(findKeyError(Util.fixNull(value).trim()));
        }

        /** Accepts a blank value, which selects the URL of the credential. */
        @Override
        public FormValidation doCheckUrl(@CheckForNull @QueryParameter String value) {
            return Util.fixEmptyAndTrim(value) == null ? FormValidation.ok() : super.doCheckUrl(value);
        }
    }
}
