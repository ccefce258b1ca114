package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** What a block costs when there is an access token already, as the Java runtime's own flight recorder saw it. */
@WithJenkins
class WarmBlockJenkinsTest {

    private static final String OURS = "io.jenkins.plugins.vcftoken.";
    private static final Set<String> FILES_AND_SOCKETS =
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
        assertThat(startedByUs(events)).isEmpty();
        assertThat(onPipelineThread(events)).isEmpty();
    }

    /** On the built-in node a file operation runs on the thread that asks for it, so none can hide in a channel. */
    @Test
    void tokenFiles_areNotWrittenOnThePipelineThread() throws Exception {
        run("withVcfToken(credentialsId: 'sa') { echo VCF_URL }");
        int requests = simulator.requests();
        List<RecordedEvent> events = record("for (int i = 0; i < 3; i++) {\n"
                + "withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { node { sh 'cat \"$F\"' } }\n"
                + "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh 'cat \"$F\"' } } }");
        assertThat(simulator.requests()).isEqualTo(requests);
        assertThat(events.stream().filter(WarmBlockJenkinsTest::isIo).filter(WarmBlockJenkinsTest::isOurs))
                .as("the recording sees our files being written")
                .isNotEmpty();
        assertThat(onPipelineThread(events)).isEmpty();
    }

    private List<RecordedEvent> record(String script) throws Exception {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String event : FILES_AND_SOCKETS) {
                recording.enable(event).withoutThreshold().withStackTrace();
            }
            recording.enable("jdk.ThreadStart").withStackTrace();
            recording.start();
            run(script);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events.stream().filter(WarmBlockJenkinsTest::isIo).filter(WarmBlockJenkinsTest::isPipelineThread))
                .as("the recording sees Pipeline's own files being written")
                .isNotEmpty();
        return events;
    }

    private static List<RecordedEvent> onPipelineThread(List<RecordedEvent> events) {
        List<RecordedEvent> found = new ArrayList<>();
        for (RecordedEvent event : events) {
            if (isIo(event) && isPipelineThread(event) && isOurs(event)) {
                found.add(event);
            }
        }
        return found;
    }

    private static List<RecordedEvent> startedByUs(List<RecordedEvent> events) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("jdk.ThreadStart"))
                .filter(WarmBlockJenkinsTest::isOurs)
                .toList();
    }

    private static boolean isIo(RecordedEvent event) {
        return FILES_AND_SOCKETS.contains(event.getEventType().getName());
    }

    private static boolean isPipelineThread(RecordedEvent event) {
        RecordedThread thread = event.getThread();
        String name = thread == null ? null : thread.getJavaName();
        return name != null && (name.contains("CpsFlowExecution") || name.contains("CpsVmExecutorService"));
    }

    /** Callers of the plugin may do I/O, and log lines pass the mask on their way to the disk. */
    private static boolean isOurs(RecordedEvent event) {
        if (event.getStackTrace() == null) {
            return false;
        }
        for (RecordedFrame frame : event.getStackTrace().getFrames()) {
            String type = frame.getMethod().getType().getName();
            if (type.startsWith(OURS) && !type.endsWith("Test") && !type.endsWith(".MaskingOutputStream")) {
                return !type.endsWith("TokenLauncherDecorator$1");
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
