package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.FilePath;
import hudson.remoting.Channel;
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

/** Token files on agents with hostile processes, and hostile agents. */
@WithJenkins
class TokenFileSecurityJenkinsTest {

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    @TempDir
    private Path disk;

    @Test
    void symbolicLinkInPlaceOfTheDirectory_isNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(disk.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(disk.resolve("vcf-token-1"), elsewhere);
        assertThatThrownBy(() -> new WriteTokenFiles(TokenFileContents.of("token")).invoke(link.toFile(), null))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void symbolicLinkInPlaceOfAFile_isReplaced() throws Exception {
        Path victim = Files.writeString(disk.resolve("victim"), "untouched");
        Path directory = disk.resolve("vcf-token-1");
        new WriteTokenFiles(TokenFileContents.of("first")).invoke(directory.toFile(), null);
        Path token = directory.resolve(TokenFileContents.TOKEN_FILE);
        Files.delete(token);
        Files.createSymbolicLink(token, victim);
        new WriteTokenFiles(TokenFileContents.of("second")).invoke(directory.toFile(), null);
        assertThat(victim).hasContent("untouched");
        assertThat(Files.isSymbolicLink(token)).isFalse();
        assertThat(token).hasContent("second");
    }

    /** Builds that share a workspace also share its temporary directory. */
    @Test
    void blocksInOneWorkspace_haveSeparateDirectories() throws Exception {
        BlockTokenFiles one = new BlockTokenFiles("a#1", TokenFileMode.OWNER);
        BlockTokenFiles other = new BlockTokenFiles("a#2", TokenFileMode.OWNER);
        String temporary = disk.toString();
        assertThat(one.directory(temporary)).isNotEqualTo(other.directory(temporary));
        new WriteTokenFiles(TokenFileContents.of("b")).invoke(new File(one.directory(temporary)), null);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(one.directory(temporary)))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(Path.of(one.path(temporary, TokenFileContents.TOKEN_FILE)))))
                .isEqualTo("rw-------");
    }

    @Test
    void writeRequestFromAnAgent_isRejectedByTheController(JenkinsRule jenkins) throws Exception {
        JenkinsAgents.add(inbound, jenkins, "agent", disk);
        Path target = disk.resolve("on-the-controller");
        String result =
                jenkins.jenkins.getComputer("agent").getChannel().call(new WriteOnController(target.toString()));
        assertThat(result).contains("SecurityException");
        assertThat(target).doesNotExist();
    }

    private static final class WriteOnController extends MasterToSlaveCallable<String, IOException> {
        private static final long serialVersionUID = 1;
        private final String target;

        WriteOnController(String target) {
            this.target = target;
        }

        @Override
        public String call() throws IOException {
            try {
                new FilePath(Channel.currentOrFail(), target)
                        .act(new WriteTokenFiles(TokenFileContents.of("from the agent")));
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
