package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * {@code headerFile('VCF_HEADER_FILE')}: a file with an HTTP header that contains a valid access token, for {@code curl
 * -H @"$VCF_HEADER_FILE"}.
 */
public final class HeaderFileBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    public static final String DEFAULT_HEADER = "Authorization";

    /** Default scheme of the header {@value #DEFAULT_HEADER}; other headers have no default scheme. */
    public static final String DEFAULT_SCHEME = "Bearer";

    /** Names of headers and authentication schemes: {@code token} of RFC 9110, section 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

    private final String variable;
    private String header = DEFAULT_HEADER;

    @CheckForNull
    private String scheme;

    private TokenFileMode mode = TokenFileMode.OWNER;

    /** @param variable variable for the path of the file */
    @DataBoundConstructor
    public HeaderFileBinding(String variable) {
        this.variable = Util.fixNull(variable).trim();
    }

    public String getVariable() {
        return variable;
    }

    public String getHeader() {
        return header;
    }

    /** @param header name of the header; blank for the default */
    @DataBoundSetter
    public void setHeader(@CheckForNull String header) {
        this.header = Objects.requireNonNullElse(Util.fixEmptyAndTrim(header), DEFAULT_HEADER);
    }

    @CheckForNull
    public String getScheme() {
        return scheme;
    }

    /** @param scheme authentication scheme before the access token; blank for the default of the header */
    @DataBoundSetter
    public void setScheme(@CheckForNull String scheme) {
        this.scheme = Util.fixEmptyAndTrim(scheme);
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
    public void bind(BindingContext context) throws AbortException {
        for (String text : new String[] {header, Util.fixNull(scheme)}) {
            String error = findSyntaxError(text);
            if (error != null) {
                throw new AbortException(error);
            }
        }
        context.addFileVariable(variable, TokenTemplate.of(headerPrefix(header, scheme), "\n"), mode);
    }

    /**
     * @param scheme null for the default of the header
     * @return the header up to the access token
     */
    static String headerPrefix(String header, @CheckForNull String scheme) {
        String prefix = scheme != null ? scheme : header.equalsIgnoreCase(DEFAULT_HEADER) ? DEFAULT_SCHEME : "";
        return header + ": " + (prefix.isEmpty() ? "" : prefix + ' ');
    }

    /** @return error message if the text is neither blank nor valid as the name of a header or scheme, or null */
    @CheckForNull
    static String findSyntaxError(String text) {
        return text.isEmpty() || TOKEN.matcher(text).matches() ? null : Messages.HeaderFileBinding_bad(text);
    }

    @Extension
    @Symbol("headerFile")
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.HeaderFileBinding_displayName();
        }

        @POST
        public FormValidation doCheckHeader(@CheckForNull @QueryParameter String value) {
            return validation(findSyntaxError(Util.fixNull(value).trim()));
        }

        @POST
        public FormValidation doCheckScheme(@CheckForNull @QueryParameter String value) {
            return doCheckHeader(value);
        }
    }
}
