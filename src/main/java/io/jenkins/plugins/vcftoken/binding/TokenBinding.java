package io.jenkins.plugins.vcftoken.binding;

import hudson.AbortException;
import hudson.ExtensionPoint;
import hudson.model.AbstractDescribableImpl;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;

/**
 * Extension point for variables and files that a block provides to its steps in addition to the variables of the access
 * token and the URL. An entry in {@code bindings: [...]} of {@code withVcfToken}, and in the list in the form of
 * freestyle projects.
 *
 * <p>A binding adds environment variables and files to a {@link BindingContext}, with the access token or a token that
 * is derived from it. The block inserts the tokens, masks them, rewrites the files after each renewal, restores
 * everything after a restart of the controller, and deletes the files. A binding has parameters and no state.
 *
 * <p>An implementation is a class with an {@code @Extension} {@link TokenBindingDescriptor} with a {@code @Symbol}, a
 * {@code config.jelly}, and a help file for each field. It is saved with running builds until their blocks are open, so
 * its fields must be serializable.
 */
public abstract class TokenBinding extends AbstractDescribableImpl<TokenBinding>
        implements ExtensionPoint, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /**
     * Adds variables and files. Called once when a block opens, on a thread that may block, before the block has an
     * access token.
     *
     * @throws AbortException if the binding cannot be used, for example because it does not support the credential.
     *     Ends the build with its message, which states the cause and advice.
     * @throws IOException if a server does not respond; also ends the build
     */
    public abstract void bind(BindingContext context) throws IOException, InterruptedException;
}
