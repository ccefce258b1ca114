package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.DerivedToken;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * The base of bindings that hand over a token which is derived from the block's access token: in a variable, and in a
 * file with an HTTP header.
 */
public abstract class DerivedTokenBinding extends TokenBinding implements DerivedToken {

    @Serial
    private static final long serialVersionUID = 1;

    private final String url;
    private final String variable;

    @CheckForNull
    private String headerFileVariable;

    /**
     * @param url of the server that issues the token
     * @param variable gets the token
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

    /** @param headerFileVariable gets the path of a file with the HTTP header; blank for no file */
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
            context.addFileVariable(headerFileVariable, token.between(header(), "\n"), TokenFileMode.OWNER);
        }
    }

    /**
     * Checks that the binding fits the credential, and its parameters.
     *
     * @throws AbortException with the reason and the next step
     */
    abstract void check(VcfCredentials credentials) throws AbortException;

    /** What stands before the token in the header. */
    abstract String header();

    /** @throws AbortException unless access tokens of the credential are of VCF SSO, and the address is one of a server */
    final void checkSso(VcfCredentials credentials) throws AbortException {
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

    /** @return a message where the text is no address that an access token is sent to; null where it is */
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

    /** Descriptor of a {@link DerivedTokenBinding}. */
    public abstract static class DerivedTokenBindingDescriptor extends TokenBindingDescriptor {

        @POST
        public FormValidation doCheckUrl(@CheckForNull @QueryParameter String value) {
            String error = findUrlError(Util.fixNull(value).trim());
            return error == null ? FormValidation.ok() : FormValidation.error(error);
        }

        @POST
        public final FormValidation doCheckHeaderFileVariable(@CheckForNull @QueryParameter String value) {
            String name = Util.fixEmptyAndTrim(value);
            String error = name == null ? null : BlockVariables.findNameError(name);
            return error == null ? FormValidation.ok() : FormValidation.error(error);
        }
    }
}
