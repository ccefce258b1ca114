package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import hudson.model.Items;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;

/** Token files on agents in their own processes. */
class TokenFileJenkinsTest extends JenkinsTokenBlockTestBase {

    private static final String BLOCK = "withVcfToken(credentialsId: 'sa', bindings: [tokenFile('VCF_TOKEN_FILE'),"
            + "headerFile('VCF_HEADER_FILE')])";

    /** Its account gets long-lived access tokens only, so that no renewal occurs during a test. */
    private static final String BLOCK_WITHOUT_RENEWAL = BLOCK.replace("'sa'", "'stable'");

    private static final String GET_WITH_HEADER_FILE = "curl --fail --silent --show-error -H @\"$VCF_HEADER_FILE\""
            + " $VCF_URL/deployment/api/deployments > /dev/null";

    @BeforeAll
    static void addStableAccount() throws Exception {
        JenkinsAccount.add(simulator, "stable");
    }

    @BeforeEach
    void renewDuringTheTest() {
        simulator.setLifetime(Duration.ofSeconds(4));
    }

    @Test
    void files_inABlockAroundSeveralNodes_areOnEachNode() throws Exception {
        addAgent("one");
        addAgent("two");
        simulator.setLifetime(Duration.ofHours(1));
        WorkflowRun run = build(BLOCK_WITHOUT_RENEWAL + " { for (n in ['one', 'two', 'built-in']) { node(n) {\n"
                + "  sh '" + GET_WITH_HEADER_FILE + "'\n"
                + "  sh 'stat -c \"mode %a\" \"$VCF_TOKEN_FILE\" \"$VCF_HEADER_FILE\" \"$(dirname \"$VCF_TOKEN_FILE\")\"'\n"
                + "  sh 'test \"$(cat \"$VCF_TOKEN_FILE\")\" = \"$VCF_TOKEN\"; cat \"$VCF_HEADER_FILE\"'\n"
                + "  sh 'case \"$VCF_TOKEN_FILE\" in \"${WORKSPACE}\"@tmp/*) echo below;; esac'\n"
                + "  dir('sub') { sh '" + GET_WITH_HEADER_FILE + "' }\n"
                + "  ws('other') { sh '" + GET_WITH_HEADER_FILE + "' }\n"
                + "} } }");
        String log = JenkinsRule.getLog(run);
        assertThat(log.split("mode 600", -1)).hasSize(7);
        assertThat(log.split("mode 700", -1)).hasSize(4);
        assertThat(log.split("below\n", -1)).hasSizeGreaterThan(3);
        assertThat(log).contains("Authorization: Bearer ****");
        awaitNoFiles();
    }

    @Test
    void files_forGroupOrEveryone_haveTheModeThatTheLogStates() throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        for (String mode : List.of("GROUP 640 750", "EVERYONE 644 755")) {
            String[] parts = mode.split(" ");
            WorkflowRun run = build(
                    "node { " + BLOCK_WITHOUT_RENEWAL.replace("File('", "File(mode: '" + parts[0] + "', variable: '")
                            + " { sh 'stat -c \"mode %a\" \"$VCF_TOKEN_FILE\" \"$VCF_HEADER_FILE\""
                            + " \"$(dirname \"$VCF_TOKEN_FILE\")\"' } }");
            assertThat(JenkinsRule.getLog(run))
                    .contains("mode " + parts[1] + "\nmode " + parts[1] + "\nmode " + parts[2] + "\n")
                    .containsOnlyOnce("on the built-in node have the mode 0" + parts[1]);
        }
        job.setDefinition(new CpsFlowDefinition(
                BLOCK_WITHOUT_RENEWAL.replace("File('", "File(mode: '0777', variable: '") + " { }", true));
        jenkins.assertLogContains("0777", jenkins.buildAndAssertStatus(Result.FAILURE, job));
        awaitNoFiles();
    }

    @Test
    void files_inABlockInsideANode_existBeforeTheFirstStep() throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        build("node { " + BLOCK_WITHOUT_RENEWAL
                + " { if (readFile(env.VCF_TOKEN_FILE) != env.VCF_TOKEN) error('other') } }");
        awaitNoFiles();
    }

    /** The enclosing steps determine the temporary directory of a step, but the variable that of its token files. */
    @Test
    void files_ofStepsInWs_areOnlyAtThePathInTheVariable() throws Exception {
        addAgent("inner");
        simulator.setLifetime(Duration.ofHours(1));
        WorkflowRun run =
                startBuild("node('built-in') { " + BLOCK_WITHOUT_RENEWAL + " { ws('around') { node('inner') {\n"
                        + "  ws('within') { sh '" + GET_WITH_HEADER_FILE + "; echo at $VCF_TOKEN_FILE' }\n"
                        + "  sh '" + GET_WITH_HEADER_FILE + "; echo at $VCF_TOKEN_FILE; echo ready; sleep 300'\n"
                        + "} } } }");
        List<String> paths = JenkinsRule.getLog(run)
                .lines()
                .filter(line -> line.startsWith("at "))
                .map(line -> line.substring(3))
                .toList();
        assertThat(paths).hasSize(2);
        assertThat(tokenFiles())
                .extracting(Path::toString)
                .containsAll(paths)
                .noneMatch(file -> file.contains("around@tmp"));
        run.getExecutor().interrupt();
        jenkins.waitForCompletion(run);
        awaitNoFiles();
    }

    @Test
    void files_duringAStep_areRenewedInPlace() throws Exception {
        addAgent("busy");
        int before = simulator.served();
        build(BLOCK + " { node('busy') { sh '''set +x; first=$(cat \"$VCF_TOKEN_FILE\")\n"
                + "for i in $(seq 20); do " + GET_WITH_HEADER_FILE + "; sleep 0.5; done\n"
                + "test \"$first\" != \"$(cat \"$VCF_TOKEN_FILE\")\"''' } }");
        assertThat(simulator.served() - before).isEqualTo(20);
        awaitNoFiles();
    }

    @Test
    void files_duringRenewal_areAlwaysComplete() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(1));
        WorkflowRun run = build("node { " + BLOCK + " { sh '''set +x; end=$(($(date +%s) + 6))\n"
                + "while [ $(date +%s) -lt $end ]; do cat \"$VCF_HEADER_FILE\" > copy; wc -l < copy; done"
                + " | sort | uniq -c | sed \"s/^ *[0-9]* /lines: /\"; rm copy''' } }");
        assertThat(run.getLog(1000)).contains("lines: 1").doesNotContain("lines: 0", "lines: 2");
        awaitNoFiles();
    }

    @Test
    void files_afterAbort_areDeleted() throws Exception {
        WorkflowRun run = startBuild(BLOCK + " { node { sh 'echo ready; sleep 300' } }");
        assertThat(tokenFiles()).isNotEmpty();
        run.getExecutor().interrupt();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        awaitNoFiles();
    }

    @Test
    void files_afterKillOfTheBuild_areDeleted() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(2));
        WorkflowRun run = startBuild(BLOCK + " { node { sh 'echo ready; sleep 300' } }");
        run.doKill();
        jenkins.waitForCompletion(run);
        awaitNoFiles();
        int grants = simulator.grants();
        Thread.sleep(3_000);
        assertThat(simulator.grants()).as("number of token responses").isEqualTo(grants);
    }

    @Test
    void kill_afterTheJobWasMoved_closesTheBlock() throws Exception {
        WorkflowRun run = startBuild(BLOCK + " { node { sh 'echo ready; sleep 300' } }");
        assertThat(VcfTokenService.get().openLeases()).hasSize(1);
        Items.move(job, jenkins.createProject(Folder.class, "moved-to"));
        assertThat(run.getExternalizableId()).startsWith("moved-to/");
        run.doKill();
        jenkins.waitForCompletion(run);
        await("the lease is closed", () -> VcfTokenService.get().openLeases().isEmpty());
        awaitNoFiles();
    }

    @Test
    void files_afterReconnectOfTheAgent_areRenewed() throws Exception {
        addAgent("shaky");
        WorkflowRun run = startBuild(BLOCK + " { node('shaky') { sh '''set +x; echo ready\n"
                + "while [ ! -f \"$WORKSPACE/../go\" ]; do sleep 0.2; done\n" + GET_WITH_HEADER_FILE + "'''\n sh '"
                + GET_WITH_HEADER_FILE + "' } }");
        inbound.stop(jenkins, "shaky");
        Thread.sleep(5_000);
        int before = simulator.served();
        JenkinsAgents.connect(inbound, jenkins, "shaky");
        int issued = simulator.accessTokens().size();
        await("the files have a valid access token", () -> {
            List<Path> files = tokenFiles();
            // Another renewal may have replaced the newest token meanwhile.
            List<String> valid = simulator
                    .accessTokens()
                    .subList(issued - 1, simulator.accessTokens().size());
            return !files.isEmpty()
                    && files.stream().allMatch(file -> valid.stream().anyMatch(read(file)::contains));
        });
        Files.writeString(disk.resolve("shaky/workspace/go"), "");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        assertThat(simulator.served() - before).isEqualTo(2);
        awaitNoFiles();
    }

    @Test
    void files_ofAClosedBlock_afterReconnectOfTheAgent_areDeleted() throws Exception {
        addAgent("lost");
        WorkflowRun run = startBuild(BLOCK + " { node('lost') { sh 'echo ready; sleep 300' } }");
        inbound.stop(jenkins, "lost");
        run.getExecutor().interrupt();
        jenkins.waitForCompletion(run);
        assertThat(tokenFiles()).isNotEmpty();
        JenkinsAgents.connect(inbound, jenkins, "lost");
        awaitNoFiles();
    }

    @Test
    void nestedBlocks_haveSeparateFilesAndVariables() throws Exception {
        JenkinsAccount.add(simulator, "other");
        simulator.setLifetime(Duration.ofHours(1));
        build(BLOCK_WITHOUT_RENEWAL + " { withVcfToken(credentialsId: 'other', tokenVariable: 'T', urlVariable: 'U',"
                + " bindings: [tokenFile('F')]) { node {\n"
                + "  sh '" + GET_WITH_HEADER_FILE
                + "; test \"$(cat \"$F\")\" = \"$T\" -a \"$(cat \"$VCF_TOKEN_FILE\")\" = \"$VCF_TOKEN\"'\n"
                + "  sh 'test $VCF_TOKEN_EXPIRES_AT -gt $(date +%s) -a $T_EXPIRES_AT -gt $(date +%s)'\n"
                + "} }\n"
                + " node { sh '" + GET_WITH_HEADER_FILE + "' } }");
        awaitNoFiles();
    }

    private WorkflowRun build(String script) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertSuccess(job);
    }

    /** Tolerates files that Jenkins deletes meanwhile. */
    private static List<Path> tokenFiles() throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path root : List.of(disk, jenkins.jenkins.getRootDir().toPath())) {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.getParent().getFileName().toString().startsWith("vcf-token-")) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException e) {
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        return found;
    }

    private static void awaitNoFiles() throws Exception {
        Path records = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token/files");
        await("all token files and their records are deleted", () -> {
            try (Stream<Path> left = Files.list(records)) {
                return tokenFiles().isEmpty() && left.findAny().isEmpty();
            }
        });
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (true) {
            try {
                if (condition.call()) {
                    return;
                }
            } catch (IOException | UncheckedIOException e) {
                // A directory was deleted while it was listed.
            }
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(50);
        }
    }
}
