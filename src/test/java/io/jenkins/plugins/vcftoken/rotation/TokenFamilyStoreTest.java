package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TokenFamilyStoreTest {

    private static final Account ACCOUNT = new Account("test", URI.create("https://vcfa.example"), "acme");
    private static final TokenFamily RECORD =
            TokenFamily.created(ACCOUNT, "initial", TestTokenService.HASH, Instant.parse("2026-01-01T00:00:00Z"));
    private static final String TOKEN = "initial";

    /** Otherwise the second thread would create another family and send a former token. */
    @Test
    void find_whileAnotherThreadReadsTheLedger_waitsForItsResult() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        TokenFamilyStore store = new TokenFamilyStore(
                new OneRecord(() -> {
                    reading.countDown();
                    released.await();
                }),
                TestTokenService.HASH);
        CompletableFuture<List<TokenFamily>> first = CompletableFuture.supplyAsync(() -> find(store));
        assertThat(reading.await(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        CompletableFuture<List<TokenFamily>> second = CompletableFuture.supplyAsync(() -> find(store));
        assertThatThrownBy(() -> second.get(100, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        released.countDown();
        assertThat(first.get(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
        assertThat(second.get(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
    }

    @Test
    void put_afterManyRotations_indexesTheRecentHashesOnly() throws Exception {
        TokenFamilyStore store = new TokenFamilyStore(new OneRecord(() -> {}), TestTokenService.HASH);
        RefreshTokenHistory tokens = RECORD.tokens();
        for (int i = 0; i < 3 * RefreshTokenHistory.RECENT; i++) {
            tokens = tokens.rotatedTo("token " + i, TestTokenService.HASH);
            store.put(family(RECORD.id(), tokens));
        }
        assertThat(store.size()).isEqualTo(RefreshTokenHistory.RECENT + 2);
        for (String token : List.of("initial", "token 0", "token 250", tokens.current())) {
            assertThat(store.find(token)).as(token).hasSize(1);
        }
        assertThat(store.find("another")).isEmpty();
    }

    @Test
    void uncache_leavesNoHashBehind() throws Exception {
        TokenFamilyStore store = new TokenFamilyStore(new OneRecord(() -> {}), TestTokenService.HASH);
        store.put(RECORD);
        assertThat(store.uncache(RECORD.id())).isEqualTo(RECORD);
        assertThat(store.size()).isZero();
        assertThat(store.uncache(RECORD.id())).isNull();
    }

    @Test
    void find_afterAReadError_readsAgain() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        TokenFamilyStore store = new TokenFamilyStore(
                new OneRecord(() -> {
                    if (attempts.incrementAndGet() == 1) {
                        throw new IOException("disk");
                    }
                }),
                TestTokenService.HASH);
        assertThatThrownBy(() -> store.find(TOKEN)).hasMessage("disk");
        assertThat(store.find(TOKEN)).hasSize(1);
    }

    /** First the family that is bound to the location, then the newest, then the one with this current token. */
    @Test
    void findAmong_severalFamilies_prefersTheOneBoundToTheLocation() {
        CredentialLocation location = new CredentialLocation("system", "sa");
        TokenFamily current = familyWith("current", TOKEN, 9);
        TokenFamily former = familyWith("former", "other", 7);
        TokenFamily old = familyWith("old", TOKEN, 1, location);
        TokenFamily young = familyWith("young", "other", 2, location);
        TokenFamily same = familyWith("same", TOKEN, 2, location);
        assertSelected(current, location, former, current);
        assertSelected(old, location, current, former, old);
        assertSelected(young, location, old, young, current);
        assertSelected(same, location, same, young);
        assertSelected(null, location);
        Account other = new Account("test", URI.create("https://vcfa.example"), "globex");
        assertThat(TokenFamilyStore.findAmong(List.of(current, old), TOKEN, other, location))
                .isNull();
    }

    private static void assertSelected(TokenFamily expected, CredentialLocation location, TokenFamily... known) {
        List<TokenFamily> list = new ArrayList<>(List.of(known));
        assertThat(TokenFamilyStore.findAmong(list, TOKEN, ACCOUNT, location)).isEqualTo(expected);
        Collections.reverse(list);
        assertThat(TokenFamilyStore.findAmong(list, TOKEN, ACCOUNT, location)).isEqualTo(expected);
    }

    private static TokenFamily familyWith(String id, String current, long generation, CredentialLocation... locations) {
        return family(id, new RefreshTokenHistory("", current, List.of(), generation, false), locations);
    }

    private static TokenFamily family(String id, RefreshTokenHistory tokens, CredentialLocation... locations) {
        return new TokenFamily(
                id,
                ACCOUNT,
                TokenFamily.Status.READY,
                tokens,
                null,
                Set.of(locations),
                null,
                RECORD.changed(),
                null,
                null,
                null);
    }

    private static List<TokenFamily> find(TokenFamilyStore store) {
        try {
            return store.find(TOKEN);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Hook {
        void run() throws IOException, InterruptedException;
    }

    /** Returns its record once, and marks it as seen before the caller receives it. */
    private record OneRecord(Hook onRead) implements TokenLedger {

        @Override
        public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
            if (seen.put("record", "seen") != null) {
                return List.of();
            }
            try {
                onRead.run();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return List.of(RECORD);
        }

        @Override
        public Contents contents() {
            return new Contents(List.of(RECORD), List.of());
        }

        @Override
        public Optional<TokenFamily> load(String id) {
            return Optional.of(RECORD);
        }

        @Override
        public void save(TokenFamily record) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void delete(String id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Lock lock(String id, Duration limit) {
            return () -> {};
        }
    }
}
