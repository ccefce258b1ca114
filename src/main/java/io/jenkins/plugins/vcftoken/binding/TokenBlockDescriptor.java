package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.Util;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * Form validation of {@code withVcfToken} and of the build wrapper. Both declare their fields themselves, because they
 * have different superclasses, and Jenkins only binds forms to setters of classes.
 */
public interface TokenBlockDescriptor extends CredentialsIdDescriptor {

    @POST
    default FormValidation doCheckTokenVariable(
            @QueryParameter String tokenVariable, @QueryParameter String urlVariable) {
        try {
            new BlockVariables(tokenVariable, urlVariable, "");
            return FormValidation.ok();
        } catch (AbortException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    /** Warns about a missing credential or one that the job cannot use, if the user may list credentials. */
    @POST
    default FormValidation doCheckCredentialsId(@AncestorInPath Item item, @QueryParameter String value) {
        String id = Util.fixEmptyAndTrim(value);
        if (id == null && CredentialsIdDescriptor.canList(item)) {
            return FormValidation.warning(Messages.TokenBlockDescriptor_none());
        }
        // Variables have values only in a build.
        boolean isChecked = id != null && !id.contains("$") && CredentialsIdDescriptor.canList(item);
        return !isChecked || CredentialsIdDescriptor.isListed(item, id)
                ? FormValidation.ok()
                : FormValidation.warning(Messages.TokenBlockDescriptor_notVisible(id));
    }

    @POST
    default FormValidation doCheckMinimumValidity(@CheckForNull @QueryParameter String value) {
        return value == null || value.isBlank()
                ? FormValidation.ok()
                : FormValidation.validateNonNegativeInteger(value.trim());
    }
}
