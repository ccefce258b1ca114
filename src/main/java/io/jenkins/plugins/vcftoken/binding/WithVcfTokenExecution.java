package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.LauncherDecorator;
import hudson.Util;
import hudson.console.ConsoleLogFilter;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;
import org.jenkinsci.plugins.workflow.steps.BodyInvoker;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;
import org.jenkinsci.plugins.workflow.steps.FailureHandler;
import org.jenkinsci.plugins.workflow.steps.GeneralNonBlockingStepExecution;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** Execution of {@code withVcfToken}. Blocking operations do not run on the thread of the Pipeline. */
final class WithVcfTokenExecution extends GeneralNonBlockingStepExecution {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(WithVcfTokenExecution.class.getName());

    /** Set by steps that allocate a workspace. Containers that share the workspace mount this directory. */
    private static final String WORKSPACE_TMP = "WORKSPACE_TMP";

    /** Delay between attempts to get a lease after a restart, because the VCF system may be starting as well. */
    private static final int RETRY_SECONDS = 20;

    private final String credentialsId;
    private final String tokenVariable;
    private final String urlVariable;

    /** Null after the block has opened. */
    @CheckForNull
    private List<TokenBinding> bindings;

    private final int minimumValidity;
    private final String organization;
    private final boolean quiet;
    private volatile TokenBlock block;

    /** Whether the body has not been started. */
    private volatile boolean opening = true;

    private transient volatile boolean stopped;

    WithVcfTokenExecution(StepContext context, WithVcfTokenStep step) {
        super(context);
        this.credentialsId = step.getCredentialsId();
        this.tokenVariable = step.getTokenVariable();
        this.urlVariable = step.getUrlVariable();
        this.bindings = new ArrayList<>(step.getBindings());
        this.minimumValidity = step.getMinimumValidity();
        this.organization = step.getOrganization();
        this.quiet = step.isQuiet();
    }

    @Override
    public boolean start() {
        run(this::open);
        return false;
    }

    private void open() throws Exception {
        StepContext context = getContext();
        Run<?, ?> run = context.get(Run.class);
        VcfCredentials credentials = CredentialLookup.findAndTrack(credentialsId, run);
        TokenBlock opened =
                new TokenBlock(run, credentials, tokenVariable, urlVariable, quiet, context.get(TokenBlock.class));
        block = opened;
        openBlock(opened, credentials, run, Util.fixNull(bindings));
        try {
            awaitFiles(opened);
        } catch (IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
        if (stopped) {
            // The step may have been stopped before the block existed.
            opened.close();
            return;
        }
        opening = false;
        bindings = null;
        context.newBodyInvoker()
                .withContext(opened)
                .withContext(EnvironmentExpander.merge(
                        context.get(EnvironmentExpander.class), new TokenEnvironmentExpander(opened)))
                .withContext(BodyInvoker.mergeConsoleLogFilters(
                        context.get(ConsoleLogFilter.class), new TokenLogFilter(opened)))
                .withContext(FailureHandler.merge(context.get(FailureHandler.class), new ExceptionMasker(opened)))
                .withContext(BodyInvoker.mergeLauncherDecorators(
                        context.get(LauncherDecorator.class), new TokenAwaitingLauncherDecorator(opened)))
                .withCallback(new CloseBlock())
                .start();
    }

    /**
     * Creates the files before the first step in a workspace. Without a workspace, {@link
     * BlockTokenFiles.EnvironmentContributor} creates them.
     */
    private void awaitFiles(TokenBlock opened) throws IOException, InterruptedException {
        FilePath workspace = opened.files() == null ? null : getContext().get(FilePath.class);
        Computer computer = workspace == null ? null : workspace.toComputer();
        if (computer != null) {
            String tempDir = getContext().get(EnvVars.class).get(WORKSPACE_TMP);
            opened.awaitFiles(computer.getName(), workspace, tempDir);
        }
    }

    private void openBlock(TokenBlock opened, VcfCredentials credentials, Run<?, ?> run, List<TokenBinding> bindings)
            throws IOException, InterruptedException {
        StepContext context = getContext();
        opened.open(
                credentials,
                organization,
                run,
                Duration.ofMinutes(minimumValidity),
                bindings,
                context.get(TaskListener.class),
                context::saveState);
    }

    /**
     * Returns after the first attempt to get a lease. If it fails, the block continues with the saved access token.
     * Jenkins calls this on a thread that may block, and then resumes the steps of the block.
     */
    @Override
    public void onResume() {
        if (opening) {
            // No step has used an access token.
            close();
            block = null;
            run(this::open);
            return;
        }
        // True if the body has ended; the superclass then fails the step.
        boolean ended = blocksRestart();
        super.onResume();
        TokenBlock resumed = block;
        if (ended || resumed == null) {
            close();
            return;
        }
        resumed.markResuming();
        reopen(resumed, "");
        try {
            resumed.awaitResumed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does not use {@link #run}, which would fail the step after another restart. */
    private void reopen(TokenBlock resumed, String earlierError) {
        Computer.threadPoolForRemoting.execute(() -> {
            if (resumed.isClosed()) {
                return;
            }
            String error;
            try {
                resumed.setListener(getContext().get(TaskListener.class));
                Run<?, ?> run = getContext().get(Run.class);
                openBlock(resumed, CredentialLookup.find(credentialsId, run), run, List.of());
                return;
            } catch (IOException e) {
                error = String.valueOf(e.getMessage());
            } catch (InterruptedException e) {
                error = "interrupted";
            } catch (RuntimeException e) {
                // May be thrown by the plugin that provides the credential.
                LOGGER.log(Level.WARNING, e, () -> "No access token of " + credentialsId + " yet after a restart");
                error = e.toString();
            } finally {
                resumed.markResumed();
            }
            if (!error.equals(earlierError)) {
                resumed.warn(error);
            }
            String logged = error;
            Timer.get().schedule(() -> reopen(resumed, logged), RETRY_SECONDS, TimeUnit.SECONDS);
        });
    }

    /** Closes the block here, because after a stop the superclass does not run the callback of the body. */
    @Override
    public void stop(@NonNull Throwable cause) throws Exception {
        stopped = true;
        super.stop(cause);
        close();
    }

    private void close() {
        TokenBlock closing = block;
        if (closing != null) {
            closing.close();
        }
    }

    private final class CloseBlock extends TailCall {

        @Serial
        private static final long serialVersionUID = 1;

        @Override
        protected void finished(StepContext context) {
            close();
        }
    }

    /** Adds the current tokens to the environment of each step. Called on the thread of the Pipeline; does no I/O. */
    private static final class TokenEnvironmentExpander extends EnvironmentExpander {

        @Serial
        private static final long serialVersionUID = 1;

        private final TokenBlock block;

        TokenEnvironmentExpander(TokenBlock block) {
            this.block = block;
        }

        @Override
        public void expand(@NonNull EnvVars env) {
            block.contribute(env);
            String tempDir = env.get(WORKSPACE_TMP);
            if (tempDir != null) {
                block.contributePaths(env, tempDir);
            }
        }

        @NonNull
        @Override
        public Set<String> getSensitiveVariables() {
            return block.secretVariables();
        }
    }
}
