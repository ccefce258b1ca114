package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.LauncherDecorator;
import hudson.console.ConsoleLogFilter;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;
import org.jenkinsci.plugins.workflow.steps.BodyInvoker;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;
import org.jenkinsci.plugins.workflow.steps.FailureHandler;
import org.jenkinsci.plugins.workflow.steps.GeneralNonBlockingStepExecution;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** One run of the step. Whatever may wait runs off the Pipeline's thread; the block itself only looks at memory. */
final class WithVcfTokenExecution extends GeneralNonBlockingStepExecution {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(WithVcfTokenExecution.class.getName());

    /** Between tries to get a lease back after a restart, when the system is perhaps still coming up as well. */
    private static final int REOPEN_SECONDS = 20;

    private final String credentialsId;
    private final TokenVariables variables;
    private final TokenFileMode tokenFileMode;
    private final int minimumValidity;
    private final String organization;
    private volatile TokenBlock block;

    /** Until the body may have begun; an execution that an older version saved does not know, and says it may have. */
    private volatile boolean opening = true;

    private transient volatile boolean stopped;

    WithVcfTokenExecution(StepContext context, WithVcfTokenStep step) {
        super(context);
        this.credentialsId = step.getCredentialsId();
        this.variables = step.variables();
        this.tokenFileMode = step.getTokenFileMode();
        this.minimumValidity = step.getMinimumValidity();
        this.organization = step.getOrganization();
    }

    @Override
    public boolean start() {
        run(this::open);
        return false;
    }

    private void open() throws Exception {
        String tokenError = variables.tokenError();
        if (tokenError != null) {
            throw new AbortException(tokenError);
        }
        StepContext context = getContext();
        Run<?, ?> run = context.get(Run.class);
        VcfCredentials credentials = CredentialLookup.use(credentialsId, run);
        TokenBlock opened = new TokenBlock(run, credentials, variables, tokenFileMode, context.get(TokenBlock.class));
        block = opened;
        lease(opened, credentials, run);
        try {
            writeFiles(opened);
        } catch (IOException | InterruptedException | RuntimeException e) {
            opened.close();
            throw e;
        }
        if (stopped) {
            // Perhaps before there was a block to close.
            opened.close();
            return;
        }
        opening = false;
        context.newBodyInvoker()
                .withContext(opened)
                .withContext(EnvironmentExpander.merge(
                        context.get(EnvironmentExpander.class), new TokenEnvironmentExpander(opened)))
                .withContext(BodyInvoker.mergeConsoleLogFilters(
                        context.get(ConsoleLogFilter.class), new TokenLogFilter(opened)))
                .withContext(FailureHandler.merge(context.get(FailureHandler.class), new MaskingFailureHandler(opened)))
                .withContext(BodyInvoker.mergeLauncherDecorators(
                        context.get(LauncherDecorator.class), new TokenLauncherDecorator(opened)))
                .withCallback(new Closing())
                .start();
    }

    /** Where there is a workspace already, the files are there before the first step; else see {@link TokenFileEnvironmentContributor}. */
    private void writeFiles(TokenBlock opened) throws IOException, InterruptedException {
        BlockTokenFiles files = opened.files();
        FilePath workspace = files == null ? null : getContext().get(FilePath.class);
        Computer computer = workspace == null ? null : workspace.toComputer();
        if (computer == null) {
            return;
        }
        String temporary = getContext().get(EnvVars.class).get(TokenEnvironmentExpander.TEMPORARY);
        if (temporary != null) {
            files.await(computer.getName(), temporary);
        } else {
            opened.warn(Messages.WithVcfTokenStep_noTemporary(workspace.getRemote()));
        }
    }

    private void lease(TokenBlock opened, VcfCredentials credentials, Run<?, ?> run)
            throws IOException, InterruptedException {
        try {
            StepContext context = getContext();
            opened.open(
                    credentials,
                    organization,
                    run,
                    Duration.ofMinutes(minimumValidity),
                    context.get(TaskListener.class),
                    context::saveState);
        } catch (TokenUnavailableException e) {
            LOGGER.log(Level.FINE, e, () -> "No access token for " + run);
            throw new AbortException(e.getMessage());
        }
    }

    /**
     * The block goes on after a restart once there is a lease again, or the first try to get one has failed; then with the
     * access token it had. May block, since Jenkins calls it on a thread of its own.
     */
    @Override
    public void onResume() {
        if (opening) {
            openAgain();
            return;
        }
        // Its steps were over; then the superclass fails it.
        boolean lost = blocksRestart();
        super.onResume();
        TokenBlock resumed = block;
        if (lost || resumed == null) {
            close();
            return;
        }
        resumed.resume();
        reopen(resumed, "");
        try {
            // Jenkins resumes what is within the block after this, and lets no step of the build go on before.
            resumed.awaitResumed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Jenkins went down while the first token was awaited. No step has seen anything yet, so the block begins once more. */
    private void openAgain() {
        close();
        block = null;
        run(this::open);
    }

    /** Not through {@link #run}, which would fail the step if Jenkins went down once more in the meantime. */
    private void reopen(TokenBlock resumed, String earlierTrouble) {
        Computer.threadPoolForRemoting.execute(() -> {
            if (resumed.isClosed()) {
                return;
            }
            String error;
            try {
                resumed.tell(getContext().get(TaskListener.class));
                Run<?, ?> run = getContext().get(Run.class);
                lease(resumed, CredentialLookup.find(credentialsId, run), run);
                return;
            } catch (IOException e) {
                error = String.valueOf(e.getMessage());
            } catch (InterruptedException e) {
                error = "interrupted";
            } catch (RuntimeException e) {
                // From whatever plugin provides the credential.
                LOGGER.log(Level.WARNING, e, () -> "No access token of " + credentialsId + " yet after a restart");
                error = e.toString();
            } finally {
                resumed.markResumed();
            }
            if (!error.equals(earlierTrouble)) {
                resumed.warn(error);
            }
            String logged = error;
            Timer.get().schedule(() -> reopen(resumed, logged), REOPEN_SECONDS, TimeUnit.SECONDS);
        });
    }

    /** Nothing in {@link #run} runs after this, the callback included. */
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

    private final class Closing extends TailCall {

        @Serial
        private static final long serialVersionUID = 1;

        @Override
        protected void finished(StepContext context) {
            close();
        }
    }
}
