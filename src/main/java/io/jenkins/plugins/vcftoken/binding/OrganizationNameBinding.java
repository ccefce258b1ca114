package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** {@code organization('VCF_ORGANIZATION')}: name of the organization of the access token. */
public final class OrganizationNameBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    private static final String SYMBOL = "organization";

    private final String variable;

    /** @param variable variable for the name of the organization */
    @DataBoundConstructor
    public OrganizationNameBinding(String variable) {
        this.variable = Util.fixNull(variable).trim();
    }

    public String getVariable() {
        return variable;
    }

    @Override
    public void bind(BindingContext context) throws AbortException {
        context.addVariable(variable, context.organization(SYMBOL));
    }

    @Extension
    @Symbol(SYMBOL)
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.OrganizationNameBinding_displayName();
        }
    }
}
