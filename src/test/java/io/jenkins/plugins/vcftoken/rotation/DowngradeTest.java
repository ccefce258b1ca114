package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** An older version of the plugin reads records of a newer one. */
class DowngradeTest extends TokenServiceTestBase {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    /** Only the record may have the newest token, so sending the stored one could reuse a rotated token. */
    @Test
    void tokenOfAnUnusableRecord_isNotSent() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        core.families.await(handle(initialToken), ANY);
        String former = simulator.currentToken("ci");
        clock.advance(Duration.ofHours(2));
        core.families.await(handle(initialToken), ANY);
        String current = simulator.currentToken("ci");
        clock.advance(Duration.ofHours(2));
        Path file = recordFile();
        String written = Files.readString(file);
        String newer = written.replace("\"format\" : 1", "\"format\" : 2");
        Files.writeString(file, newer);
        core.close();
        core = new TestTokenService(directory, simulator, clock);
        for (String stored : List.of(initialToken, former, current)) {
            assertThatThrownBy(() -> core.families.await(handle(stored), ANY))
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("nothing was sent")
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("written by a newer version of the plugin, in format 2")
                    .hasMessageContaining("or remove that file and")
                    .hasMessageNotContainingAny(initialToken, former, current);
            CredentialHandle handle = handle(stored);
            TokenLedger.UnreadableRecord known =
                    core.families.snapshot().findUnreadable(handle.client().account(), stored);
            assertThat(known).as("what the health page shows").isNotNull();
            assertThat(known.file()).isEqualTo(file.toString());
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(recordFile()).isEqualTo(file).hasContent(newer);

        // A user enters a new initial token, or installs the newer version again.
        core.families.await(handle(simulator.addAccount("other", "acme")), ANY);
        Files.writeString(file, written);
        core.families.await(handle(former), ANY);
        assertThat(simulator.rotations()).isEqualTo(4);
        assertThat(simulator.reuses()).isZero();
    }

    private CredentialHandle handle(String stored) {
        return core.handle("sa", "acme", stored);
    }

    private Path recordFile() throws Exception {
        try (var files = Files.newDirectoryStream(directory, "*.json")) {
            List<Path> all = new ArrayList<>();
            files.forEach(all::add);
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }
}
