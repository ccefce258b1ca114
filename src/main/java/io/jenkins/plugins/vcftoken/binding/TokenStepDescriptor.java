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
 * Form checks of {@code withVcfToken} and of the build wrapper. The two declare their fields themselves: Jenkins
 * requires different superclasses and binds forms to setters of classes only.
 */
public interface TokenStepDescriptor extends CredentialsIdDescriptor {

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

    /** Warns of a missing credential, and of one that the job cannot use, to users who may list the credentials. */
    @POST
    default FormValidation doCheckCredentialsId(@AncestorInPath Item item, @QueryParameter String value) {
        String id = Util.fixEmptyAndTrim(value);
        if (id == null && CredentialsIdDescriptor.mayList(item)) {
            return FormValidation.warning(Messages.TokenStepDescriptor_none());
        }
        // The value of a variable is known in a build only.
        boolean isChecked = id != null && !id.contains("$") && CredentialsIdDescriptor.mayList(item);
        return !isChecked || CredentialsIdDescriptor.isListed(item, id)
                ? FormValidation.ok()
                : FormValidation.warning(Messages.TokenStepDescriptor_notVisible(id));
    }

    @POST
    default FormValidation doCheckMinimumValidity(@CheckForNull @QueryParameter String value) {
        return value == null || value.isBlank()
                ? FormValidation.ok()
                : FormValidation.validateNonNegativeInteger(value.trim());
    }
}
