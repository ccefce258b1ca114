package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.DerivedTokenClientFactory;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * Base class of bindings that provide a token derived from the access token of the block, in a variable and optionally
 * in a file with an HTTP header.
 */
public abstract class DerivedTokenBinding extends TokenBinding implements DerivedTokenClientFactory {

    @Serial
    private static final long serialVersionUID = 1;

    private final String url;
    private final String variable;

    @CheckForNull
    private String headerFileVariable;

    /**
     * @param url URL of the server that issues the token
     * @param variable variable for the token
     */
    DerivedTokenBinding(@CheckForNull String url, @CheckForNull String variable) {
        this.url = Util.fixNull(url).trim();
        this.variable = Util.fixNull(variable).trim();
    }

    public String getUrl() {
        return url;
    }

    public String getVariable() {
        return variable;
    }

    @CheckForNull
    public String getHeaderFileVariable() {
        return headerFileVariable;
    }

    /** @param headerFileVariable variable for the path of a file with the HTTP header; blank for no file */
    @DataBoundSetter
    public void setHeaderFileVariable(@CheckForNull String headerFileVariable) {
        this.headerFileVariable = Util.fixEmptyAndTrim(headerFileVariable);
    }

    @Override
    public void bind(BindingContext context) throws AbortException {
        check(context.credentials());
        TokenTemplate token = context.addDerivedToken(this);
        context.addVariable(variable, token);
        if (headerFileVariable != null) {
            context.addFileVariable(headerFileVariable, token.between(headerPrefix(), "\n"), TokenFileMode.OWNER);
        }
    }

    /** @return header up to the token, including the separating space */
    abstract String headerPrefix();

    /**
     * Checks the parameters, and that the binding supports the credential. By default, only credentials of VCF SSO are
     * supported.
     *
     * @throws AbortException with the cause and advice
     */
    void check(VcfCredentials credentials) throws AbortException {
        if (!isSso(credentials)) {
            throw new AbortException(Messages.DerivedTokenBinding_notSso(
                    credentials.getId(),
                    credentials.getDescriptor().getDisplayName(),
                    getDescriptor().getDisplayName()));
        }
        checkUrl();
    }

    final void checkUrl() throws AbortException {
        String error = findUrlError(url);
        if (error != null) {
            throw new AbortException(error);
        }
    }

    static boolean isSso(VcfCredentials credentials) {
        return credentials.account().system().equals(VcfSsoApiTokenClient.SYSTEM);
    }

    /** @return error message unless the text is a valid HTTPS URL of a server, or null */
    @CheckForNull
    private static String findUrlError(String text) {
        try {
            return "https".equalsIgnoreCase(Account.address(text).getScheme())
                    ? null
                    : Messages.DerivedTokenBinding_badUrl(text);
        } catch (IllegalArgumentException e) {
            return Messages.DerivedTokenBinding_badUrl(text);
        }
    }

    public abstract static class DerivedTokenBindingDescriptor extends TokenBindingDescriptor {

        @POST
        public FormValidation doCheckUrl(@CheckForNull @QueryParameter String value) {
            return validation(findUrlError(Util.fixNull(value).trim()));
        }

        @POST
        public final FormValidation doCheckHeaderFileVariable(@CheckForNull @QueryParameter String value) {
            String name = Util.fixEmptyAndTrim(value);
            return validation(name == null ? null : BlockVariables.findNameError(name));
        }
    }
}
