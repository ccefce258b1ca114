package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.slaves.DumbSlave;
import hudson.slaves.JNLPLauncher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** An agent process that is stopped stays connected and does not answer. */
@WithJenkins
class HungNodeJenkinsTest {

    private static final int BLOCKS = 24;

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    @TempDir
    private Path disk;

    @Test
    void filesOfOtherNodes_whileAnAgentHangs_areWritten(JenkinsRule jenkins) throws Exception {
        jenkins.jenkins.addNode(new DumbSlave("hung", disk.resolve("hung").toString(), new JNLPLauncher(false)));
        inbound.start(
                jenkins, InboundAgentExtension.Options.newBuilder().name("hung").build());
        long process = processOf("hung");
        signal("-STOP", process);
        try {
            for (int i = 0; i < BLOCKS; i++) {
                BlockTokenFiles files = new BlockTokenFiles("job#" + i, TokenFileMode.OWNER);
                files.start(() -> FileContents.of("token-of-a-hung-agent"), line -> {});
                files.ensure(files.location("hung", disk.resolve("hung").toString()));
            }
            BlockTokenFiles here = new BlockTokenFiles("job#" + BLOCKS, TokenFileMode.OWNER);
            here.start(() -> FileContents.of("token"), line -> {});
            Path temporary = Files.createDirectory(disk.resolve("tmp"));
            here.ensure(here.location("", temporary.toString())).get(10, TimeUnit.SECONDS);
            assertThat(Path.of(here.path(temporary.toString(), FileContents.TOKEN_FILE)))
                    .hasContent("token");
        } finally {
            signal("-CONT", process);
        }
    }

    private static long processOf(String agent) {
        return ProcessHandle.current()
                .children()
                .filter(process -> Arrays.asList(process.info().arguments().orElse(new String[0]))
                        .contains(agent))
                .findFirst()
                .orElseThrow()
                .pid();
    }

    private static void signal(String signal, long process) throws Exception {
        Process kill = new ProcessBuilder("kill", signal, Long.toString(process)).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(kill.exitValue()).isZero();
    }
}
