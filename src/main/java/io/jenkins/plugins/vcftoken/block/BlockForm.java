package io.jenkins.plugins.vcftoken.block;

import hudson.util.FormValidation;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * What the forms of the step and of the build wrapper have in common. Their fields cannot stand in one class, since
 * Jenkins wants another superclass for each and binds forms to setters.
 */
public interface BlockForm extends CredentialChoice {

    @POST
    default FormValidation doCheckTokenVariable(
            @QueryParameter String tokenVariable,
            @QueryParameter String urlVariable,
            @QueryParameter String tokenFileVariable,
            @QueryParameter String headerFileVariable) {
        String problem =
                new BlockVariables(tokenVariable, urlVariable, tokenFileVariable, headerFileVariable).problem();
        return problem == null ? FormValidation.ok() : FormValidation.error(problem);
    }

    @POST
    default FormValidation doCheckMinimumValidity(@QueryParameter String value) {
        return FormValidation.validateNonNegativeInteger(value);
    }
}
