package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
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
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * "Provide a VCF token to the build" in freestyle projects, the counterpart of {@code withVcfToken}. Not a {@code
 * SimpleBuildWrapper}, because only a classic {@code BuildWrapper} contributes to the environment of each build step,
 * which needs the current access token. Has the fields of {@link WithVcfTokenStep}.
 */
public final class VcfTokenBuildWrapper extends BuildWrapper {

    /** In minutes. */
    public static final int DEFAULT_MINIMUM_VALIDITY = (int) VcfTokenService.DEFAULT_MINIMUM_VALIDITY.toMinutes();

    private static final List<String> FIELDS = List.of(
            "credentialsId", "organization", "tokenVariable", "urlVariable", "bindings", "minimumValidity", "quiet");

    private final String credentialsId;
    private String tokenVariable = BlockVariables.DEFAULT_TOKEN;
    private String urlVariable = BlockVariables.DEFAULT_URL;

    private List<TokenBinding> bindings = new ArrayList<>();

    private int minimumValidity = DEFAULT_MINIMUM_VALIDITY;
    private boolean quiet;

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

    @DataBoundSetter
    public void setTokenVariable(@CheckForNull String tokenVariable) {
        this.tokenVariable = BlockVariables.orDefault(tokenVariable, BlockVariables.DEFAULT_TOKEN);
    }

    public String getUrlVariable() {
        return urlVariable;
    }

    @DataBoundSetter
    public void setUrlVariable(@CheckForNull String urlVariable) {
        this.urlVariable = BlockVariables.orDefault(urlVariable, BlockVariables.DEFAULT_URL);
    }

    public List<TokenBinding> getBindings() {
        return bindings;
    }

    @DataBoundSetter
    public void setBindings(@CheckForNull List<TokenBinding> bindings) {
        this.bindings = new ArrayList<>(Util.fixNull(bindings));
    }

    public Integer getMinimumValidity() {
        return minimumValidity;
    }

    @DataBoundSetter
    public void setMinimumValidity(@CheckForNull Integer minimumValidity) {
        this.minimumValidity = minimumValidity == null ? DEFAULT_MINIMUM_VALIDITY : Math.max(0, minimumValidity);
    }

    public boolean isQuiet() {
        return quiet;
    }

    @DataBoundSetter
    public void setQuiet(boolean quiet) {
        this.quiet = quiet;
    }

    public String getOrganization() {
        return Util.fixNull(organization);
    }

    @DataBoundSetter
    public void setOrganization(@CheckForNull String organization) {
        this.organization = Util.fixEmptyAndTrim(organization);
    }

    @Override
    @SuppressWarnings("rawtypes") // raw type in the overridden method
    public Environment setUp(AbstractBuild build, Launcher launcher, BuildListener listener)
            throws IOException, InterruptedException {
        VcfCredentials credentials = CredentialLookup.findAndTrack(credentialsId, build);
        TokenBlock block = new TokenBlock(build, credentials, tokenVariable, urlVariable, quiet, null);
        TokenBlockRegistry.get().maskInLog(build, block);
        block.open(
                credentials, getOrganization(), build, Duration.ofMinutes(minimumValidity), bindings, listener, null);
        try {
            FilePath workspace = build.getWorkspace();
            FilePath directory = workspace == null ? null : WorkspaceList.tempDir(workspace);
            String tempDir = directory == null ? null : directory.getRemote();
            if (workspace != null) {
                block.awaitFiles(build.getBuiltOnStr(), workspace, tempDir);
            }
            return new BuildEnvironment(block, tempDir);
        } catch (IOException | InterruptedException | RuntimeException e) {
            block.close();
            throw e;
        }
    }

    /** Jenkins calls this before {@link #setUp}, and writes to the log after the block is closed. */
    @Override
    @SuppressWarnings("rawtypes") // raw type in the overridden method
    public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
        TokenBlockRegistry registry = TokenBlockRegistry.get();
        return new MaskingOutputStream(logger, text -> registry.maskLog(build, text), build.getCharset());
    }

    @Override
    @SuppressWarnings("rawtypes") // raw type in the overridden method
    public void makeSensitiveBuildVariables(AbstractBuild build, Set<String> sensitiveVariables) {
        sensitiveVariables.add(tokenVariable);
        sensitiveVariables.addAll(TokenBlockRegistry.get().secretVariables(build));
    }

    private final class BuildEnvironment extends Environment {

        private final TokenBlock block;

        @CheckForNull
        private final String tempDir;

        BuildEnvironment(TokenBlock block, @CheckForNull String tempDir) {
            this.block = block;
            this.tempDir = tempDir;
        }

        @Override
        public void buildEnvVars(Map<String, String> env) {
            Map<String, String> added = new HashMap<>();
            try {
                block.awaitValidToken(added);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            block.contribute(added);
            if (tempDir != null) {
                block.contributePaths(added, tempDir);
            }
            // Escaped twice, because Jenkins expands variables twice before a process starts.
            added.forEach((name, value) -> env.put(name, value.replace("$", "$$$$")));
        }

        @Override
        @SuppressWarnings("rawtypes") // raw type in the overridden method
        public boolean tearDown(AbstractBuild build, BuildListener listener) {
            block.close();
            return true;
        }
    }

    @Extension
    @Symbol("vcfToken")
    public static final class DescriptorImpl extends BuildWrapperDescriptor implements TokenBlockDescriptor {

        /** Uses the help files of the step. */
        public DescriptorImpl() {
            for (String field : FIELDS) {
                addHelpFileRedirect(field, WithVcfTokenStep.class, field);
            }
        }

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
