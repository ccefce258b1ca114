package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Descriptor of a {@link TokenBinding}. Validates the field {@code variable}, which most bindings have. */
public abstract class TokenBindingDescriptor extends Descriptor<TokenBinding> {

    @POST
    public FormValidation doCheckVariable(@CheckForNull @QueryParameter String value) {
        String name = Util.fixEmptyAndTrim(value);
        return validation(name == null ? missingVariable() : BlockVariables.findNameError(name));
    }

    /** @return error message for a blank {@code variable}; null if the binding has a default */
    @CheckForNull
    protected String missingVariable() {
        return BlockVariables.findNameError("");
    }

    static FormValidation validation(@CheckForNull String error) {
        return error == null ? FormValidation.ok() : FormValidation.error(error);
    }
}
