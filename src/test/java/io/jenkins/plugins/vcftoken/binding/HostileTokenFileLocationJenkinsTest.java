package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.FilePath;
import hudson.remoting.Channel;
import hudson.slaves.DumbSlave;
import hudson.slaves.JNLPLauncher;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import jenkins.security.MasterToSlaveCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Other processes on the agent were there first, or the agent itself is hostile. */
@WithJenkins
class HostileTokenFileLocationJenkinsTest {

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    @TempDir
    private Path disk;

    @Test
    void aLinkInPlaceOfTheDirectoryIsNotFollowed(JenkinsRule jenkins) throws Exception {
        Path elsewhere = Files.createDirectory(disk.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(disk.resolve("vcf-token-1"), elsewhere);
        assertThatThrownBy(() -> new WriteTokenFiles(FileContents.of("token")).invoke(link.toFile(), null))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void aLinkInPlaceOfAFileIsReplacedAndNotWrittenThrough(JenkinsRule jenkins) throws Exception {
        Path victim = Files.writeString(disk.resolve("victim"), "untouched");
        Path directory = disk.resolve("vcf-token-1");
        new WriteTokenFiles(FileContents.of("first")).invoke(directory.toFile(), null);
        Path token = directory.resolve(FileContents.TOKEN_FILE);
        Files.delete(token);
        Files.createSymbolicLink(token, victim);
        new WriteTokenFiles(FileContents.of("second")).invoke(directory.toFile(), null);
        assertThat(victim).hasContent("untouched");
        assertThat(Files.isSymbolicLink(token)).isFalse();
        assertThat(token).hasContent("second");
    }

    /** Two builds that share a workspace share its temporary directory as well. */
    @Test
    void twoBlocksInOneDirectoryDoNotMeet(JenkinsRule jenkins) throws Exception {
        BlockTokenFiles one = new BlockTokenFiles("a#1", TokenFileMode.OWNER);
        BlockTokenFiles other = new BlockTokenFiles("a#2", TokenFileMode.OWNER);
        String temporary = disk.toString();
        assertThat(one.directory(temporary)).isNotEqualTo(other.directory(temporary));
        new WriteTokenFiles(FileContents.of("b")).invoke(new File(one.directory(temporary)), null);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(one.directory(temporary)))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(Path.of(one.path(temporary, FileContents.TOKEN_FILE)))))
                .isEqualTo("rw-------");
    }

    /** What the controller has agents do must not be turned around. */
    @Test
    void anAgentCannotHaveTheControllerWriteFiles(JenkinsRule jenkins) throws Exception {
        jenkins.jenkins.addNode(new DumbSlave("far", disk.resolve("far").toString(), new JNLPLauncher(false)));
        inbound.start(
                jenkins, InboundAgentExtension.Options.newBuilder().name("far").build());
        Path target = disk.resolve("on-the-controller");
        String answer = jenkins.jenkins.getComputer("far").getChannel().call(new TurnAround(target.toString()));
        assertThat(answer).contains("SecurityException");
        assertThat(target).doesNotExist();
    }

    private static final class TurnAround extends MasterToSlaveCallable<String, IOException> {
        private static final long serialVersionUID = 1;
        private final String target;

        TurnAround(String target) {
            this.target = target;
        }

        @Override
        public String call() throws IOException {
            try {
                new FilePath(Channel.currentOrFail(), target)
                        .act(new WriteTokenFiles(FileContents.of("from the agent")));
                return "written";
            } catch (Exception e) {
                StringBuilder chain = new StringBuilder();
                for (Throwable t = e; t != null; t = t.getCause()) {
                    chain.append(t.getClass().getName()).append(' ').append(t.getMessage());
                }
                return chain.toString();
            }
        }
    }
}
