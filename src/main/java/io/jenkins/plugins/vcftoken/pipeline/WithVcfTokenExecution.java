package io.jenkins.plugins.vcftoken.pipeline;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.console.ConsoleLogFilter;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.Serial;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
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

    private final String credentialsId;
    private final String tokenVariable;
    private final String urlVariable;
    private final String organization;
    private volatile OpenBlock block;

    WithVcfTokenExecution(StepContext context, WithVcfTokenStep step) {
        super(context);
        this.credentialsId = step.getCredentialsId();
        this.tokenVariable = step.getTokenVariable();
        this.urlVariable = step.getUrlVariable();
        this.organization = step.getOrganization();
    }

    @Override
    public boolean start() {
        run(this::open);
        return false;
    }

    private void open() throws Exception {
        String problem = WithVcfTokenStep.problemWith(tokenVariable, urlVariable);
        if (problem != null) {
            throw new AbortException(problem);
        }
        StepContext context = getContext();
        Run<?, ?> run = context.get(Run.class);
        VcfCredentials credentials = credentials(run);
        OpenBlock opened = new OpenBlock(
                tokenVariable,
                urlVariable,
                credentials.getUrl(),
                run.getCharset().name());
        block = opened;
        lease(opened, credentials, run);
        CredentialsProvider.track(run, credentials);
        context.newBodyInvoker()
                .withContext(
                        EnvironmentExpander.merge(context.get(EnvironmentExpander.class), new BlockEnvironment(opened)))
                .withContext(
                        BodyInvoker.mergeConsoleLogFilters(context.get(ConsoleLogFilter.class), new BearerMask(opened)))
                .withContext(FailureHandler.merge(context.get(FailureHandler.class), new BearerFailureMask(opened)))
                .withCallback(new Closing())
                .start();
    }

    private VcfCredentials credentials(Run<?, ?> run) throws AbortException {
        IdCredentials found =
                CredentialsProvider.findCredentialById(credentialsId, IdCredentials.class, run, List.of());
        if (found == null) {
            throw new AbortException(Messages.WithVcfTokenStep_notFound(credentialsId));
        }
        if (!(found instanceof VcfCredentials credentials)) {
            throw new AbortException(Messages.WithVcfTokenStep_otherKind(
                    credentialsId, found.getDescriptor().getDisplayName()));
        }
        return credentials;
    }

    private void lease(OpenBlock opened, VcfCredentials credentials, Run<?, ?> run)
            throws IOException, InterruptedException {
        try {
            opened.reportTo(getContext().get(TaskListener.class));
            opened.hold(VcfTokens.get()
                    .open(credentials, organization, run.getParent(), VcfTokens.DEFAULT_MINIMUM_VALIDITY, opened));
        } catch (FamilyException e) {
            LOGGER.log(Level.FINE, e, () -> "No bearer for " + run);
            throw new AbortException(e.getMessage());
        }
    }

    /** The block goes on after a restart: with the bearer it had, until there is a lease again. */
    @Override
    public void onResume() {
        super.onResume();
        OpenBlock resumed = block;
        if (resumed == null) {
            return;
        }
        run(() -> {
            try {
                Run<?, ?> run = getContext().get(Run.class);
                lease(resumed, credentials(run), run);
            } catch (AbortException e) {
                resumed.warn(e.getMessage());
            }
        });
    }

    /** Nothing in {@link #run} runs after this, the callback included. */
    @Override
    public void stop(@NonNull Throwable cause) throws Exception {
        super.stop(cause);
        close();
    }

    private void close() {
        OpenBlock closing = block;
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
