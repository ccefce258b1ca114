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

/** Within the block, a step like Kubernetes' {@code container} starts processes in a way of its own. */
class ContainerRestartJenkinsTest {

    private static final Duration LIFETIME = Duration.ofSeconds(8);

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @TempDir
    private Path disk;

    @Test
    void stepsInAContainer_afterAnOutageLongerThanTheTokensLife_haveALiveOne() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(LIFETIME);
            sessions.then(rule -> {
                JenkinsAccount.add(simulator, "sa");
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition(
                        "node { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) { ownLaunch {\n"
                                + "  echo 'ready'\n"
                                + "  while (!new File('" + disk.resolve("go") + "').exists()) { sleep 1 }\n"
                                + "  new File('" + disk.resolve("seen") + "').text = env.VCF_TOKEN\n"
                                + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\""
                                + " $VCF_URL/deployment/api/deployments'\n"
                                + "  sh 'curl --fail --silent -H @\"$H\" $VCF_URL/deployment/api/deployments'\n"
                                + "} } }",
                        false));
                rule.waitForMessage("ready", job.scheduleBuild2(0).waitForStart());
            });
            Instant down = Instant.now();
            JenkinsAndSimulator.await(
                    "the token has expired", () -> Instant.now().isAfter(down.plus(LIFETIME)));
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
                    .as("what a step on the controller saw")
                    .contains(Files.readString(disk.resolve("seen")));
            assertThat(simulator.served()).isEqualTo(2);
            assertThat(simulator.unauthorized()).isZero();
        }
    }

    /** The files are written on another thread, as soon as the first step has a workspace. */
    @Test
    void firstStepInAContainer_inANodeWithinTheBlock_hasItsFile() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            sessions.then(rule -> {
                JenkinsAccount.add(simulator, "sa");
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition(
                        "withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) { for (int i = 1; i <= 5; i++) {\n"
                                + "  node { ws(\"space-$i\") { ownLaunch {\n"
                                + "    sh 'curl --fail --silent -H @\"$H\" $VCF_URL/deployment/api/deployments'\n"
                                + "} } } } }",
                        true));
                rule.buildAndAssertSuccess(job);
            });
            assertThat(simulator.served()).isEqualTo(5);
        }
    }

    /** A step that starts processes without the decorators around it. */
    public static final class OwnLaunchStep extends Step {

        @DataBoundConstructor
        public OwnLaunchStep() {
            // No parameters.
        }

        @Override
        public StepExecution start(StepContext context) {
            return new Execution(context);
        }

        /** The step as Pipeline knows it. */
        @TestExtension
        public static final class DescriptorImpl extends StepDescriptor {
            @Override
            public String getFunctionName() {
                return "ownLaunch";
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

    private static final class Execution extends StepExecution {

        private static final long serialVersionUID = 1;

        Execution(StepContext context) {
            super(context);
        }

        @Override
        public boolean start() throws Exception {
            getContext()
                    .newBodyInvoker()
                    .withContext(BodyInvoker.mergeLauncherDecorators(
                            getContext().get(LauncherDecorator.class), new OwnLaunch()))
                    .withCallback(BodyExecutionCallback.wrap(getContext()))
                    .start();
            return false;
        }
    }

    private static final class OwnLaunch extends LauncherDecorator implements Serializable {

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
