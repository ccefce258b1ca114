package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * An outage of the server during open blocks, in a Jenkins process with the {@code .hpi} of the offline build if
 * there is one. {@code -Doutage.seconds} and {@code -Doutage.accounts} set the length and the number of accounts
 * (manual runs: 60 and 40). Half of the accounts renew during the outage; the response with the new refresh token is
 * lost for every second of these.
 */
class OutageJenkinsTest {

    private static final int OUTAGE_SECONDS = Integer.getInteger("outage.seconds", 20);
    private static final int ACCOUNTS = Integer.getInteger("outage.accounts", 16);

    /** Lifetime of access tokens that are due for renewal during the outage and outlive it. */
    private static final Duration LIFETIME = Duration.ofSeconds(4L * OUTAGE_SECONDS);

    /** Start of the outage after a renewal; the next renewal comes at 70 % of the lifetime at the earliest. */
    private static final Duration OUTAGE_START = LIFETIME.multipliedBy(66).dividedBy(100);

    /** A lost request is repeated after twice this time at the earliest. Shorter timeouts fail on a busy machine. */
    private static final int CALL_TIMEOUT_SECONDS = 5;

    /** Lifetime before the outage: short, so that all accounts soon get a token of {@link #LIFETIME}. */
    private static final Duration SHORT = Duration.ofSeconds(4);

    private static final Duration TIMEOUT = Duration.ofSeconds(Integer.getInteger("outage.patience", 300));

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withScriptedPipelines()
            .withTimeout(0)
            .javaOptions("-D" + VcfTokenService.class.getName() + ".callTimeoutSeconds=" + CALL_TIMEOUT_SECONDS);

    @TempDir
    private Path directory;

    private final List<String> lasting = names("lasting");
    private final List<String> renewing = names("renewing");

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private static List<String> names(String prefix) {
        return IntStream.range(0, ACCOUNTS / 2).mapToObj(i -> prefix + i).toList();
    }

    @Test
    void accounts_afterOutage_workOrAreRejectedIfTheirTokenWasLost() throws Throwable {
        JenkinsProcess.installOfflineBuild(controller);
        controller.startJenkins();
        Path end = directory.resolve("end");
        openBlocks(end);

        Instant renewed = awaitRenewal();
        Map<String, Integer> base = unauthorized();
        JenkinsAndSimulator.sleepUntil(renewed.plus(OUTAGE_START));
        simulator.setDown(true);
        Thread.sleep(Duration.ofSeconds(OUTAGE_SECONDS).toMillis());
        simulator.setDown(false);
        Map<String, Integer> after = unauthorizedSince(base);
        int grants = simulator.grants();

        assertThat(simulator.requestsWhileDown())
                .as("one renewal in the outage for each account that was due")
                .isEqualTo(renewing.size());
        Set<String> lost = simulator.rotatedWhileDown();
        assertThat(lost).hasSize(renewing.size() / 2).isSubsetOf(renewing);
        assertThat(after.values()).as("401 before and during the outage").containsOnly(0);

        Set<String> recovered = new HashSet<>(renewing);
        recovered.removeAll(lost);
        await("each account works again or is rejected", () -> {
            Map<String, String> states = states();
            return recovered.stream().allMatch(name -> states.get(name).equals(TokenFamily.Status.READY.name()))
                    && lost.stream().allMatch(name -> states.get(name).equals(TokenFamily.Status.REJECTED.name()))
                    && simulator.grants() >= grants + recovered.size();
        });
        Map<String, Integer> served = new HashMap<>();
        recovered.forEach(name -> served.put(name, simulator.servedBy(name)));
        await(
                "the block of each recovered account is served",
                () -> recovered.stream().allMatch(name -> simulator.servedBy(name) > served.get(name)));
        Files.createFile(end);
        controller.runRemotely(OutageJenkinsTest::awaitBuilds);
        Map<String, String> states = states();
        controller.stopJenkins();

        Map<String, Integer> refused = unauthorizedSince(base);
        System.out.println("Outage test: " + OUTAGE_SECONDS + " s, " + ACCOUNTS + " accounts, "
                + simulator.requestsWhileDown() + " renewals in it, " + recovered.size() + " healed, " + lost.size()
                + " rejected; 401 of lasting " + sum(refused, lasting) + ", of healed " + sum(refused, recovered)
                + ", of rejected " + sum(refused, lost) + "; reused tokens " + simulator.reuses());
        assertThat(sum(refused, lasting))
                .as("401 in blocks whose access token outlives the outage")
                .isZero();
        assertThat(sum(refused, recovered))
                .as("401 in blocks of recovered accounts, since their access tokens outlive the outage")
                .isZero();
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(refused.get(""))
                .as("401 for requests without a known access token")
                .isZero();
        assertThat(states.entrySet().stream()
                        .filter(state -> state.getValue().equals(TokenFamily.Status.REJECTED.name()))
                        .map(Map.Entry::getKey))
                .as("only accounts with a lost refresh token are rejected")
                .containsExactlyInAnyOrderElementsOf(lost);
        assertThat(simulator.reuses())
                .as("reused tokens: one retry for each lost one")
                .isEqualTo(lost.size());
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(2);
        assertThat(simulator.violations()).isEmpty();
        SecretSweep.assertNone(simulator, controller.getHome().toPath());
    }

    /** Returns when all blocks have been served once. */
    private void openBlocks(Path end) throws Throwable {
        Path ca = Files.writeString(directory.resolve("ca.pem"), simulator.authorityPem());
        String script = "set +x\n"
                + "while [ ! -e " + end + " ]; do\n"
                + "  curl --silent --output /dev/null --cacert " + ca
                + " -H @\"$H\" $VCF_URL/deployment/api/deployments || true\n"
                + "  sleep 2\n"
                + "done";
        for (List<String> names : List.of(lasting, renewing)) {
            simulator.setLifetime(names == lasting ? Duration.ofHours(1) : SHORT);
            List<String> accounts = new ArrayList<>();
            for (String name : names) {
                accounts.add(name);
                accounts.add(simulator.addAccount(name, "acme"));
            }
            controller.runRemotely(
                    OutageJenkinsTest::open,
                    simulator.url().toString(),
                    simulator.authorityPem(),
                    script,
                    accounts.toArray(String[]::new));
            // Only then may the lifetime of new access tokens change.
            await("each block has been served", () -> names.stream().allMatch(name -> simulator.servedBy(name) > 0));
        }
    }

    /** @param accounts alternating names and refresh tokens */
    private static void open(JenkinsRule rule, String url, String authority, String script, String[] accounts)
            throws Exception {
        rule.jenkins.setNumExecutors(rule.jenkins.getNumExecutors() + accounts.length / 2);
        for (int i = 0; i < accounts.length; i += 2) {
            String name = accounts[i];
            JenkinsAccount.add(url, authority, name, accounts[i + 1]);
            WorkflowJob job = rule.createProject(WorkflowJob.class, name);
            job.setDefinition(new CpsFlowDefinition(
                    "node { withVcfToken(credentialsId: '" + name + "', bindings: [headerFile('H')]) { sh '''" + script
                            + "''' } }",
                    true));
            job.scheduleBuild2(0).waitForStart();
        }
    }

    /** @return a time at or before the first access token of {@link #LIFETIME} was issued */
    private Instant awaitRenewal() throws Exception {
        Map<String, Integer> before = renewing.stream().collect(Collectors.toMap(name -> name, simulator::grantsBy));
        simulator.setLifetime(LIFETIME);
        Instant renewed = Instant.now();
        await("all are renewed", () -> renewing.stream().allMatch(name -> simulator.grantsBy(name) > before.get(name)));
        simulator.setLifetime(Duration.ofHours(1));
        assertThat(Duration.between(renewed, Instant.now()))
                .as("time to renew all accounts; the machine is too slow for such a short outage")
                .isLessThan(LIFETIME.dividedBy(8));
        return renewed;
    }

    private Map<String, String> states() throws Exception {
        try {
            return controller.runRemotely(OutageJenkinsTest::statesByAccount);
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static HashMap<String, String> statesByAccount(JenkinsRule rule) throws Exception {
        HashMap<String, String> states = new HashMap<>();
        for (TokenFamily record : VcfTokenService.get().administration().list()) {
            record.locations()
                    .forEach(location ->
                            states.put(location.credentialsId(), record.state().name()));
        }
        return states;
    }

    private static void awaitBuilds(JenkinsRule rule) throws Exception {
        for (WorkflowJob job : rule.jenkins.getAllItems(WorkflowJob.class)) {
            WorkflowRun run = rule.waitForCompletion(job.getLastBuild());
            rule.assertBuildStatus(Result.SUCCESS, run);
        }
    }

    /** Number of 401 responses by account; requests without a known access token are under "". */
    private Map<String, Integer> unauthorized() {
        return Stream.of(lasting, renewing, List.of(""))
                .flatMap(List::stream)
                .collect(Collectors.toMap(name -> name, simulator::unauthorizedBy));
    }

    private Map<String, Integer> unauthorizedSince(Map<String, Integer> base) {
        Map<String, Integer> now = unauthorized();
        now.replaceAll((name, count) -> count - base.get(name));
        return now;
    }

    private static int sum(Map<String, Integer> counts, Iterable<String> names) {
        int sum = 0;
        for (String name : names) {
            sum += counts.get(name);
        }
        return sum;
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(500);
        }
    }
}
