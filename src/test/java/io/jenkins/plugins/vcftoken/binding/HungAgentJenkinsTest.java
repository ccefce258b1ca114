package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

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

/** An agent that was stopped by a signal stays connected but does not respond. */
@WithJenkins
class HungAgentJenkinsTest {

    private static final int BLOCKS = 24;

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    @TempDir
    private Path disk;

    @Test
    void filesOfOtherNodes_whileAnAgentHangs_areWritten(JenkinsRule jenkins) throws Exception {
        JenkinsAgents.add(inbound, jenkins, "hung", disk);
        long pid = findPid("hung");
        sendSignal("-STOP", pid);
        try {
            for (int i = 0; i < BLOCKS; i++) {
                BlockTokenFiles files = new BlockTokenFiles("job#" + i, TokenFileMode.OWNER);
                files.start(() -> TokenFileContents.of("token-of-a-hung-agent"), line -> {});
                files.ensureWritten(files.location("hung", disk.resolve("hung").toString()));
            }
            BlockTokenFiles local = new BlockTokenFiles("job#" + BLOCKS, TokenFileMode.OWNER);
            local.start(() -> TokenFileContents.of("token"), line -> {});
            Path temporary = Files.createDirectory(disk.resolve("tmp"));
            local.ensureWritten(local.location("", temporary.toString())).get(10, TimeUnit.SECONDS);
            assertThat(Path.of(local.path(temporary.toString(), TokenFileContents.TOKEN_FILE)))
                    .hasContent("token");
        } finally {
            sendSignal("-CONT", pid);
        }
    }

    private static long findPid(String agent) {
        return ProcessHandle.current()
                .children()
                .filter(process -> Arrays.asList(process.info().arguments().orElse(new String[0]))
                        .contains(agent))
                .findFirst()
                .orElseThrow()
                .pid();
    }

    private static void sendSignal(String signal, long pid) throws Exception {
        Process kill = new ProcessBuilder("kill", signal, Long.toString(pid)).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(kill.exitValue()).isZero();
    }
}
