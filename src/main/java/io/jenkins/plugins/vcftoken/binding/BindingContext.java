package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.DerivedTokenClientFactory;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;

/** Context of a block that is opening, to which a {@link TokenBinding} adds variables and files. Not thread-safe. */
public final class BindingContext {

    private final VcfCredentials credentials;
    private final String organization;
    private final Run<?, ?> build;
    private final TaskListener listener;
    private final BlockVariables variables;
    private final AccessTokenSource accessTokens;

    /** Returns the access token of the block, and requests it on the first call. */
    @FunctionalInterface
    interface AccessTokenSource {
        AccessToken get() throws AbortException, InterruptedException;
    }

    /** @param organization organization of the step; empty for the organization of the credential */
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

    public TaskListener listener() {
        return listener;
    }

    /** @return organization of the access token; null for systems without organizations */
    @CheckForNull
    public String findOrganization() {
        return organization.isEmpty() ? credentials.organizationName() : organization;
    }

    /**
     * @param binding symbol of the binding, for the error message
     * @return organization of the access token
     * @throws AbortException if the system of the credential has no organizations
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
     * Returns the access token of the block, and requests it on the first call. Blocks.
     *
     * @throws AbortException if no access token is available; the message is suitable for the build log
     */
    public AccessToken accessToken() throws IOException, InterruptedException {
        return accessTokens.get();
    }

    /**
     * Adds a token that is requested with the access token of the block after all bindings were called. The block
     * renews and masks it and ends its session, as it does for the access token.
     *
     * @return template that consists of the token only
     */
    public TokenTemplate addDerivedToken(DerivedTokenClientFactory token) {
        return variables.addDerivedToken(token);
    }

    /**
     * Adds an environment variable.
     *
     * @throws AbortException if the name is invalid, reserved, or already used in this block. The other methods that
     *     add a variable throw it for the same reasons.
     */
    public void addVariable(String name, String value) throws AbortException {
        addVariable(name, TokenTemplate.of(value));
    }

    /** Adds an environment variable. Each step gets the token that is current when the step starts. */
    public void addVariable(String name, TokenTemplate value) throws AbortException {
        variables.addValue(name, value);
    }

    /**
     * Adds a file that is named like the environment variable, and the variable with its path. All files of a block are
     * in the same directory. The file exists on each node before a step starts there, is replaced atomically at each
     * renewal, and is deleted when the block ends.
     */
    public void addFileVariable(String name, TokenTemplate content, TokenFileMode mode) throws AbortException {
        variables.addFile(name, content, mode);
        variables.addPath(name, name);
    }

    /**
     * Adds a file that other files of the block refer to by a relative path.
     *
     * @throws AbortException if the block has a file with this name, ignoring case
     */
    public void addFile(String name, TokenTemplate content, TokenFileMode mode) throws AbortException {
        variables.addFile(name, content, mode);
    }

    /**
     * Adds an environment variable with the path of the directory of the block's files, followed by a suffix.
     *
     * @param suffix for example {@code ":/etc/ssl/certs"}
     */
    public void addDirectoryVariable(String name, String suffix) throws AbortException {
        variables.addDirectory(name, suffix);
    }
}
