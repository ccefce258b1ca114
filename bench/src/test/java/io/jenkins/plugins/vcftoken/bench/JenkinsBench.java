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
import io.jenkins.plugins.vcftoken.binding.OrganizationBinding;
import io.jenkins.plugins.vcftoken.binding.TerraformBinding;
import io.jenkins.plugins.vcftoken.binding.TokenBinding;
import io.jenkins.plugins.vcftoken.binding.TokenBlock;
import io.jenkins.plugins.vcftoken.binding.TokenLogFilter;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
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

/** What blocks, masks and rotations cost on a real Jenkins, beside what else one would take there. */
@WithJenkins
class JenkinsBench {

    private static final Report REPORT = new Report("jenkins");
    private static final Duration LASTING = Duration.ofMinutes(1);
    private static final String BINDINGS = "[organization('VCF_ORG'), terraform(), headerFile('VCF_HEADER_FILE')]";
    private static final Pattern TOOK = Pattern.compile("took (\\d+)");

    /** Lines like those of a build, about a hundred characters each. */
    private static final int LOG_CHUNK = 2_000_000;

    private static final LeaseOwner OWNER = new LeaseOwner() {
        public String who() {
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
        assertThat(simulator.mostReceived()).isLessThanOrEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    /** As Jenkins has it: each step of the engine is forced to disk, which is most of what one sees. */
    @Test
    void warmBlocksInARow() throws Exception {
        warmBlocks(jenkins.createProject(WorkflowJob.class), "", Report.sizes(30, 100, 300), false);
    }

    /** Without the disk, so that what the plugins do shows. */
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
                List<Figures.Measurement> things = new ArrayList<>();
                things.add(() -> blocks(job, count, "withEnv([])"));
                things.add(() -> blocks(job, count, "withVcfToken(credentialsId: 'sa')"));
                things.add(() -> blocks(job, count, "withVcfToken(credentialsId: 'sa', bindings: " + BINDINGS + ")"));
                things.add(() -> blocks(job, count, "withCredentials([string(credentialsId: 'text', variable: 'T')])"));
                for (String head : others.values()) {
                    things.add(() -> blocks(job, count, head));
                }
                int grants = simulator.grants();
                int asked = peers == null ? 0 : peers.requests();
                List<Figures> figures = Figures.inTurns(
                        count == sizes[0] ? 2 : 0, Report.rounds(), things.toArray(Figures.Measurement[]::new));
                assertThat(simulator.grants()).isLessThanOrEqualTo(grants + 1);
                Figures empty = figures.get(0).times(1.0 / count);
                Figures ours = figures.get(1).times(1.0 / count).over(empty);
                Figures theirs = figures.get(3).times(1.0 / count).over(empty);
                REPORT.add(new Row("an empty `withEnv` block" + durability, count, "blocks", "ms", empty));
                REPORT.add(new Row("a warm `withVcfToken` block over that" + durability, count, "blocks", "ms", ours)
                        .against("`withCredentials`", theirs)
                        .ratioAtMost(0.5));
                Figures bound = figures.get(2).times(1.0 / count).over(empty);
                REPORT.add(new Row("the same with three bindings" + durability, count, "blocks", "ms", bound)
                        .against("`withCredentials`", theirs)
                        .ratioAtMost(0.8));
                if (peers != null && peers.requests() > asked) {
                    REPORT.note("for " + Report.rounds() + " times " + count + " blocks of each, the peers sent "
                            + (peers.requests() - asked) + " requests, this plugin " + (simulator.grants() - grants));
                }
                for (int i = 0; i < names.size(); i++) {
                    Figures peer = figures.get(4 + i).times(1.0 / count).over(empty);
                    REPORT.add(new Row("the same beside " + names.get(i), count, "blocks", "ms", ours)
                            .against("peer", peer)
                            .ratioAtMost(1.0));
                }
            }
        }
    }

    /** @return milliseconds */
    private double blocks(WorkflowJob job, int count, String head) throws Exception {
        return took(job, "for (int i = 0; i < " + count + "; i++) { " + head + " { } }");
    }

    private double took(WorkflowJob job, String script) throws Exception {
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

    /** From the call that a block makes to the access token. */
    @Test
    void coldBlock() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        BareExchange bare = new BareExchange(simulator, "bare");
        byte[] record = new byte[1500];
        new Random(1).nextBytes(record);
        try (JenkinsPeers peers = new JenkinsPeers()) {
            for (int latency : Report.sizes(20, 100, 200)) {
                simulator.setLifetime(JenkinsAndSimulator.SHORT);
                simulator.setDelay(Duration.ofMillis(latency));
                peers.setDelay(latency);
                Path file = directory.resolve("record");
                int times = Boolean.getBoolean("bench.tiny") ? 1 : Report.isQuick() ? 5 : 10;
                List<Figures.Measurement> things = new ArrayList<>();
                things.add(() -> {
                    // Until the access token of before is too old for a new block, and its token is home.
                    Thread.sleep(JenkinsAndSimulator.SHORT.toMillis());
                    return open(job, Duration.ofMinutes(10));
                });
                things.add(() -> {
                    long start = System.nanoTime();
                    bare.requestToken();
                    BareExchange.force(file, record);
                    BareExchange.force(file, record);
                    return BareExchange.millisSince(start);
                });
                if (peers.app() != null) {
                    things.add(() -> {
                        peers.forget();
                        long start = System.nanoTime();
                        peers.app().getPassword();
                        return BareExchange.millisSince(start);
                    });
                }
                List<Figures> figures = Figures.inTurns(times, things.toArray(Figures.Measurement[]::new));
                REPORT.add(new Row("a cold block's access token", latency, "ms latency", "ms", figures.get(0))
                        .against("bare OkHttp + 2 fsync", figures.get(1))
                        .ratioAtMost(0.9));
                if (figures.size() > 2) {
                    REPORT.add(
                            new Row("the same beside a GitHub App's token", latency, "ms latency", "ms", figures.get(0))
                                    .against("peer", figures.get(2))
                                    .ratioAtMost(1.25));
                }
            }
        }
        simulator.setDelay(Duration.ZERO);
    }

    /** @return milliseconds */
    private double open(WorkflowJob job, Duration minimum) throws Exception {
        VcfCredentials credential = stored("sa");
        int requests = simulator.requests();
        long start = System.nanoTime();
        Lease lease = VcfTokenService.get().open(credential, "", job, minimum, OWNER);
        double took = BareExchange.millisSince(start);
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
    void oneExchangeForAllBlocks() throws Exception {
        simulator.setDelay(Duration.ofMillis(200));
        for (int blocks : Report.sizesOrOne(100, 300, 1000)) {
            List<Double> exchanges = new ArrayList<>();
            for (int round = 0; round < Report.rounds(); round++) {
                String id = "shared-" + blocks + '-' + round;
                JenkinsAccount.add(simulator, id);
                int before = simulator.grants();
                runManyBuilds(id, 20, 5, blocks / 100);
                exchanges.add((double) simulator.grants() - before);
            }
            Figures figures = new Figures(exchanges);
            REPORT.add(new Row(
                            "exchanges for blocks in 100 parallel branches of 20 builds",
                            blocks,
                            "blocks",
                            "exchanges",
                            figures)
                    .reaches("1", figures.max() == 1));
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

    /** Each thread makes the call that a block makes, all at one moment, and nobody has an access token yet. */
    @Test
    void theSlowestOfManyWaiters() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        Duration latency = Duration.ofMillis(200);
        simulator.setDelay(latency);
        BareExchange bare = new BareExchange(simulator, "bare");
        byte[] record = new byte[1500];
        Path file = directory.resolve("record");
        for (int waiters : Report.sizes(10, 30, 100)) {
            List<Double> slowest = new ArrayList<>();
            List<Double> yardstick = new ArrayList<>();
            for (int round = -1; round < Report.rounds(); round++) {
                String id = "waited-" + waiters + '-' + round;
                JenkinsAccount.add(simulator, id);
                double waited = slowest(job, stored(id), waiters);
                long start = System.nanoTime();
                bare.requestToken();
                BareExchange.force(file, record);
                BareExchange.force(file, record);
                double alone = BareExchange.millisSince(start);
                if (round >= 0) {
                    slowest.add(waited);
                    yardstick.add(alone);
                }
            }
            Row row = new Row(
                            "the slowest of blocks that wait for one exchange",
                            waiters,
                            "blocks",
                            "ms",
                            new Figures(slowest))
                    .against("bare OkHttp + 2 fsync", new Figures(yardstick));
            REPORT.add(row.reaches(
                    "≤ yardstick + 50 ms", row.measured().median() <= new Figures(yardstick).median() + 50));
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
                Lease lease = VcfTokenService.get().open(credential, "", job, LASTING, OWNER);
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

    /** The five seconds before a renewal beside the five seconds that it takes. */
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
            simulator.setWitness(moment -> {
                if (moment == RefreshPhase.RECEIVED) {
                    renewals.add(new long[] {System.nanoTime(), 0});
                }
                if (moment == RefreshPhase.ANSWERED) {
                    renewals.get(renewals.size() - 1)[1] = System.nanoTime();
                    // All but the first.
                    simulator.setDelay(Duration.ofSeconds(5));
                }
            });
            // Some ten and a half seconds from one renewal to the next.
            long seconds = 8 + wanted * 11L;
            List<long[]> steps = steps(id, blocks, seconds);
            simulator.setWitness(moment -> {});
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
                    new Row("the slowest step while a renewal takes 5 s", blocks, "blocks", "ms", new Figures(during))
                            .against("the 5 s before", new Figures(before))
                            .reaches("0 steps delayed", slow == 0));
        }
    }

    private static double slowest(List<long[]> steps, long from, long to) {
        return steps.stream()
                .filter(step -> step[0] >= from && step[0] < to)
                .mapToDouble(step -> step[1] / 1e6)
                .max()
                .orElse(0);
    }

    /** @return when each step began, and how long it took */
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
        List<Figures.Measurement> things = new ArrayList<>();
        things.add(() -> throughput(
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
            things.add(() -> throughput(
                    new TokenLogFilter(block)
                            .decorateLogger((hudson.model.AbstractBuild<?, ?>) null, OutputStream.nullOutputStream()),
                    log,
                    megabytes));
        }
        List<Figures> figures = Figures.inTurns(Report.rounds(), things.toArray(Figures.Measurement[]::new));
        for (int i = 0; i < counts.length; i++) {
            REPORT.add(
                    new Row("masking " + megabytes + " MB of log", counts[i], "access tokens", "ms", figures.get(i + 1))
                            .against("credentials-binding, one secret", figures.get(0))
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
        return BareExchange.millisSince(start);
    }

    /** One line in a thousand has the access token in it. */
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

    /** As the vendor's are: a header that they share, claims that begin alike, a signature of 256 bytes. */
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
                double took = open(job, Duration.ofMinutes(10));
                JenkinsAndSimulator.await(
                        "the token is back in the store",
                        () -> stored("sa").storedSecret().getPlainText().equals(simulator.currentToken("sa")));
                // Until the store is saved as well.
                SystemCredentialsProvider.getInstance().getDomainCredentialsMap();
                if (round >= 0) {
                    times.computeIfAbsent(size, same -> new ArrayList<>()).add(took);
                }
            }
        }
        Figures few = new Figures(times.get(sizes[0]));
        for (int size : sizes) {
            Row row = new Row(
                            "a rotation, until the access token is out",
                            size,
                            "credentials in the store",
                            "ms",
                            new Figures(times.get(size)))
                    .against("with " + sizes[0], few);
            REPORT.add(row.reaches("constant (≤ 1.25 ×)", row.ratio() <= 1.25));
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

    /** With all that masks their logs, which is more than the core's lease. */
    @Test
    void memoryOfOpenBlocks() throws Exception {
        WorkflowRun run = jenkins.buildAndAssertSuccess(emptyJob());
        TokenBlock first = open(run);
        String accessToken = simulator.accessTokens().get(0);
        for (int count : Report.sizesOrOne(100, 1000, 10_000)) {
            List<Double> bytes = new ArrayList<>();
            for (int round = 0; round < Report.rounds(); round++) {
                TokenBlock[] blocks = new TokenBlock[count];
                long before = CoreBench.used();
                for (int i = 0; i < count; i++) {
                    blocks[i] = open(run);
                    blocks[i].masker();
                }
                long after = CoreBench.used();
                for (TokenBlock block : blocks) {
                    assertThat(block.masker().matches(accessToken)).isTrue();
                    block.close();
                }
                bytes.add((double) (after - before) / count);
            }
            Figures each = new Figures(bytes);
            REPORT.add(
                    new Row("memory of an open block with its mask and three bindings", count, "blocks", "bytes", each)
                            .reaches("≤ 2.5 KB", each.median() <= 2560));
        }
        first.close();
    }

    private static TokenBlock open(WorkflowRun run) throws Exception {
        TokenBlock block = new TokenBlock(run, stored("sa"), "VCF_TOKEN", "VCF_URL", false, null);
        List<TokenBinding> bindings = List.of(
                new OrganizationBinding("VCF_ORG"), new TerraformBinding(), new HeaderFileBinding("VCF_HEADER_FILE"));
        block.open(stored("sa"), "", run, LASTING, bindings, TaskListener.NULL, () -> {});
        return block;
    }

    private static void add(Credentials credential) throws Exception {
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        SystemCredentialsProvider.getInstance().save();
    }
}
