package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Requests, threads and I/O of a block with a cached access token, as recorded by JDK Flight Recorder. */
@WithJenkins
class CachedTokenBlockJenkinsTest {

    private static final String PACKAGE = "io.jenkins.plugins.vcftoken.";
    private static final Set<String> IO_EVENTS =
            Set.of("jdk.FileRead", "jdk.FileWrite", "jdk.FileForce", "jdk.SocketRead", "jdk.SocketWrite");

    @TempDir
    private Path directory;

    private JenkinsRule jenkins;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        JenkinsAccount.add(simulator, "sa");
        JenkinsAccount.trust(simulator.authorityPem());
    }

    @Test
    void block_withCachedAccessToken_sendsNoRequestStartsNoThreadAndDoesNoIoOnThePipelineThread() throws Exception {
        run("withVcfToken(credentialsId: 'sa') { echo VCF_URL }");
        int requests = simulator.requests();
        List<RecordedEvent> events = record("for (int i = 0; i < 20; i++) { withVcfToken(credentialsId: 'sa') {\n"
                + " echo env.VCF_TOKEN_EXPIRES_AT\n withEnv(['A=b']) { echo VCF_URL } } }");
        assertThat(simulator.requests()).isEqualTo(requests);
        assertThat(threadsOfPlugin(events)).isEmpty();
        assertThat(ioOfPluginOnPipelineThread(events)).isEmpty();
    }

    /** On the built-in node, file operations run on the calling thread, so that the recording has their callers. */
    @Test
    void tokenFiles_areNotWrittenOnThePipelineThread() throws Exception {
        run("withVcfToken(credentialsId: 'sa') { echo VCF_URL }");
        int requests = simulator.requests();
        List<RecordedEvent> events = record("for (int i = 0; i < 3; i++) {\n"
                + "withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { node { sh 'cat \"$F\"' } }\n"
                + "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh 'cat \"$F\"' } } }");
        assertThat(simulator.requests()).isEqualTo(requests);
        assertThat(events.stream()
                        .filter(CachedTokenBlockJenkinsTest::isIo)
                        .filter(CachedTokenBlockJenkinsTest::isCausedByPlugin))
                .as("recorded writes of token files")
                .isNotEmpty();
        assertThat(ioOfPluginOnPipelineThread(events)).isEmpty();
    }

    private List<RecordedEvent> record(String script) throws Exception {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String event : IO_EVENTS) {
                recording.enable(event).withoutThreshold().withStackTrace();
            }
            recording.enable("jdk.ThreadStart").withStackTrace();
            recording.start();
            run(script);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events.stream()
                        .filter(CachedTokenBlockJenkinsTest::isIo)
                        .filter(CachedTokenBlockJenkinsTest::isPipelineThread))
                .as("recorded writes of Pipeline")
                .isNotEmpty();
        return events;
    }

    private static List<RecordedEvent> ioOfPluginOnPipelineThread(List<RecordedEvent> events) {
        return events.stream()
                .filter(event -> isIo(event) && isPipelineThread(event) && isCausedByPlugin(event))
                .toList();
    }

    private static List<RecordedEvent> threadsOfPlugin(List<RecordedEvent> events) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("jdk.ThreadStart"))
                .filter(CachedTokenBlockJenkinsTest::isCausedByPlugin)
                .toList();
    }

    private static boolean isIo(RecordedEvent event) {
        return IO_EVENTS.contains(event.getEventType().getName());
    }

    private static boolean isPipelineThread(RecordedEvent event) {
        RecordedThread thread = event.getThread();
        String name = thread == null ? null : thread.getJavaName();
        return name != null && (name.contains("CpsFlowExecution") || name.contains("CpsVmExecutorService"));
    }

    /** Ignores I/O of Jenkins to which the plugin's log streams and launchers delegate. */
    private static boolean isCausedByPlugin(RecordedEvent event) {
        if (event.getStackTrace() == null) {
            return false;
        }
        for (RecordedFrame frame : event.getStackTrace().getFrames()) {
            String type = frame.getMethod().getType().getName();
            if (type.startsWith(PACKAGE) && !type.endsWith("Test") && !type.endsWith(".MaskingOutputStream")) {
                return !type.endsWith("TokenAwaitingLauncherDecorator$1");
            }
        }
        return false;
    }

    private void run(String script) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(script, true));
        WorkflowRun run = jenkins.buildAndAssertSuccess(job);
        assertThat(Files.exists(run.getRootDir().toPath())).isTrue();
    }
}
