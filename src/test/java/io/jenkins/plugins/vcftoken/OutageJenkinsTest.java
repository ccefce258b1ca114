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
 * The server is away for {@code -Doutage.seconds} while the blocks of {@code -Doutage.accounts} are open (60 and 40 are
 * worth it by hand), on a Jenkins that is a process of its own, with the {@code .hpi} of the offline build where there is
 * one. Half of the accounts renew while the server is away; of every second of these, the new refresh token is lost. The
 * server counts what becomes of each.
 */
class OutageJenkinsTest {

    private static final int OUTAGE_SECONDS = Integer.getInteger("outage.seconds", 20);
    private static final int ACCOUNTS = Integer.getInteger("outage.accounts", 16);

    /** Of an access token that is renewed while the server is away, and outlives that. */
    private static final Duration LIFETIME = Duration.ofSeconds(4L * OUTAGE_SECONDS);

    /** Before the first renewal, which comes at 70 % of the lifetime at the earliest. */
    private static final Duration BEGIN = LIFETIME.multipliedBy(66).dividedBy(100);

    /** A lost request is sent again after two of these at the earliest. Less would cut answers short on a busy machine. */
    private static final int CALL_TIMEOUT_SECONDS = 5;

    /** Renewed all the time, so that all have one that lasts longer soon after the server hands these out. */
    private static final Duration SHORT = Duration.ofSeconds(4);

    private static final Duration PATIENCE = Duration.ofSeconds(Integer.getInteger("outage.patience", 300));

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
    void eachAccountOutlivesAnOutageOrIsRejectedForTheTokenThatWasLostInIt() throws Throwable {
        Path hpi = Path.of("offline", "plugin", "target", "vcf-token.hpi");
        if (Files.exists(hpi)) {
            Path plugins = controller.getHome().toPath().resolve("plugins");
            Files.delete(plugins.resolve("vcf-token.jpl"));
            Files.copy(hpi, plugins.resolve("vcf-token.jpi"));
        }
        controller.startJenkins();
        Path end = directory.resolve("end");
        openBlocks(end);

        Instant renewed = awaitRenewal();
        Map<String, Integer> base = unauthorized();
        sleepUntil(renewed.plus(BEGIN));
        simulator.setDown(true);
        Thread.sleep(Duration.ofSeconds(OUTAGE_SECONDS).toMillis());
        simulator.setDown(false);
        Map<String, Integer> after = since(base);
        int grants = simulator.grants();

        assertThat(simulator.requestsWhileDown())
                .as("renewals in the outage, one of each account for which it was due")
                .isEqualTo(renewing.size());
        Set<String> lost = simulator.rotatedWhileDown();
        assertThat(lost).hasSize(renewing.size() / 2).isSubsetOf(renewing);
        assertThat(after.values()).as("401 before the outage and in it").containsOnly(0);

        Set<String> healed = new HashSet<>(renewing);
        healed.removeAll(lost);
        await("each account works again or is rejected", () -> {
            Map<String, String> states = states();
            return healed.stream().allMatch(name -> states.get(name).equals(TokenFamily.Status.READY.name()))
                    && lost.stream().allMatch(name -> states.get(name).equals(TokenFamily.Status.REJECTED.name()))
                    && simulator.grants() >= grants + healed.size();
        });
        Map<String, Integer> served = new HashMap<>();
        healed.forEach(name -> served.put(name, simulator.servedBy(name)));
        await(
                "the block of each healed account is served",
                () -> healed.stream().allMatch(name -> simulator.servedBy(name) > served.get(name)));
        Files.createFile(end);
        controller.runRemotely(OutageJenkinsTest::awaitBuilds);
        Map<String, String> states = states();
        controller.stopJenkins();

        Map<String, Integer> refused = since(base);
        System.out.println("Outage test: " + OUTAGE_SECONDS + " s, " + ACCOUNTS + " accounts, "
                + simulator.requestsWhileDown() + " renewals in it, " + healed.size() + " healed, " + lost.size()
                + " rejected; 401 of lasting " + sum(refused, lasting) + ", of healed " + sum(refused, healed)
                + ", of rejected " + sum(refused, lost) + "; spent tokens received " + simulator.reuses());
        assertThat(sum(refused, lasting))
                .as("401 in blocks whose access token outlives the outage")
                .isZero();
        assertThat(sum(refused, healed))
                .as("401 in blocks whose account has healed: their access tokens outlive the outage, too")
                .isZero();
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(refused.get("")).as("401 for what is no access token").isZero();
        assertThat(states.entrySet().stream()
                        .filter(state -> state.getValue().equals(TokenFamily.Status.REJECTED.name()))
                        .map(Map.Entry::getKey))
                .as("rejected are those of which the new refresh token was lost")
                .containsExactlyInAnyOrderElementsOf(lost);
        assertThat(simulator.reuses())
                .as("spent tokens received: one more try of each that was lost")
                .isEqualTo(lost.size());
        assertThat(simulator.mostReceived()).isEqualTo(2);
        assertThat(simulator.violations()).isEmpty();
        SecretSweep.assertNone(simulator, controller.getHome().toPath());
    }

    /** All have been served once when this returns, with access tokens that last. */
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
            // Before the server hands out access tokens of another lifetime.
            await("each block has been served", () -> names.stream().allMatch(name -> simulator.servedBy(name) > 0));
        }
    }

    /** @param accounts names, each with its refresh token after it */
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

    /** @return when the first of the access tokens of {@link #LIFETIME} was issued, or earlier */
    private Instant awaitRenewal() throws Exception {
        Map<String, Integer> before = renewing.stream().collect(Collectors.toMap(name -> name, simulator::grantsBy));
        simulator.setLifetime(LIFETIME);
        Instant renewed = Instant.now();
        await("all are renewed", () -> renewing.stream().allMatch(name -> simulator.grantsBy(name) > before.get(name)));
        simulator.setLifetime(Duration.ofHours(1));
        assertThat(Duration.between(renewed, Instant.now()))
                .as("the machine is too slow for so short an outage: what it takes to renew all")
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

    private List<String> all() {
        return Stream.concat(lasting.stream(), renewing.stream()).toList();
    }

    /** 401 answers by account; under "" for what is no access token. */
    private Map<String, Integer> unauthorized() {
        return Stream.concat(all().stream(), Stream.of(""))
                .collect(Collectors.toMap(name -> name, simulator::unauthorizedBy));
    }

    private Map<String, Integer> since(Map<String, Integer> base) {
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

    private static void sleepUntil(Instant time) throws InterruptedException {
        Thread.sleep(Math.max(0, Duration.between(Instant.now(), time).toMillis()));
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(500);
        }
    }
}
