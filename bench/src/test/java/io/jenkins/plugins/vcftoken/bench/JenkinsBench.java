package io.jenkins.plugins.vcftoken.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import hudson.model.TaskListener;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.binding.HeaderFileBinding;
import io.jenkins.plugins.vcftoken.binding.OrganizationNameBinding;
import io.jenkins.plugins.vcftoken.binding.TerraformBinding;
import io.jenkins.plugins.vcftoken.binding.TokenBinding;
import io.jenkins.plugins.vcftoken.binding.TokenBlock;
import io.jenkins.plugins.vcftoken.binding.TokenLogFilter;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.credentialsbinding.masking.SecretPatterns;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.flow.FlowDurabilityHint;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.job.properties.DurabilityHintJobProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Cost of blocks, masking and rotations on a real Jenkins, compared with similar plugins. */
@WithJenkins
class JenkinsBench {

    private static final Report REPORT = new Report("jenkins");
    private static final Duration MINIMUM_VALIDITY = Duration.ofMinutes(1);
    private static final String BINDINGS = "[organization('VCF_ORG'), terraform(), headerFile('VCF_HEADER_FILE')]";
    private static final Pattern TOOK = Pattern.compile("took (\\d+)");

    private static final int LOG_CHUNK = 2_000_000;

    private static final LeaseOwnerCallback OWNER = new LeaseOwnerCallback() {
        public String displayName() {
            return "bench";
        }

        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {
            throw new IllegalStateException(message);
        }
    };

    @TempDir
    private Path directory;

    private JenkinsRule jenkins;
    private Simulator simulator;

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator = Simulator.start();
        JenkinsAccount.add(simulator, "sa");
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isLessThanOrEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    /** Default durability: Jenkins forces each step to disk, which dominates the result. */
    @Test
    void warmBlocksInARow() throws Exception {
        warmBlocks(jenkins.createProject(WorkflowJob.class), "", Report.sizes(30, 100, 300), false);
    }

    /** Without forced writes, to show the cost of the plugins themselves. */
    @Test
    void warmBlocksInARowWithoutTheDisk() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.addProperty(new DurabilityHintJobProperty(FlowDurabilityHint.PERFORMANCE_OPTIMIZED));
        warmBlocks(job, ", performance-optimized", Report.sizes(30, 100, 300), true);
    }

    private void warmBlocks(WorkflowJob job, String durability, int[] sizes, boolean withPeers) throws Exception {
        add(new StringCredentialsImpl(CredentialsScope.GLOBAL, "text", null, Secret.fromString("b".repeat(300))));
        try (JenkinsPeers peers = withPeers ? new JenkinsPeers() : null) {
            Map<String, String> others = peers == null ? Map.of() : peers.blocks();
            List<String> names = List.copyOf(others.keySet());
            for (int count : sizes) {
                List<Samples.Measurement> measurements = new ArrayList<>();
                measurements.add(() -> blocks(job, count, "withEnv([])"));
                measurements.add(() -> blocks(job, count, "withVcfToken(credentialsId: 'sa')"));
                measurements.add(() -> blocks(job, count, "withVcfToken(credentialsId: 'sa', bindings: " + BINDINGS + ")"));
                measurements.add(() -> blocks(job, count, "withCredentials([string(credentialsId: 'text', variable: 'T')])"));
                for (String head : others.values()) {
                    measurements.add(() -> blocks(job, count, head));
                }
                int grants = simulator.grants();
                int peerRequests = peers == null ? 0 : peers.requests();
                List<Samples> results = Samples.interleave(
                        count == sizes[0] ? 2 : 0, Report.rounds(), measurements.toArray(Samples.Measurement[]::new));
                assertThat(simulator.grants()).isLessThanOrEqualTo(grants + 1);
                Samples empty = results.get(0).scale(1.0 / count);
                Samples ours = results.get(1).scale(1.0 / count).minusMedian(empty);
                Samples theirs = results.get(3).scale(1.0 / count).minusMedian(empty);
                REPORT.add(new Row("empty `withEnv` block" + durability, count, "blocks", "ms", empty));
                REPORT.add(new Row("additional time of a `withVcfToken` block with a cached token" + durability, count, "blocks", "ms", ours)
                        .comparedTo("`withCredentials`", theirs)
                        .ratioAtMost(0.5));
                Samples bound = results.get(2).scale(1.0 / count).minusMedian(empty);
                REPORT.add(new Row("same with three bindings" + durability, count, "blocks", "ms", bound)
                        .comparedTo("`withCredentials`", theirs)
                        .ratioAtMost(0.8));
                if (peers != null && peers.requests() > peerRequests) {
                    REPORT.note("for " + Report.rounds() + " times " + count + " blocks of each, the peers sent "
                            + (peers.requests() - peerRequests) + " requests, this plugin " + (simulator.grants() - grants));
                }
                for (int i = 0; i < names.size(); i++) {
                    Samples peer = results.get(4 + i).scale(1.0 / count).minusMedian(empty);
                    REPORT.add(new Row("same compared to " + names.get(i), count, "blocks", "ms", ours)
                            .comparedTo("peer", peer)
                            .ratioAtMost(1.0));
                }
            }
        }
    }

    /** @return milliseconds */
    private double blocks(WorkflowJob job, int count, String head) throws Exception {
        return timeOf(job, "for (int i = 0; i < " + count + "; i++) { " + head + " { } }");
    }

    private double timeOf(WorkflowJob job, String script) throws Exception {
        String timed = "long start = System.nanoTime()\n" + script + "\necho 'took ' + (System.nanoTime() - start)";
        job.setDefinition(new CpsFlowDefinition(timed, false));
        org.jenkinsci.plugins.scriptsecurity.scripts.ScriptApproval.get().preapproveAll();
        WorkflowRun run = jenkins.buildAndAssertSuccess(job);
        Matcher matcher = TOOK.matcher(JenkinsRule.getLog(run));
        assertThat(matcher.find()).isTrue();
        double millis = Long.parseLong(matcher.group(1)) / 1e6;
        run.delete();
        return millis;
    }

    /** Time from the request of a block to its access token. */
    @Test
    void coldBlock() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        OkHttpBaseline bare = new OkHttpBaseline(simulator, "bare");
        byte[] record = new byte[1500];
        new Random(1).nextBytes(record);
        try (JenkinsPeers peers = new JenkinsPeers()) {
            for (int latency : Report.sizes(20, 100, 200)) {
                simulator.setLifetime(JenkinsAndSimulator.SHORT);
                simulator.setDelay(Duration.ofMillis(latency));
                peers.setDelay(latency);
                Path file = directory.resolve("record");
                int times = Boolean.getBoolean("bench.tiny") ? 1 : Report.isQuick() ? 5 : 10;
                List<Samples.Measurement> measurements = new ArrayList<>();
                measurements.add(() -> {
                    // Until the previous access token is too old for a new block, and its write-back is done.
                    Thread.sleep(JenkinsAndSimulator.SHORT.toMillis());
                    return timeToOpen(job, Duration.ofMinutes(10));
                });
                measurements.add(() -> {
                    long start = System.nanoTime();
                    bare.requestToken();
                    OkHttpBaseline.force(file, record);
                    OkHttpBaseline.force(file, record);
                    return OkHttpBaseline.millisSince(start);
                });
                if (peers.app() != null) {
                    measurements.add(() -> {
                        peers.clearCachedToken();
                        long start = System.nanoTime();
                        peers.app().getPassword();
                        return OkHttpBaseline.millisSince(start);
                    });
                }
                List<Samples> results = Samples.interleave(times, measurements.toArray(Samples.Measurement[]::new));
                REPORT.add(new Row("access token of a block without a cached token", latency, "ms latency", "ms", results.get(0))
                        .comparedTo("OkHttp alone + 2 fsync", results.get(1))
                        .ratioAtMost(0.9));
                if (results.size() > 2) {
                    REPORT.add(
                            new Row("same compared to a GitHub App token", latency, "ms latency", "ms", results.get(0))
                                    .comparedTo("peer", results.get(2))
                                    .ratioAtMost(1.25));
                }
            }
        }
        simulator.setDelay(Duration.ZERO);
    }

    /** @return milliseconds */
    private double timeToOpen(WorkflowJob job, Duration minimum) throws Exception {
        VcfCredentials credential = stored("sa");
        int requests = simulator.requests();
        long start = System.nanoTime();
        Lease lease = VcfTokenService.get().open(credential, "", job, minimum, OWNER);
        double took = OkHttpBaseline.millisSince(start);
        lease.close();
        assertThat(simulator.requests()).isEqualTo(requests + 1);
        return took;
    }

    private static VcfCredentials stored(String id) {
        for (Credentials candidate : SystemCredentialsProvider.getInstance().getCredentials()) {
            if (candidate instanceof VcfCredentials found
                    && ((IdCredentials) found).getId().equals(id)) {
                return found;
            }
        }
        throw new AssertionError(id);
    }

    @Test
    void manyParallelBlocks_shareOneRequest() throws Exception {
        simulator.setDelay(Duration.ofMillis(200));
        for (int blocks : Report.sizesOrOne(100, 300, 1000)) {
            List<Double> requests = new ArrayList<>();
            for (int round = 0; round < Report.rounds(); round++) {
                String id = "shared-" + blocks + '-' + round;
                JenkinsAccount.add(simulator, id);
                int before = simulator.grants();
                runManyBuilds(id, 20, 5, blocks / 100);
                requests.add((double) simulator.grants() - before);
            }
            Samples samples = new Samples(requests);
            REPORT.add(new Row(
                            "token requests for blocks in 100 parallel branches of 20 builds",
                            blocks,
                            "blocks",
                            "requests",
                            samples)
                    .withTarget("1", samples.max() == 1));
        }
    }

    private void runManyBuilds(String id, int builds, int branches, int each) throws Exception {
        String script = "def all = [:]\nfor (int b = 0; b < " + branches + "; b++) { all['b' + b] = {\n"
                + "for (int i = 0; i < " + Math.max(1, each) + "; i++) { withVcfToken(credentialsId: '" + id
                + "') { } } } }\nparallel all";
        List<Future<WorkflowRun>> running = new ArrayList<>();
        List<WorkflowJob> jobs = new ArrayList<>();
        for (int i = 0; i < builds; i++) {
            WorkflowJob job = jenkins.createProject(WorkflowJob.class);
            job.addProperty(new DurabilityHintJobProperty(FlowDurabilityHint.PERFORMANCE_OPTIMIZED));
            job.setDefinition(new CpsFlowDefinition(script, true));
            jobs.add(job);
        }
        for (WorkflowJob job : jobs) {
            running.add(job.scheduleBuild2(0));
        }
        for (Future<WorkflowRun> one : running) {
            jenkins.assertBuildStatusSuccess(one.get());
        }
        for (WorkflowJob job : jobs) {
            job.delete();
        }
    }

    /** All threads request an access token at the same time, like blocks, without a cached one. */
    @Test
    void slowestOfManyConcurrentBlocks() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        Duration latency = Duration.ofMillis(200);
        simulator.setDelay(latency);
        OkHttpBaseline bare = new OkHttpBaseline(simulator, "bare");
        byte[] record = new byte[1500];
        Path file = directory.resolve("record");
        for (int waiters : Report.sizes(10, 30, 100)) {
            List<Double> slowest = new ArrayList<>();
            List<Double> baseline = new ArrayList<>();
            for (int round = -1; round < Report.rounds(); round++) {
                String id = "waited-" + waiters + '-' + round;
                JenkinsAccount.add(simulator, id);
                double waited = slowest(job, stored(id), waiters);
                long start = System.nanoTime();
                bare.requestToken();
                OkHttpBaseline.force(file, record);
                OkHttpBaseline.force(file, record);
                double alone = OkHttpBaseline.millisSince(start);
                if (round >= 0) {
                    slowest.add(waited);
                    baseline.add(alone);
                }
            }
            Row row = new Row(
                            "slowest of concurrent blocks that wait for one token request",
                            waiters,
                            "blocks",
                            "ms",
                            new Samples(slowest))
                    .comparedTo("OkHttp alone + 2 fsync", new Samples(baseline));
            REPORT.add(row.withTarget(
                    "≤ baseline + 50 ms", row.measured().median() <= new Samples(baseline).median() + 50));
        }
    }

    private double slowest(WorkflowJob job, VcfCredentials credential, int waiters) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(waiters);
        CountDownLatch go = new CountDownLatch(1);
        AtomicLong last = new AtomicLong();
        int requests = simulator.requests();
        List<Future<Lease>> leases = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            leases.add(threads.submit(() -> {
                go.await();
                Lease lease = VcfTokenService.get().open(credential, "", job, MINIMUM_VALIDITY, OWNER);
                last.accumulateAndGet(System.nanoTime(), Math::max);
                return lease;
            }));
        }
        Thread.sleep(200);
        long start = System.nanoTime();
        go.countDown();
        List<Lease> open = new ArrayList<>();
        for (Future<Lease> lease : leases) {
            open.add(lease.get());
        }
        open.forEach(Lease::close);
        threads.shutdown();
        assertThat(simulator.requests()).isEqualTo(requests + 1);
        return (last.get() - start) / 1e6;
    }

    /** Compares the five seconds before a renewal with the five seconds of the renewal. */
    @Test
    void stepsDuringASlowRenewal() throws Exception {
        long latency = 5_000_000_000L;
        for (int blocks : Report.sizesOrOne(10, 30, 100)) {
            String id = "slow-" + blocks;
            JenkinsAccount.add(simulator, id);
            List<long[]> renewals = new java.util.concurrent.CopyOnWriteArrayList<>();
            simulator.setLifetime(Duration.ofSeconds(7));
            simulator.setDelay(Duration.ZERO);
            int wanted = Math.min(3, Report.rounds());
            simulator.setPhaseListener(phase -> {
                if (phase == RefreshPhase.RECEIVED) {
                    renewals.add(new long[] {System.nanoTime(), 0});
                }
                if (phase == RefreshPhase.ANSWERED) {
                    renewals.get(renewals.size() - 1)[1] = System.nanoTime();
                    // Delays all renewals, but not the first request.
                    simulator.setDelay(Duration.ofSeconds(5));
                }
            });
            // About 10.5 seconds from one renewal to the next.
            long seconds = 8 + wanted * 11L;
            List<long[]> steps = steps(id, blocks, seconds);
            simulator.setPhaseListener(phase -> {});
            simulator.setDelay(Duration.ZERO);
            simulator.setLifetime(Duration.ofHours(1));
            List<Double> during = new ArrayList<>();
            List<Double> before = new ArrayList<>();
            int delayed = 0;
            for (long[] renewal : renewals) {
                boolean complete = renewal[1] - renewal[0] >= latency * 9 / 10;
                if (complete && during.size() < wanted) {
                    double without = slowest(steps, renewal[0] - latency, renewal[0]);
                    during.add(slowest(steps, renewal[0], renewal[1]));
                    before.add(without);
                    for (long[] step : steps) {
                        boolean within = step[0] >= renewal[0] && step[0] < renewal[1];
                        delayed += within && step[1] / 1e6 > without + 1000 ? 1 : 0;
                    }
                }
            }
            int slow = delayed;
            REPORT.note(
                    blocks + " blocks, server at 5 s: " + slow + " of " + steps.size() + " steps took a second longer"
                            + " than the slowest before the renewal, in " + during.size() + " renewals");
            REPORT.add(
                    new Row("slowest step during a renewal of 5 s", blocks, "blocks", "ms", new Samples(during))
                            .comparedTo("5 s before the renewal", new Samples(before))
                            .withTarget("0 steps delayed", slow == 0));
        }
    }

    private static double slowest(List<long[]> steps, long from, long to) {
        return steps.stream()
                .filter(step -> step[0] >= from && step[0] < to)
                .mapToDouble(step -> step[1] / 1e6)
                .max()
                .orElse(0);
    }

    /** @return start and duration of each step, in nanoseconds */
    private List<long[]> steps(String id, int blocks, long seconds) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(
                "def all = [:]\ndef steps = []\nlong end = System.nanoTime() + " + seconds + " * 1000000000L\n"
                        + "for (int b = 0; b < " + blocks + "; b++) { int at = b\n all['b' + b] = {\n"
                        + " withVcfToken(credentialsId: '" + id + "') {\n"
                        + "  sleep(time: 20 * at, unit: 'MILLISECONDS')\n"
                        + "  while (System.nanoTime() < end) {\n"
                        + "   sleep(time: " + Math.max(250, 20 * blocks) + ", unit: 'MILLISECONDS')\n"
                        + "   long start = System.nanoTime()\n   echo VCF_TOKEN_EXPIRES_AT\n"
                        + "   steps.add('step ' + start + ' ' + (System.nanoTime() - start))\n"
                        + "  } } } }\nparallel all\necho steps.join('\\n')",
                false));
        org.jenkinsci.plugins.scriptsecurity.scripts.ScriptApproval.get().preapproveAll();
        WorkflowRun run = jenkins.buildAndAssertSuccess(job);
        List<long[]> steps = new ArrayList<>();
        Matcher matcher = Pattern.compile("(?m)step (\\d+) (\\d+)$").matcher(JenkinsRule.getLog(run));
        while (matcher.find()) {
            steps.add(new long[] {Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))});
        }
        job.delete();
        return steps;
    }

    @Test
    void masking() throws Exception {
        int megabytes = Boolean.getBoolean("bench.tiny") ? 4 : Report.isQuick() ? 40 : 200;
        WorkflowRun run = jenkins.buildAndAssertSuccess(emptyJob());
        List<String> accessTokens = accessTokens(100);
        byte[] log = log(accessTokens.get(0), LOG_CHUNK);
        Pattern pattern = SecretPatterns.getAggregateSecretPattern(List.of(accessTokens.get(0)));
        int[] counts = {1, 10, 100};
        List<Samples.Measurement> measurements = new ArrayList<>();
        measurements.add(() -> throughput(
                new SecretPatterns.MaskingOutputStream(OutputStream.nullOutputStream(), () -> pattern, "UTF-8"),
                log,
                megabytes));
        for (int count : counts) {
            TokenBlock block = new TokenBlock(run, stored("sa"), "VCF_TOKEN", "VCF_URL", false, null);
            Instant now = Instant.now();
            accessTokens
                    .subList(0, count)
                    .forEach(
                            accessToken -> block.beforePublish(new AccessToken(accessToken, now, now.plusSeconds(60))));
            measurements.add(() -> throughput(
                    new TokenLogFilter(block)
                            .decorateLogger((hudson.model.AbstractBuild<?, ?>) null, OutputStream.nullOutputStream()),
                    log,
                    megabytes));
        }
        List<Samples> results = Samples.interleave(Report.rounds(), measurements.toArray(Samples.Measurement[]::new));
        for (int i = 0; i < counts.length; i++) {
            REPORT.add(
                    new Row("masking " + megabytes + " MB of log", counts[i], "access tokens", "ms", results.get(i + 1))
                            .comparedTo("credentials-binding, one secret", results.get(0))
                            .ratioAtMost(0.1));
        }
    }

    private static double throughput(OutputStream masked, byte[] log, int megabytes) throws Exception {
        long start = System.nanoTime();
        try (masked) {
            int at = 0;
            for (long left = megabytes * 1_000_000L; left > 0; ) {
                int length = Math.min(8192, log.length - at);
                masked.write(log, at, length);
                left -= length;
                at = (at + length) % log.length;
            }
        }
        return OkHttpBaseline.millisSince(start);
    }

    /** Build log with lines of about 100 characters; every thousandth line contains the access token. */
    static byte[] log(String accessToken, int size) {
        Random random = new Random(7);
        StringBuilder log = new StringBuilder(size + 1000);
        String[] words = {
            "[INFO]", "Downloading", "deployment", "vcfa.example", "status:", "200", "https://", "task", "of"
        };
        for (int line = 1; log.length() < size; line++) {
            int end = log.length() + 60 + random.nextInt(80);
            while (log.length() < end) {
                log.append(words[random.nextInt(words.length)])
                        .append(' ')
                        .append(random.nextInt(10_000))
                        .append(' ');
            }
            if (line % 1000 == 0) {
                log.append("Authorization: Bearer ").append(accessToken);
            }
            log.append('\n');
        }
        return log.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Access tokens like those of the vendor: equal header, claims with a common prefix, signature of 256 bytes. */
    static List<String> accessTokens(int count) {
        Random random = new Random(5);
        List<String> accessTokens = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] signature = new byte[256];
            random.nextBytes(signature);
            accessTokens.add(base64(
                            "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"8f1e\"}".getBytes(StandardCharsets.UTF_8))
                    + '.'
                    + base64(("{\"iss\":\"https://vcfa.example/oauth\",\"sub\":\"ci\",\"org_name\":\"acme\",\"exp\":"
                                    + (1_800_000_000 + i * 2700) + ",\"jti\":\"" + random.nextLong() + "\"}")
                            .getBytes(StandardCharsets.UTF_8))
                    + '.'
                    + base64(signature));
        }
        return accessTokens;
    }

    private static String base64(byte[] bytes) {
        return java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private WorkflowJob emptyJob() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition("", true));
        return job;
    }

    @Test
    void rotationInALargeStore() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        int[] sizes = Report.isQuick() ? new int[] {10, 1000} : Report.sizes(10, 1000, 10_000);
        Map<Integer, List<Double>> times = new java.util.TreeMap<>();
        for (int round = -1; round < Report.rounds(); round++) {
            for (int size : sizes) {
                fillStore(size);
                Thread.sleep(JenkinsAndSimulator.SHORT.toMillis());
                double took = timeToOpen(job, Duration.ofMinutes(10));
                JenkinsAndSimulator.await(
                        "the token is back in the store",
                        () -> stored("sa").storedSecret().getPlainText().equals(simulator.currentToken("sa")));
                // Waits until the store is saved.
                SystemCredentialsProvider.getInstance().getDomainCredentialsMap();
                if (round >= 0) {
                    times.computeIfAbsent(size, same -> new ArrayList<>()).add(took);
                }
            }
        }
        Samples few = new Samples(times.get(sizes[0]));
        for (int size : sizes) {
            Row row = new Row(
                            "rotation, until the access token is available",
                            size,
                            "credentials in the store",
                            "ms",
                            new Samples(times.get(size)))
                    .comparedTo("with " + sizes[0], few);
            REPORT.add(row.withTarget("constant (≤ 1.25 ×)", row.ratio() <= 1.25));
        }
    }

    private static void fillStore(int size) {
        List<Credentials> credentials = SystemCredentialsProvider.getInstance().getCredentials();
        List<Credentials> wanted = new ArrayList<>();
        for (int i = 0; i < size - 1; i++) {
            wanted.add(
                    new StringCredentialsImpl(CredentialsScope.GLOBAL, "other-" + i, null, Secret.fromString("x" + i)));
        }
        Credentials ours = stored("sa");
        wanted.add(ours);
        credentials.retainAll(List.of(ours));
        credentials.addAll(0, wanted.subList(0, size - 1));
    }

    /** Includes the masks, unlike the leases in {@link CoreBench}. */
    @Test
    void memoryOfOpenBlocks() throws Exception {
        WorkflowRun run = jenkins.buildAndAssertSuccess(emptyJob());
        TokenBlock first = open(run);
        String accessToken = simulator.accessTokens().get(0);
        for (int count : Report.sizesOrOne(100, 1000, 10_000)) {
            List<Double> bytes = new ArrayList<>();
            for (int round = 0; round < Report.rounds(); round++) {
                TokenBlock[] blocks = new TokenBlock[count];
                long before = CoreBench.usedMemory();
                for (int i = 0; i < count; i++) {
                    blocks[i] = open(run);
                    blocks[i].masker();
                }
                long after = CoreBench.usedMemory();
                for (TokenBlock block : blocks) {
                    assertThat(block.masker().matches(accessToken)).isTrue();
                    block.close();
                }
                bytes.add((double) (after - before) / count);
            }
            Samples each = new Samples(bytes);
            REPORT.add(
                    new Row("memory of an open block with its mask and three bindings", count, "blocks", "bytes", each)
                            .withTarget("≤ 2.5 KB", each.median() <= 2560));
        }
        first.close();
    }

    private static TokenBlock open(WorkflowRun run) throws Exception {
        TokenBlock block = new TokenBlock(run, stored("sa"), "VCF_TOKEN", "VCF_URL", false, null);
        List<TokenBinding> bindings = List.of(
                new OrganizationNameBinding("VCF_ORG"), new TerraformBinding(), new HeaderFileBinding("VCF_HEADER_FILE"));
        block.open(stored("sa"), "", run, MINIMUM_VALIDITY, bindings, TaskListener.NULL, () -> {});
        return block;
    }

    private static void add(Credentials credential) throws Exception {
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        SystemCredentialsProvider.getInstance().save();
    }
}
