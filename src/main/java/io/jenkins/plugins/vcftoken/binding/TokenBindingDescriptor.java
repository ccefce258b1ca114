package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Descriptor of a {@link TokenBinding}. Checks the field {@code variable}, which most of them have. */
public abstract class TokenBindingDescriptor extends Descriptor<TokenBinding> {

    @POST
    public FormValidation doCheckVariable(@CheckForNull @QueryParameter String value) {
        String name = Util.fixEmptyAndTrim(value);
        String error = name == null ? missingVariable() : BlockVariables.findNameError(name);
        return error == null ? FormValidation.ok() : FormValidation.error(error);
    }

    /** @return a message for a blank {@code variable}; null where the binding has a default for it */
    @CheckForNull
    protected String missingVariable() {
        return BlockVariables.findNameError("");
    }
}
