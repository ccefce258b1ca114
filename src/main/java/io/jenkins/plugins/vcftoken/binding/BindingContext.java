package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.DerivedToken;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;

/** The block that a {@link TokenBinding} adds variables and files to, while it opens. Used by one thread. */
public final class BindingContext {

    private final VcfCredentials credentials;
    private final String organization;
    private final Run<?, ?> build;
    private final TaskListener listener;
    private final BlockVariables variables;
    private final AccessTokenSource accessTokens;

    /** Requests the access token of the block when it is needed for the first time. */
    @FunctionalInterface
    interface AccessTokenSource {
        AccessToken get() throws AbortException, InterruptedException;
    }

    /** @param organization of the step; empty for the credential's own */
    BindingContext(
            VcfCredentials credentials,
            String organization,
            Run<?, ?> build,
            TaskListener listener,
            BlockVariables variables,
            AccessTokenSource accessTokens) {
        this.credentials = credentials;
        this.organization = organization;
        this.build = build;
        this.listener = listener;
        this.variables = variables;
        this.accessTokens = accessTokens;
    }

    public VcfCredentials credentials() {
        return credentials;
    }

    public Run<?, ?> build() {
        return build;
    }

    /** The log of the build. */
    public TaskListener listener() {
        return listener;
    }

    /** @return the organization that the access token is for; null for systems without organizations */
    @CheckForNull
    public String findOrganization() {
        return organization.isEmpty() ? credentials.organizationName() : organization;
    }

    /**
     * The organization that the access token is for.
     *
     * @param binding the symbol of the binding, for the message
     * @throws AbortException when the credential's system has no organizations
     */
    public String organization(String binding) throws AbortException {
        String found = findOrganization();
        if (found == null) {
            throw new AbortException(Messages.TokenBinding_noOrganization(
                    credentials.getId(), credentials.getDescriptor().getDisplayName(), binding));
        }
        return found;
    }

    /**
     * The access token of the block, which is requested now where it was not before. Blocks.
     *
     * @throws AbortException when there is none; its message is meant for the build's log
     */
    public AccessToken accessToken() throws IOException, InterruptedException {
        return accessTokens.get();
    }

    /**
     * Adds a token that is requested with the access token of the block, once the bindings have been called. The block
     * renews it, masks it, and ends its session, as it does with the access token.
     *
     * @return the token alone, for variables and files
     */
    public TokenTemplate addDerivedToken(DerivedToken token) {
        return variables.addDerivedToken(token);
    }

    /**
     * Adds an environment variable.
     *
     * @throws AbortException when the name is no name of a variable, reserved, or taken in this block; so for the
     *     other methods that add a variable
     */
    public void addVariable(String name, String value) throws AbortException {
        addVariable(name, TokenTemplate.of(value));
    }

    /** Adds an environment variable, which has the current token when a step starts. */
    public void addVariable(String name, TokenTemplate value) throws AbortException {
        variables.addValue(name, value);
    }

    /**
     * Adds a file with the name of an environment variable, and the variable with its path. The file is in the same
     * directory as all files of the block. It exists on each node before a step starts there, is replaced as a whole at
     * each renewal, and is deleted when the block ends.
     */
    public void addFileVariable(String name, TokenTemplate content, TokenFileMode mode) throws AbortException {
        variables.addFile(name, content, mode);
        variables.addPath(name, name);
    }

    /**
     * Adds a file that other files of the block name by its relative path.
     *
     * @throws AbortException when there is another one of this name, however it is capitalized
     */
    public void addFile(String name, TokenTemplate content, TokenFileMode mode) throws AbortException {
        variables.addFile(name, content, mode);
    }

    /**
     * Adds an environment variable with the directory of the block's files, followed by a text.
     *
     * @param suffix {@code ":/etc/ssl/certs"}, for example
     */
    public void addDirectoryVariable(String name, String suffix) throws AbortException {
        variables.addDirectory(name, suffix);
    }
}
