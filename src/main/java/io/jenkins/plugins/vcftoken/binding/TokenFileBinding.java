package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import java.util.Objects;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code tokenFile('VCF_TOKEN_FILE')}: a file that contains a valid access token. */
public final class TokenFileBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    private final String variable;
    private TokenFileMode mode = TokenFileMode.OWNER;

    /** @param variable variable for the path of the file */
    @DataBoundConstructor
    public TokenFileBinding(String variable) {
        this.variable = Util.fixNull(variable).trim();
    }

    public String getVariable() {
        return variable;
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
        context.addFileVariable(variable, TokenTemplate.of("", ""), mode);
    }

    @Extension
    @Symbol("tokenFile")
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.TokenFileBinding_displayName();
        }
    }
}
