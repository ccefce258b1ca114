package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.jenkins.support.SupportPlugin;
import com.cloudbees.jenkins.support.api.Component;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.tasks.Shell;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.binding.VcfTokenBuildWrapper;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Attack: a support bundle of the support-core plugin, created while tokens are valid. */
@WithJenkins
class SupportBundleJenkinsTest {

    private static final Logger LOGGER = Logger.getLogger("io.jenkins.plugins.vcftoken");

    @TempDir
    private Path disk;

    @AfterEach
    void stop() {
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void supportBundle_hasNoSecret(JenkinsRule jenkins) throws Exception {
        LOGGER.setLevel(Level.ALL);
        try (Simulator simulator = Simulator.start()) {
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            simulator.setLifetime(Duration.ofSeconds(2));
            fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
            fixture.addToSystem(fixture.account("lost", simulator.addAccount("other", "acme")));
            System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            jenkins.buildAndAssertStatus(Result.FAILURE, fixture.job(jenkins.jenkins, "losing", "lost"));
            FreeStyleProject freestyle = jenkins.createFreeStyleProject("freestyle");
            freestyle.getBuildWrappersList().add(new VcfTokenBuildWrapper("sa"));
            freestyle.getBuildersList().add(new Shell("echo $VCF_TOKEN"));
            jenkins.buildAndAssertSuccess(freestyle);
            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
            job.setDefinition(new CpsFlowDefinition(
                    "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) {\n"
                            + "  sh 'echo $VCF_TOKEN; cat \"$F\"; echo open; until test -e \"" + disk
                            + "/go\"; do sleep 0.2; done' } }",
                    true));
            WorkflowRun run = job.scheduleBuild2(0).waitForStart();
            jenkins.waitForMessage("open", run);

            Path bundle = disk.resolve("bundle.zip");
            List<Component> all = List.copyOf(SupportPlugin.getComponents());
            try (OutputStream out = Files.newOutputStream(bundle)) {
                SupportPlugin.writeBundle(out, all);
            }
            Files.writeString(disk.resolve("go"), "");
            jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));

            Set<String> names = unpack(bundle, disk.resolve("bundle"));
            assertThat(names)
                    .contains(
                            "nodes/master/thread-dump.txt",
                            "nodes/master/heap-histogram.txt",
                            "nodes/master/pipeline-running-builds.txt",
                            "nodes/master/system.properties");
            Path master = disk.resolve("bundle/nodes/master");
            assertThat(master.resolve("logs/all_memory_buffer.log"))
                    .content()
                    .contains("No access token for losing #1");
            assertThat(master.resolve("metrics.json")).content().contains("vcf-token.");
            SecretSweep.assertNone(simulator, disk.resolve("bundle"));
        } finally {
            LOGGER.setLevel(null);
        }
    }

    private static Set<String> unpack(Path zip, Path directory) throws Exception {
        Set<String> names = new TreeSet<>();
        try (InputStream in = Files.newInputStream(zip);
                ZipInputStream entries = new ZipInputStream(in)) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                if (!entry.isDirectory()) {
                    Path file = directory.resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    Files.copy(entries, file);
                    names.add(entry.getName());
                }
            }
        }
        return names;
    }
}
