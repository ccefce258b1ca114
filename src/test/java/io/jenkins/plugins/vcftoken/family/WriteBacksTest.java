package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.store.LedgerFiles;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBacksTest {

    @TempDir
    private Path directory;

    /** A person may type a new token while the old one's successor still waits for its turn to be stored. */
    @Test
    void oneFamilyWaitingDoesNotKeepAnotherFromTheSamePlace() throws Exception {
        Endpoint endpoint = new Endpoint("VCF Automation", URI.create("https://vcfa.example.com"), "acme");
        Ledger ledger = new LedgerFiles(directory, Core.CIPHER);
        List<Runnable> waiting = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        WriteBacks writeBacks = new WriteBacks(ledger, Core.HASH, waiting::add);
        Holder holder = new Holder(
                "sa", new Place("system", "sa"), "old", null, (family, current, again) -> stored.add(current));
        for (String token : List.of("first", "first", "second")) {
            FamilyRecord record = FamilyRecord.founded(endpoint, token, Core.HASH, Instant.EPOCH);
            ledger.save(record);
            writeBacks.bring(holder, Core.HASH.ofToken("old"), record.id(), Core.HASH.ofToken(token));
        }
        waiting.forEach(Runnable::run);
        assertThat(stored).containsExactly("first", "second");
    }
}
