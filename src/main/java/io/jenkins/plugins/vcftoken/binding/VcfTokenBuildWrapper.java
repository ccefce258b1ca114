package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.FilePath;
import hudson.Launcher;
import hudson.Util;
import hudson.model.AbstractBuild;
import hudson.model.AbstractProject;
import hudson.model.BuildListener;
import hudson.slaves.WorkspaceList;
import hudson.tasks.BuildWrapper;
import hudson.tasks.BuildWrapperDescriptor;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * "Provide a VCF token to the build" of freestyle projects: what {@code withVcfToken} is to a Pipeline. A classic
 * wrapper, since Jenkins asks these for the environment at each build step, and a build step is to see the access token of
 * its own time.
 */
public final class VcfTokenBuildWrapper extends BuildWrapper {

    /** In minutes. */
    public static final int DEFAULT_MINIMUM_VALIDITY = (int) VcfTokenService.DEFAULT_MINIMUM_VALIDITY.toMinutes();

    private final String credentialsId;
    private String tokenVariable = TokenVariables.DEFAULT_TOKEN;
    private String urlVariable = TokenVariables.DEFAULT_URL;

    @CheckForNull
    private String tokenFileVariable;

    @CheckForNull
    private String headerFileVariable;

    @CheckForNull
    private TokenFileMode tokenFileMode;

    private int minimumValidity = DEFAULT_MINIMUM_VALIDITY;

    @CheckForNull
    private String organization;

    @DataBoundConstructor
    public VcfTokenBuildWrapper(String credentialsId) {
        this.credentialsId = Util.fixNull(credentialsId).trim();
    }

    public String getCredentialsId() {
        return credentialsId;
    }

    public String getTokenVariable() {
        return tokenVariable;
    }

    /** @param tokenVariable the variable for the access token; blank for the default */
    @DataBoundSetter
    public void setTokenVariable(@CheckForNull String tokenVariable) {
        this.tokenVariable = new TokenVariables(tokenVariable, null, null, null).token();
    }

    public String getUrlVariable() {
        return urlVariable;
    }

    /** @param urlVariable the variable for the system's address; blank for the default */
    @DataBoundSetter
    public void setUrlVariable(@CheckForNull String urlVariable) {
        this.urlVariable = new TokenVariables(null, urlVariable, null, null).url();
    }

    @CheckForNull
    public String getTokenFileVariable() {
        return tokenFileVariable;
    }

    /** @param tokenFileVariable the variable for the path of a file with the access token; blank for no file */
    @DataBoundSetter
    public void setTokenFileVariable(@CheckForNull String tokenFileVariable) {
        this.tokenFileVariable = Util.fixEmptyAndTrim(tokenFileVariable);
    }

    @CheckForNull
    public String getHeaderFileVariable() {
        return headerFileVariable;
    }

    /** @param headerFileVariable the variable for the path of a file with an HTTP header; blank for no file */
    @DataBoundSetter
    public void setHeaderFileVariable(@CheckForNull String headerFileVariable) {
        this.headerFileVariable = Util.fixEmptyAndTrim(headerFileVariable);
    }

    public TokenFileMode getTokenFileMode() {
        return tokenFileMode == null ? TokenFileMode.OWNER : tokenFileMode;
    }

    /** @param tokenFileMode who may read the files; null for the default */
    @DataBoundSetter
    public void setTokenFileMode(@CheckForNull TokenFileMode tokenFileMode) {
        this.tokenFileMode = tokenFileMode == TokenFileMode.OWNER ? null : tokenFileMode;
    }

    /** @return not null; of the same type as what is set, or forms and configuration as code do not find the two */
    public Integer getMinimumValidity() {
        return minimumValidity;
    }

    /** @param minimumValidity how many minutes the access token is good for at least when the build begins; null for the default */
    @DataBoundSetter
    public void setMinimumValidity(@CheckForNull Integer minimumValidity) {
        this.minimumValidity = minimumValidity == null ? DEFAULT_MINIMUM_VALIDITY : Math.max(0, minimumValidity);
    }

    public String getOrganization() {
        return Util.fixNull(organization);
    }

    /** @param organization whose access token is wanted, where the credential is the provider's; blank for the credential's own */
    @DataBoundSetter
    public void setOrganization(@CheckForNull String organization) {
        this.organization = Util.fixEmptyAndTrim(organization);
    }

    private TokenVariables variables() {
        return new TokenVariables(tokenVariable, urlVariable, tokenFileVariable, headerFileVariable);
    }

    @Override
    @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
    public Environment setUp(AbstractBuild build, Launcher launcher, BuildListener listener)
            throws IOException, InterruptedException {
        TokenVariables variables = variables();
        String tokenError = variables.tokenError();
        if (tokenError != null) {
            throw new AbortException(tokenError);
        }
        VcfCredentials credentials = CredentialLookup.use(credentialsId, build);
        TokenBlock block = new TokenBlock(build, credentials, variables, getTokenFileMode(), null);
        BuildLogMasking.get().add(build, block);
        try {
            block.open(credentials, getOrganization(), build, Duration.ofMinutes(minimumValidity), listener, null);
        } catch (TokenUnavailableException e) {
            throw new AbortException(e.getMessage());
        }
        try {
            return new BuildEnvironment(block, writeFiles(block, build));
        } catch (IOException | InterruptedException | RuntimeException e) {
            block.close();
            throw e;
        }
    }

    /** @return the directory for temporary files; null where there is none, or no need of one */
    @CheckForNull
    private static String writeFiles(TokenBlock block, AbstractBuild<?, ?> build)
            throws IOException, InterruptedException {
        BlockTokenFiles files = block.files();
        FilePath workspace = files == null ? null : build.getWorkspace();
        if (workspace == null) {
            return null;
        }
        FilePath temporary = WorkspaceList.tempDir(workspace);
        if (temporary == null) {
            block.warn(Messages.WithVcfTokenStep_noTemporary(workspace.getRemote()));
            return null;
        }
        files.await(build.getBuiltOnStr(), temporary.getRemote());
        return temporary.getRemote();
    }

    @Override
    @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
    public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
        return TokenLogFilter.masked(
                logger, build.getCharset(), () -> BuildLogMasking.get().of(build));
    }

    @Override
    @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
    public void makeSensitiveBuildVariables(AbstractBuild build, Set<String> sensitiveVariables) {
        sensitiveVariables.add(tokenVariable);
    }

    /** What one build sees. */
    private final class BuildEnvironment extends Environment {

        private final TokenBlock block;

        @CheckForNull
        private final String temporary;

        BuildEnvironment(TokenBlock block, @CheckForNull String temporary) {
            this.block = block;
            this.temporary = temporary;
        }

        @Override
        public void buildEnvVars(Map<String, String> env) {
            Map<String, String> ours = new HashMap<>();
            try {
                block.awaitLiving(ours);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            block.contribute(ours);
            if (temporary != null) {
                block.contributeFiles(ours, temporary);
            }
            // Jenkins expands references in values twice on their way to a process.
            ours.forEach((name, value) -> env.put(name, value.replace("$", "$$$$")));
        }

        @Override
        @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
        public boolean tearDown(AbstractBuild build, BuildListener listener) {
            block.close();
            return true;
        }
    }

    /** The wrapper as the form of a project knows it. */
    @Extension
    @Symbol("vcfToken")
    public static final class DescriptorImpl extends BuildWrapperDescriptor implements TokenStepDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.VcfTokenBuildWrapper_displayName();
        }

        @Override
        public boolean isApplicable(AbstractProject<?, ?> item) {
            return true;
        }
    }
}
