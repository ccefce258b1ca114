package io.jenkins.plugins.vcftoken.binding;

import hudson.AbortException;
import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;

/**
 * What a block hands over to its steps beside the variables of the access token and the address: an entry of {@code
 * bindings: [...]} of {@code withVcfToken}, and of the list in the form of freestyle projects.
 *
 * <p>A binding adds environment variables and files to a {@link BindingContext}, with the access token or one that is
 * derived from it. The block does the rest: it fills in the tokens, replaces files when they are renewed, masks them,
 * restores everything after a restart of the controller, and deletes the files. So a binding has parameters and no state.
 *
 * <p>An implementation is one class with an {@code @Extension} {@link TokenBindingDescriptor} that has a {@code
 * @Symbol}, a {@code config.jelly} and a help file for each field. It is saved with running builds until their blocks
 * are open, so its fields must be serializable.
 */
public abstract class TokenBinding extends AbstractDescribableImpl<TokenBinding>
        implements ExtensionPoint, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /**
     * Adds variables and files. Called once when a block opens, on a thread that may block, before the block has an
     * access token.
     *
     * @throws AbortException when the binding does not fit the credential, for example; ends the build with its
     *     message, which states the reason and the next step
     * @throws IOException when a server that the binding asks does not answer; as above
     */
    public abstract void bind(BindingContext context) throws IOException, InterruptedException;
}
