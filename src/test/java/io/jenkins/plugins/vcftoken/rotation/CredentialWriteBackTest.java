package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialWriteBackTest {

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final TokenClaims CLAIMS = new TokenClaims(TestTokenService.HASH, InstantSource.system(), TIMEOUT);

    private static final CredentialLocation PLACE = new CredentialLocation("system", "sa");
    private static final Account ENDPOINT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final AccessToken ACCESS_TOKEN = new AccessToken("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60));
    private static final TokenFamily ROTATED = TokenFamily.created(
                    ENDPOINT, "seed", TestTokenService.HASH, Instant.EPOCH)
            .granted(new TokenResponse(ACCESS_TOKEN, "current"), TestTokenService.HASH, Instant.EPOCH);

    private static final TokenEndpointClient VCFA = TestClient.unused(ENDPOINT);

    @TempDir
    private Path directory;

    /** A person may type a new token while the old one's successor still waits for its turn to be stored. */
    @Test
    void enqueue_forAnotherFamilyAtTheSameLocation_isNotDropped() throws Exception {
        TokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        CredentialWriteBack writeBacks =
                new CredentialWriteBack(ledger, TestTokenService.HASH, waiting::add, CLAIMS, TIMEOUT);
        CredentialHandle handle = new CredentialHandle(
                "sa",
                new CredentialLocation("system", "sa"),
                "old",
                null,
                (family, current, again) -> stored.add(current));
        for (String token : List.of("first", "first", "second")) {
            TokenFamily record = TokenFamily.created(ENDPOINT, token, TestTokenService.HASH, Instant.EPOCH);
            ledger.save(record);
            writeBacks.enqueue(handle, record);
        }
        waiting.forEach(Runnable::run);
        assertThat(stored).containsExactly("first", "second");
    }

    @Test
    void enqueue_whenTheFamilyWasForgottenSince_leavesTheStoreAsItIs() throws Exception {
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        CredentialWriteBack writeBacks =
                new CredentialWriteBack(ledger(), TestTokenService.HASH, waiting::add, CLAIMS, TIMEOUT);
        writeBacks.enqueue(
                new CredentialHandle("sa", PLACE, "old", null, (family, current, again) -> stored.add(current)),
                ROTATED);
        ledger().delete(ROTATED.id());
        waiting.forEach(Runnable::run);
        assertThat(stored).isEmpty();
        assertThat(writeBacks.failed()).isEmpty();
    }

    /** Its memory may have the token and its disk not. */
    @Test
    void enqueue_afterAFailedSave_savesAnUpToDateStoreAgain() throws Exception {
        List<Boolean> again = new ArrayList<>();
        boolean[] full = {true};
        CredentialWriter writer = (family, current, retried) -> {
            again.add(retried);
            if (full[0]) {
                throw new IOException("disk full");
            }
        };
        CredentialWriteBack writeBacks =
                new CredentialWriteBack(ledger(), TestTokenService.HASH, Runnable::run, CLAIMS, TIMEOUT);
        enqueue(writeBacks, writer, "old");
        assertThat(writeBacks.failed()).containsExactly(PLACE);
        enqueue(writeBacks, writer, "current");
        full[0] = false;
        enqueue(writeBacks, writer, "current");
        assertThat(writeBacks.failed()).isEmpty();
        enqueue(writeBacks, writer, "current");
        assertThat(again).containsExactly(false, true, true);
    }

    @Test
    void moved_keepsTheFailedLocations() throws Exception {
        CredentialWriteBack writeBacks =
                new CredentialWriteBack(ledger(), TestTokenService.HASH, Runnable::run, CLAIMS, TIMEOUT);
        enqueue(
                writeBacks,
                (family, current, again) -> {
                    throw new IOException("disk full");
                },
                "old");
        writeBacks.moved("folder:another", "folder:after");
        assertThat(writeBacks.failed()).containsExactly(PLACE);
        writeBacks.moved(PLACE.context(), "folder:after");
        assertThat(writeBacks.failed()).containsExactly(new CredentialLocation("folder:after", PLACE.credentialsId()));
    }

    @Test
    void enqueue_afterARejectedTask_enqueuesAgain() throws Exception {
        List<String> stored = new ArrayList<>();
        boolean[] goingDown = {true};
        CredentialWriteBack writeBacks = new CredentialWriteBack(
                ledger(),
                TestTokenService.HASH,
                task -> {
                    if (goingDown[0]) {
                        throw new RejectedExecutionException("going down");
                    }
                    task.run();
                },
                CLAIMS,
                TIMEOUT);
        enqueue(writeBacks, (family, current, again) -> stored.add(current), "old");
        assertThat(stored).isEmpty();
        goingDown[0] = false;
        enqueue(writeBacks, (family, current, again) -> stored.add(current), "old");
        assertThat(stored).containsExactly("current");
    }

    @Test
    void writeBack_replacesTokensOfTheFamilyOnly() throws Exception {
        List<String> theirs = new ArrayList<>();
        CredentialWriteBack writeBacks =
                new CredentialWriteBack(ledger(), TestTokenService.HASH, Runnable::run, CLAIMS, TIMEOUT);
        enqueue(
                writeBacks,
                (family, current, again) -> {
                    for (String token : List.of("seed", "current", "typed", "")) {
                        if (family.test(token)) {
                            theirs.add(token);
                        }
                    }
                },
                "old");
        assertThat(theirs).containsExactly("seed", "current");
    }

    private TokenLedger ledger() throws IOException {
        TokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        ledger.save(ROTATED);
        return ledger;
    }

    private static void enqueue(CredentialWriteBack writeBacks, CredentialWriter writer, String stored) {
        CredentialHandle handle = new CredentialHandle("sa", PLACE, stored, VCFA, writer);
        writeBacks.enqueue(handle, ROTATED);
    }
}
