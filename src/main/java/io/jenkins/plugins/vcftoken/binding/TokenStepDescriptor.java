package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * What the forms of the step and of the build wrapper have in common. Their fields cannot stand in one class, since
 * Jenkins wants another superclass for each and binds forms to setters.
 */
public interface TokenStepDescriptor extends CredentialsIdDescriptor {

    @POST
    default FormValidation doCheckTokenVariable(
            @QueryParameter String tokenVariable,
            @QueryParameter String urlVariable,
            @QueryParameter String tokenFileVariable,
            @QueryParameter String headerFileVariable) {
        String tokenError =
                new TokenVariables(tokenVariable, urlVariable, tokenFileVariable, headerFileVariable).tokenError();
        return tokenError == null ? FormValidation.ok() : FormValidation.error(tokenError);
    }

    /** Says of a credential that is gone, or never was there, what the list of those that are does not. */
    @POST
    default FormValidation doCheckCredentialsId(@AncestorInPath Item item, @QueryParameter String value) {
        String id = Util.fixEmptyAndTrim(value);
        // Of a variable only the build knows what is in it.
        boolean isTold = id != null && !id.contains("$") && CredentialsIdDescriptor.mayList(item);
        return !isTold || CredentialsIdDescriptor.isListed(item, id)
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
