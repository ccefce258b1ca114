package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A ledger that counts, and fails where a test wants it to. */
final class InterceptingLedger implements TokenLedger {

    /** What happens at one place, before what is asked for. */
    interface Hook {
        void at(String familyId) throws IOException, InterruptedException;
    }

    private final TokenLedger ledger;
    int saves;
    int locks;
    Hook save = id -> {};
    Hook saved = id -> {};
    Hook delete = id -> {};
    Hook lock = id -> {};
    Hook unlocked = id -> {};
    Hook contents = id -> {};

    InterceptingLedger(TokenLedger ledger) {
        this.ledger = ledger;
    }

    private static void run(Hook hook, String id) throws IOException {
        try {
            hook.at(id);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Optional<TokenFamily> load(String id) throws IOException {
        return ledger.load(id);
    }

    @Override
    public void save(TokenFamily record) throws IOException {
        run(save, record.id());
        saves++;
        ledger.save(record);
        run(saved, record.id());
    }

    @Override
    public void delete(String id) throws IOException {
        run(delete, id);
        ledger.delete(id);
    }

    @Override
    public Contents contents() throws IOException {
        run(contents, "");
        return ledger.contents();
    }

    @Override
    public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        run(contents, "");
        return ledger.loadChanged(seen);
    }

    @Override
    public Optional<TokenLedger.UnreadableRecord> unusable(String token, String hash) {
        return ledger.unusable(token, hash);
    }

    @Override
    public Lock lock(String id, Duration limit) throws IOException, InterruptedException {
        lock.at(id);
        Lock held = ledger.lock(id, limit);
        locks++;
        return () -> {
            held.close();
            try {
                run(unlocked, id);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
    }
}
