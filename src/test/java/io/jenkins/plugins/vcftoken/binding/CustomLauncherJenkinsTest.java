package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Launcher;
import hudson.LauncherDecorator;
import hudson.Proc;
import hudson.model.Node;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.steps.BodyExecutionCallback;
import org.jenkinsci.plugins.workflow.steps.BodyInvoker;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;
import org.kohsuke.stapler.DataBoundConstructor;

/** Blocks with a step that replaces the launcher, like {@code container} of the Kubernetes plugin. */
class CustomLauncherJenkinsTest {

    private static final Duration LIFETIME = Duration.ofSeconds(8);

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @TempDir
    private Path disk;

    @Test
    void steps_afterAnOutageLongerThanTheLifetime_haveAValidToken() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(LIFETIME);
            sessions.then(rule -> {
                JenkinsAccount.add(simulator, "sa");
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition(
                        "node { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) { customLauncher {\n"
                                + "  echo 'ready'\n"
                                + "  while (!new File('" + disk.resolve("go") + "').exists()) { sleep 1 }\n"
                                + "  new File('" + disk.resolve("token") + "').text = env.VCF_TOKEN\n"
                                + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\""
                                + " $VCF_URL/deployment/api/deployments'\n"
                                + "  sh 'curl --fail --silent -H @\"$H\" $VCF_URL/deployment/api/deployments'\n"
                                + "} } }",
                        false));
                rule.waitForMessage("ready", job.scheduleBuild2(0).waitForStart());
            });
            Instant stopped = Instant.now();
            JenkinsAndSimulator.await(
                    "the token has expired", () -> Instant.now().isAfter(stopped.plus(LIFETIME)));
            int before = simulator.accessTokens().size();
            Files.writeString(disk.resolve("go"), "");
            simulator.setDelay(Duration.ofSeconds(3));
            sessions.then(rule -> {
                WorkflowRun run =
                        rule.jenkins.getItemByFullName("job", WorkflowJob.class).getBuildByNumber(1);
                rule.assertBuildStatusSuccess(rule.waitForCompletion(run));
            });
            assertThat(simulator
                            .accessTokens()
                            .subList(before, simulator.accessTokens().size()))
                    .as("token of a step on the controller")
                    .contains(Files.readString(disk.resolve("token")));
            assertThat(simulator.served()).isEqualTo(2);
            assertThat(simulator.unauthorized()).isZero();
        }
    }

    /** Another thread writes the files as soon as the first step has a workspace. */
    @Test
    void firstStep_inANodeInsideTheBlock_hasItsFile() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            sessions.then(rule -> {
                JenkinsAccount.add(simulator, "sa");
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition(
                        "withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) { for (int i = 1; i <= 5; i++) {\n"
                                + "  node { ws(\"space-$i\") { customLauncher {\n"
                                + "    sh 'curl --fail --silent -H @\"$H\" $VCF_URL/deployment/api/deployments'\n"
                                + "} } } } }",
                        true));
                rule.buildAndAssertSuccess(job);
            });
            assertThat(simulator.served()).isEqualTo(5);
        }
    }

    /** Starts processes without the launcher decorators of the steps around it. */
    public static final class CustomLauncherStep extends Step {

        @DataBoundConstructor
        public CustomLauncherStep() {
            // No parameters.
        }

        @Override
        public StepExecution start(StepContext context) {
            return new CustomLauncherExecution(context);
        }

        @TestExtension
        public static final class DescriptorImpl extends StepDescriptor {
            @Override
            public String getFunctionName() {
                return "customLauncher";
            }

            @Override
            public boolean takesImplicitBlockArgument() {
                return true;
            }

            @Override
            public Set<? extends Class<?>> getRequiredContext() {
                return Set.of(Node.class);
            }
        }
    }

    private static final class CustomLauncherExecution extends StepExecution {

        private static final long serialVersionUID = 1;

        CustomLauncherExecution(StepContext context) {
            super(context);
        }

        @Override
        public boolean start() throws Exception {
            getContext()
                    .newBodyInvoker()
                    .withContext(BodyInvoker.mergeLauncherDecorators(
                            getContext().get(LauncherDecorator.class), new CustomLauncherDecorator()))
                    .withCallback(BodyExecutionCallback.wrap(getContext()))
                    .start();
            return false;
        }
    }

    private static final class CustomLauncherDecorator extends LauncherDecorator implements Serializable {

        private static final long serialVersionUID = 1;

        @NonNull
        @Override
        public Launcher decorate(@NonNull Launcher launcher, @NonNull Node node) {
            return new Launcher.DecoratedLauncher(launcher) {
                @Override
                public Proc launch(ProcStarter starter) throws IOException {
                    return node.createLauncher(TaskListener.NULL).launch(starter);
                }
            };
        }
    }
}
