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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TokenFamilyStoreTest {

    private static final Account ENDPOINT = new Account("test", URI.create("https://vcfa.example"), "acme");
    private static final TokenFamily RECORD =
            TokenFamily.created(ENDPOINT, "seed", TestTokenService.HASH, Instant.parse("2026-01-01T00:00:00Z"));
    private static final String TOKEN = "seed";

    /** Who founded another family meanwhile would send a token that may be spent. */
    @Test
    void find_whileAnotherThreadReadsTheLedger_waitsForItsResult() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        TokenFamilyStore store = new TokenFamilyStore(
                new OneRecord(() -> {
                    reading.countDown();
                    go.await();
                }),
                TestTokenService.HASH);
        CompletableFuture<List<TokenFamily>> first = CompletableFuture.supplyAsync(() -> find(store));
        assertThat(reading.await(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        CompletableFuture<List<TokenFamily>> second = CompletableFuture.supplyAsync(() -> find(store));
        assertThatThrownBy(() -> second.get(100, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        go.countDown();
        assertThat(first.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
        assertThat(second.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
    }

    @Test
    void put_afterManyRotations_indexesTheRecentHashesOnly() throws Exception {
        TokenFamilyStore store = new TokenFamilyStore(new OneRecord(() -> {}), TestTokenService.HASH);
        TokenHistory tokens = RECORD.tokens();
        for (int i = 0; i < 3 * TokenHistory.RECENT; i++) {
            tokens = tokens.rotatedTo("token " + i, TestTokenService.HASH);
            store.put(rotated(tokens));
        }
        assertThat(store.size()).isEqualTo(TokenHistory.RECENT + 2);
        for (String token : List.of("seed", "token 0", "token 250", tokens.current())) {
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

    private static TokenFamily rotated(TokenHistory tokens) {
        return new TokenFamily(
                RECORD.id(),
                ENDPOINT,
                TokenFamily.Status.READY,
                tokens,
                null,
                Set.of(),
                null,
                RECORD.changed(),
                null,
                null,
                null);
    }

    @Test
    void find_afterAReadError_readsAgain() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        TokenFamilyStore store = new TokenFamilyStore(
                new OneRecord(() -> {
                    if (tries.incrementAndGet() == 1) {
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
        CredentialLocation home = new CredentialLocation("system", "sa");
        TokenFamily current = entry("current", TOKEN, 9);
        TokenFamily former = entry("former", "other", 7);
        TokenFamily old = entry("old", TOKEN, 1, home);
        TokenFamily young = entry("young", "other", 2, home);
        TokenFamily same = entry("same", TOKEN, 2, home);
        assertMeant(current, home, former, current);
        assertMeant(old, home, current, former, old);
        assertMeant(young, home, old, young, current);
        assertMeant(same, home, same, young);
        assertMeant(null, home);
        Account other = new Account("test", URI.create("https://vcfa.example"), "globex");
        assertThat(TokenFamilyStore.findAmong(List.of(current, old), TOKEN, other, home))
                .isNull();
    }

    private static void assertMeant(TokenFamily expected, CredentialLocation location, TokenFamily... known) {
        List<TokenFamily> list = new ArrayList<>(List.of(known));
        assertThat(TokenFamilyStore.findAmong(list, TOKEN, ENDPOINT, location)).isEqualTo(expected);
        Collections.reverse(list);
        assertThat(TokenFamilyStore.findAmong(list, TOKEN, ENDPOINT, location)).isEqualTo(expected);
    }

    private static TokenFamily entry(String id, String current, long generation, CredentialLocation... locations) {
        TokenHistory tokens = new TokenHistory("", current, List.of(), generation, false);
        return new TokenFamily(
                id,
                ENDPOINT,
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

    private interface Reading {
        void happens() throws IOException, InterruptedException;
    }

    /** Gives its one record once, and counts it as given before the reader has it. */
    private record OneRecord(Reading reading) implements TokenLedger {

        @Override
        public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
            if (seen.put("record", "given") != null) {
                return List.of();
            }
            try {
                reading.happens();
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
