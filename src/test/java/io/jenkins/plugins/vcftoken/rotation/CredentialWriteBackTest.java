package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialWriteBackTest {

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final SharedTokenCoordinator CLAIMS =
            new SharedTokenCoordinator(TestTokenService.HASH, InstantSource.system(), TIMEOUT);

    private static final CredentialLocation LOCATION = new CredentialLocation("system", "sa");
    private static final Account ACCOUNT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final AccessToken ACCESS_TOKEN = new AccessToken("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60));
    private static final TokenFamily ROTATED = TokenFamily.created(
                    ACCOUNT, "initial", TestTokenService.HASH, Instant.EPOCH)
            .granted(new TokenResponse(ACCESS_TOKEN, "current"), TestTokenService.HASH, Instant.EPOCH);

    private static final TokenClient CLIENT = TestClient.unused(ACCOUNT);

    @TempDir
    private Path directory;

    /** A user may enter a new token while the write-back of the old token's successor is pending. */
    @Test
    void enqueue_forAnotherFamilyAtTheSameLocation_isNotDropped() throws Exception {
        TokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        CredentialWriteBack writeBack =
                new CredentialWriteBack(ledger, TestTokenService.HASH, waiting::add, CLAIMS, TIMEOUT);
        CredentialHandle handle = new CredentialHandle(
                "sa",
                new CredentialLocation("system", "sa"),
                "old",
                null,
                (family, current, force) -> stored.add(current));
        for (String token : List.of("first", "first", "second")) {
            TokenFamily record = TokenFamily.created(ACCOUNT, token, TestTokenService.HASH, Instant.EPOCH);
            ledger.save(record);
            writeBack.enqueue(handle, record);
        }
        waiting.forEach(Runnable::run);
        assertThat(stored).containsExactly("first", "second");
    }

    @Test
    void enqueue_whenTheFamilyWasForgottenSince_leavesTheStoreAsItIs() throws Exception {
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        CredentialWriteBack writeBack = writeBack(waiting::add);
        writeBack.enqueue(
                new CredentialHandle("sa", LOCATION, "old", null, (family, current, force) -> stored.add(current)),
                ROTATED);
        ledger().delete(ROTATED.id());
        waiting.forEach(Runnable::run);
        assertThat(stored).isEmpty();
        assertThat(writeBack.failed()).isEmpty();
    }

    /** The store may have the token in memory only. */
    @Test
    void enqueue_afterAFailedSave_savesAnUpToDateStoreAgain() throws Exception {
        List<Boolean> forced = new ArrayList<>();
        boolean[] full = {true};
        CredentialWriter writer = (family, current, force) -> {
            forced.add(force);
            if (full[0]) {
                throw new IOException("disk full");
            }
        };
        CredentialWriteBack writeBack = writeBack(Runnable::run);
        enqueue(writeBack, writer, "old");
        assertThat(writeBack.failed()).containsExactly(LOCATION);
        enqueue(writeBack, writer, "current");
        full[0] = false;
        enqueue(writeBack, writer, "current");
        assertThat(writeBack.failed()).isEmpty();
        enqueue(writeBack, writer, "current");
        assertThat(forced).containsExactly(false, true, true);
    }

    @Test
    void moved_keepsTheFailedLocations() throws Exception {
        CredentialWriteBack writeBack = writeBack(Runnable::run);
        enqueue(
                writeBack,
                (family, current, force) -> {
                    throw new IOException("disk full");
                },
                "old");
        writeBack.moved("folder:another", "folder:after");
        assertThat(writeBack.failed()).containsExactly(LOCATION);
        writeBack.moved(LOCATION.context(), "folder:after");
        assertThat(writeBack.failed())
                .containsExactly(new CredentialLocation("folder:after", LOCATION.credentialsId()));
    }

    @Test
    void enqueue_afterARejectedTask_enqueuesAgain() throws Exception {
        List<String> stored = new ArrayList<>();
        boolean[] isShutDown = {true};
        CredentialWriteBack writeBack = writeBack(task -> {
            if (isShutDown[0]) {
                throw new RejectedExecutionException("shut down");
            }
            task.run();
        });
        enqueue(writeBack, (family, current, force) -> stored.add(current), "old");
        assertThat(stored).isEmpty();
        isShutDown[0] = false;
        enqueue(writeBack, (family, current, force) -> stored.add(current), "old");
        assertThat(stored).containsExactly("current");
    }

    @Test
    void writeBack_replacesTokensOfTheFamilyOnly() throws Exception {
        List<String> matching = new ArrayList<>();
        CredentialWriteBack writeBack = writeBack(Runnable::run);
        enqueue(
                writeBack,
                (family, current, force) -> {
                    for (String token : List.of("initial", "current", "entered", "")) {
                        if (family.test(token)) {
                            matching.add(token);
                        }
                    }
                },
                "old");
        assertThat(matching).containsExactly("initial", "current");
    }

    private CredentialWriteBack writeBack(Executor executor) throws IOException {
        return new CredentialWriteBack(ledger(), TestTokenService.HASH, executor, CLAIMS, TIMEOUT);
    }

    private TokenLedger ledger() throws IOException {
        TokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        ledger.save(ROTATED);
        return ledger;
    }

    private static void enqueue(CredentialWriteBack writeBack, CredentialWriter writer, String stored) {
        CredentialHandle handle = new CredentialHandle("sa", LOCATION, stored, CLIENT, writer);
        writeBack.enqueue(handle, ROTATED);
    }
}
