package io.jenkins.plugins.vcftoken.bench;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.binding.TokenBlock;
import io.jenkins.plugins.vcftoken.binding.TokenLogFilter;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.flow.FlowDurabilityHint;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.job.properties.DurabilityHintJobProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** CPU and allocation profiles of the two hot paths, with the JDK Flight Recorder. */
@WithJenkins
class JenkinsProfileBench {

    private static final String PLUGIN_PACKAGE = "io.jenkins.plugins.vcftoken.";
    private static final int MAX_ROWS = 8;

    @TempDir
    private Path directory;

    private JenkinsRule jenkins;

    @BeforeEach
    void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @Test
    void warmBlock() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            JenkinsAccount.add(simulator, "sa");
            SystemCredentialsProvider.getInstance()
                    .getCredentials()
                    .add(new StringCredentialsImpl(
                            CredentialsScope.GLOBAL, "text", null, Secret.fromString("b".repeat(300))));
            String ours = "withVcfToken(credentialsId: 'sa')";
            String theirs = "withCredentials([string(credentialsId: 'text', variable: 'T')])";
            for (FlowDurabilityHint durability :
                    List.of(FlowDurabilityHint.PERFORMANCE_OPTIMIZED, FlowDurabilityHint.MAX_SURVIVABILITY)) {
                boolean isForced = durability == FlowDurabilityHint.MAX_SURVIVABILITY;
                int blocks = Boolean.getBoolean("bench.tiny") ? 100 : isForced || Report.isQuick() ? 300 : 1000;
                // Warm-up for the JIT compiler.
                jenkins.buildAndAssertSuccess(job(durability, blocks, ours));
                jenkins.buildAndAssertSuccess(job(durability, blocks, theirs));
                String how = ", " + durability.name().toLowerCase(Locale.ROOT).replace('_', ' ');
                WorkflowJob one = job(durability, blocks, ours);
                profile("a withVcfToken block with a cached token, " + blocks + " in a row" + how, () -> jenkins.buildAndAssertSuccess(one));
                WorkflowJob other = job(durability, blocks, theirs);
                profile(
                        "a block of withCredentials, " + blocks + " in a row" + how,
                        () -> jenkins.buildAndAssertSuccess(other));
            }
        }
    }

    private WorkflowJob job(FlowDurabilityHint durability, int blocks, String head) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.addProperty(new DurabilityHintJobProperty(durability));
        job.setDefinition(new CpsFlowDefinition("for (int i = 0; i < " + blocks + "; i++) { " + head + " { } }", true));
        return job;
    }

    @Test
    void masking() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            JenkinsAccount.add(simulator, "sa");
            WorkflowJob job = jenkins.createProject(WorkflowJob.class);
            job.setDefinition(new CpsFlowDefinition("", true));
            WorkflowRun run = jenkins.buildAndAssertSuccess(job);
            VcfCredentials credential = (VcfCredentials)
                    SystemCredentialsProvider.getInstance().getCredentials().get(0);
            TokenBlock block = new TokenBlock(run, credential, "VCF_TOKEN", "VCF_URL", false, null);
            List<String> accessTokens = JenkinsBench.accessTokens(100);
            Instant now = Instant.now();
            accessTokens.forEach(
                    accessToken -> block.beforePublish(new AccessToken(accessToken, now, now.plusSeconds(60))));
            byte[] log = JenkinsBench.log(accessTokens.get(0), 2_000_000);
            int times = Boolean.getBoolean("bench.tiny") ? 4 : Report.isQuick() ? 40 : 200;
            Callable<Object> mask = () -> {
                try (OutputStream masked = new TokenLogFilter(block)
                        .decorateLogger((hudson.model.AbstractBuild<?, ?>) null, OutputStream.nullOutputStream())) {
                    for (int i = 0; i < times; i++) {
                        masked.write(log);
                    }
                }
                return null;
            };
            mask.call();
            profile("masking " + 2 * times + " MB with 100 access tokens", mask);
        }
    }

    private void profile(String what, Callable<?> work) throws Exception {
        Path file = directory.resolve("profile.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10));
            recording.enable("jdk.ObjectAllocationSample").with("throttle", "1000/s");
            recording.start();
            work.call();
            recording.stop();
            recording.dump(file);
        }
        Map<String, Double> time = new HashMap<>();
        Map<String, Double> owners = new HashMap<>();
        Map<String, Double> memory = new HashMap<>();
        Map<String, Double> stacks = new HashMap<>();
        for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
            if (event.getStackTrace() == null || isFlightRecorder(event)) {
                continue;
            }
            List<RecordedFrame> frames = event.getStackTrace().getFrames();
            boolean sampled = event.getEventType().getName().equals("jdk.ExecutionSample");
            double weight = sampled ? 1 : event.getLong("weight");
            (sampled ? time : memory).merge(pluginMethod(frames), weight, Double::sum);
            if (sampled) {
                owners.merge(owner(frames), 1.0, Double::sum);
                stacks.merge(collapsed(frames), 1.0, Double::sum);
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add("### Profile: " + what);
        table(lines, "running code (samples)", owners);
        table(lines, "innermost method of this plugin on the stack (samples)", time);
        table(lines, "same, by allocated memory", memory);
        String name = what.replaceAll("[^a-z0-9]+", "-");
        Files.createDirectories(Path.of("target", "bench"));
        Files.write(Path.of("target", "bench", name + ".profile"), lines);
        // Input for flame graph tools.
        Files.write(
                Path.of("target", "bench", name + ".collapsed"),
                stacks.entrySet().stream()
                        .map(stack -> stack.getKey() + ' ' + stack.getValue().longValue())
                        .toList());
    }

    /** Whether a sample belongs to the recorder. */
    private static boolean isFlightRecorder(RecordedEvent event) {
        return event.getStackTrace().getFrames().stream()
                .anyMatch(frame -> frame.getMethod().getType().getName().startsWith("jdk.jfr."));
    }

    private static void table(List<String> lines, String title, Map<String, Double> shares) {
        double all = shares.values().stream().mapToDouble(Double::doubleValue).sum();
        lines.add("");
        lines.add("| share | " + title + " |");
        lines.add("|---|---|");
        shares.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .limit(MAX_ROWS)
                .forEach(one -> lines.add(
                        String.format(Locale.ROOT, "| %.1f %% | %s |", 100 * one.getValue() / all, one.getKey())));
    }

    private static String pluginMethod(List<RecordedFrame> frames) {
        for (RecordedFrame frame : frames) {
            String type = frame.getMethod().getType().getName();
            if (type.startsWith(PLUGIN_PACKAGE) && !type.startsWith(PLUGIN_PACKAGE + "bench") && !type.startsWith(PLUGIN_PACKAGE + "simulator")) {
                return '`'
                        + type.substring(PLUGIN_PACKAGE.length())
                        + '.'
                        + frame.getMethod().getName()
                        + '`';
            }
        }
        return "none of this plugin";
    }

    /** Package of the first frame outside the JDK. */
    private static String owner(List<RecordedFrame> frames) {
        for (RecordedFrame frame : frames) {
            String type = frame.getMethod().getType().getName();
            if (!type.matches("(java|javax|jdk|sun|com\\.sun)\\..*")) {
                String[] parts = type.split("\\.");
                int length = type.startsWith("org.jenkinsci.plugins.") ? 4 : type.startsWith(PLUGIN_PACKAGE) ? 5 : 3;
                return String.join(".", List.of(parts).subList(0, Math.min(length, parts.length - 1)));
            }
        }
        return "the JDK";
    }

    private static String collapsed(List<RecordedFrame> frames) {
        StringBuilder stack = new StringBuilder();
        for (int i = frames.size() - 1; i >= 0; i--) {
            stack.append(stack.isEmpty() ? "" : ";")
                    .append(frames.get(i).getMethod().getType().getName())
                    .append('.')
                    .append(frames.get(i).getMethod().getName());
        }
        return stack.toString();
    }
}
