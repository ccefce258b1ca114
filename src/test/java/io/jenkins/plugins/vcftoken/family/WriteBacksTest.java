package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.store.LedgerFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBacksTest {

    private static final Place PLACE = new Place("system", "sa");
    private static final Endpoint ENDPOINT =
            new Endpoint("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
    private static final Bearer BEARER = new Bearer("b", Instant.EPOCH, Instant.EPOCH.plusSeconds(60));
    private static final FamilyRecord ROTATED = FamilyRecord.founded(ENDPOINT, "seed", Core.HASH, Instant.EPOCH)
            .granted(new Grant(BEARER, "current"), Core.HASH, Instant.EPOCH);

    private static final TokenService VCFA = new Unasked(ENDPOINT);

    @TempDir
    private Path directory;

    /** A person may type a new token while the old one's successor still waits for its turn to be stored. */
    @Test
    void oneFamilyWaitingDoesNotKeepAnotherFromTheSamePlace() throws Exception {
        Ledger ledger = new LedgerFiles(directory, Core.CIPHER);
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        WriteBacks writeBacks = new WriteBacks(ledger, Core.HASH, waiting::add);
        Holder holder = new Holder(
                "sa", new Place("system", "sa"), "old", null, (family, current, again) -> stored.add(current));
        for (String token : List.of("first", "first", "second")) {
            FamilyRecord record = FamilyRecord.founded(ENDPOINT, token, Core.HASH, Instant.EPOCH);
            ledger.save(record);
            writeBacks.bring(holder, Core.HASH.ofToken("old"), record.id(), Core.HASH.ofToken(token));
        }
        waiting.forEach(Runnable::run);
        assertThat(stored).containsExactly("first", "second");
    }

    /** Its memory may have the token and its disk not. */
    @Test
    void aStoreThatCouldNotBeSavedIsSavedAgainThoughItLooksCurrent() throws Exception {
        List<Boolean> again = new ArrayList<>();
        boolean[] full = {true};
        TokenKeeper keeper = (family, current, anew) -> {
            again.add(anew);
            if (full[0]) {
                throw new IOException("disk full");
            }
        };
        WriteBacks writeBacks = new WriteBacks(ledger(), Core.HASH, Runnable::run);
        bring(writeBacks, keeper, "old");
        assertThat(writeBacks.failed()).containsExactly(PLACE);
        bring(writeBacks, keeper, "current");
        full[0] = false;
        bring(writeBacks, keeper, "current");
        assertThat(writeBacks.failed()).isEmpty();
        bring(writeBacks, keeper, "current");
        assertThat(again).containsExactly(false, true, true);
    }

    @Test
    void thatAStoreCouldNotBeSavedIsNotForgottenWithTheOldNameOfItsFolder() throws Exception {
        WriteBacks writeBacks = new WriteBacks(ledger(), Core.HASH, Runnable::run);
        bring(
                writeBacks,
                (family, current, again) -> {
                    throw new IOException("disk full");
                },
                "old");
        writeBacks.moved("folder:another", "folder:after");
        assertThat(writeBacks.failed()).containsExactly(PLACE);
        writeBacks.moved(PLACE.context(), "folder:after");
        assertThat(writeBacks.failed()).containsExactly(new Place("folder:after", PLACE.credentialsId()));
    }

    @Test
    void whatNobodyTookIsBroughtNextTime() throws Exception {
        List<String> stored = new ArrayList<>();
        boolean[] goingDown = {true};
        WriteBacks writeBacks = new WriteBacks(ledger(), Core.HASH, task -> {
            if (goingDown[0]) {
                throw new RejectedExecutionException("going down");
            }
            task.run();
        });
        bring(writeBacks, (family, current, again) -> stored.add(current), "old");
        assertThat(stored).isEmpty();
        goingDown[0] = false;
        bring(writeBacks, (family, current, again) -> stored.add(current), "old");
        assertThat(stored).containsExactly("current");
    }

    @Test
    void aTokenOfTheFamilyIsReplacedAndAPersonsIsNot() throws Exception {
        List<String> theirs = new ArrayList<>();
        WriteBacks writeBacks = new WriteBacks(ledger(), Core.HASH, Runnable::run);
        bring(
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

    private Ledger ledger() throws IOException {
        Ledger ledger = new LedgerFiles(directory, Core.CIPHER);
        ledger.save(ROTATED);
        return ledger;
    }

    private static void bring(WriteBacks writeBacks, TokenKeeper keeper, String stored) {
        Holder holder = new Holder("sa", PLACE, stored, VCFA, keeper);
        writeBacks.bring(holder, Core.HASH.ofToken(stored), ROTATED.id(), Core.HASH.ofToken("current"));
    }
}
