package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Ledger that counts calls and runs hooks. */
final class InterceptingLedger implements TokenLedger {

    interface Hook {
        void run(String familyId) throws IOException, InterruptedException;
    }

    private final TokenLedger ledger;
    int saveCount;
    int lockCount;
    Hook beforeSave = id -> {};
    Hook afterSave = id -> {};
    Hook beforeLock = id -> {};
    Hook afterUnlock = id -> {};
    Hook beforeRead = id -> {};

    InterceptingLedger(TokenLedger ledger) {
        this.ledger = ledger;
    }

    private static void run(Hook hook, String id) throws IOException {
        try {
            hook.run(id);
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
        run(beforeSave, record.id());
        saveCount++;
        ledger.save(record);
        run(afterSave, record.id());
    }

    @Override
    public void delete(String id) throws IOException {
        ledger.delete(id);
    }

    @Override
    public Contents contents() throws IOException {
        run(beforeRead, "");
        return ledger.contents();
    }

    @Override
    public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        run(beforeRead, "");
        return ledger.loadChanged(seen);
    }

    @Override
    public Optional<UnreadableRecord> findUnreadable(String token, String hash) {
        return ledger.findUnreadable(token, hash);
    }

    @Override
    public Lock lock(String id, Duration limit) throws IOException, InterruptedException {
        beforeLock.run(id);
        Lock held = ledger.lock(id, limit);
        lockCount++;
        return () -> {
            held.close();
            try {
                run(afterUnlock, id);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
    }
}
