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

class TokenFamilyCacheTest {

    private static final Account ENDPOINT = new Account("test", URI.create("https://vcfa.example"), "acme");
    private static final TokenFamily RECORD =
            TokenFamily.created(ENDPOINT, "seed", TestTokenService.HASH, Instant.parse("2026-01-01T00:00:00Z"));
    private static final String HASH = TestTokenService.HASH.ofToken("seed");

    /** Who founded another family meanwhile would send a token that may be spent. */
    @Test
    void whoComesSecondWaitsForWhatTheFirstOneReads() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        TokenFamilyCache cache = new TokenFamilyCache(
                new OneRecord(() -> {
                    reading.countDown();
                    go.await();
                }),
                TestTokenService.HASH);
        CompletableFuture<List<TokenFamilyCache.Entry>> first = CompletableFuture.supplyAsync(() -> find(cache));
        assertThat(reading.await(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        CompletableFuture<List<TokenFamilyCache.Entry>> second = CompletableFuture.supplyAsync(() -> find(cache));
        assertThatThrownBy(() -> second.get(100, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        go.countDown();
        assertThat(first.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
        assertThat(second.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .hasSize(1);
    }

    @Test
    void rotationsDoNotFillTheMemory() throws Exception {
        TokenFamilyCache cache = new TokenFamilyCache(new OneRecord(() -> {}), TestTokenService.HASH);
        TokenHistory tokens = RECORD.tokens();
        for (int i = 0; i < 3 * TokenHistory.RECENT; i++) {
            tokens = tokens.rotatedTo("token " + i, TestTokenService.HASH);
            cache.put(rotated(tokens), true);
        }
        assertThat(cache.size()).isEqualTo(TokenHistory.RECENT + 2);
        for (String token : List.of("seed", "token 0", "token 250", tokens.current())) {
            assertThat(cache.find(TestTokenService.HASH.ofToken(token)))
                    .as(token)
                    .hasSize(1);
        }
        assertThat(cache.find(TestTokenService.HASH.ofToken("another"))).isEmpty();
    }

    @Test
    void whatIsForgottenTakesNoMemory() throws Exception {
        TokenFamilyCache cache = new TokenFamilyCache(new OneRecord(() -> {}), TestTokenService.HASH);
        cache.put(RECORD, true);
        TokenFamilyCache.Entry forgotten = cache.forget(RECORD.id());
        assertThat(cache.size()).isZero();
        cache.restore(forgotten);
        assertThat(cache.find(HASH)).containsExactly(forgotten);
    }

    private static TokenFamily rotated(TokenHistory tokens) {
        return new TokenFamily(
                RECORD.id(),
                ENDPOINT,
                TokenFamilyStatus.READY,
                tokens,
                null,
                Set.of(),
                null,
                RECORD.changed(),
                null,
                null);
    }

    @Test
    void whatCouldNotBeReadIsReadAgain() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        TokenFamilyCache cache = new TokenFamilyCache(
                new OneRecord(() -> {
                    if (tries.incrementAndGet() == 1) {
                        throw new IOException("disk");
                    }
                }),
                TestTokenService.HASH);
        assertThatThrownBy(() -> cache.find(HASH)).hasMessage("disk");
        assertThat(cache.find(HASH)).hasSize(1);
    }

    /** At home first, then the one that was authorized last, then the one whose current token it is. */
    @Test
    void ofSeveralFamiliesTheOneAtHomeIsMeant() {
        CredentialLocation home = new CredentialLocation("system", "sa");
        TokenFamilyCache.Entry current = entry("current", HASH, 9);
        TokenFamilyCache.Entry former = entry("former", "other", 7);
        TokenFamilyCache.Entry old = entry("old", HASH, 1, home);
        TokenFamilyCache.Entry young = entry("young", "other", 2, home);
        TokenFamilyCache.Entry same = entry("same", HASH, 2, home);
        assertMeant(current, home, former, current);
        assertMeant(old, home, current, former, old);
        assertMeant(young, home, old, young, current);
        assertMeant(same, home, same, young);
        assertMeant(null, home);
        Account other = new Account("test", URI.create("https://vcfa.example"), "globex");
        assertThat(TokenFamilyCache.findAmong(List.of(current, old), HASH, other, home))
                .isNull();
    }

    private static void assertMeant(
            TokenFamilyCache.Entry expected, CredentialLocation location, TokenFamilyCache.Entry... known) {
        List<TokenFamilyCache.Entry> list = new ArrayList<>(List.of(known));
        assertThat(TokenFamilyCache.findAmong(list, HASH, ENDPOINT, location)).isEqualTo(expected);
        Collections.reverse(list);
        assertThat(TokenFamilyCache.findAmong(list, HASH, ENDPOINT, location)).isEqualTo(expected);
    }

    private static TokenFamilyCache.Entry entry(
            String id, String currentHash, long generation, CredentialLocation... locations) {
        return new TokenFamilyCache.Entry(
                id,
                ENDPOINT,
                TokenFamilyStatus.READY,
                null,
                false,
                false,
                currentHash,
                Set.of(),
                List.of(),
                generation,
                Set.of(locations));
    }

    private static List<TokenFamilyCache.Entry> find(TokenFamilyCache cache) {
        try {
            return cache.find(HASH);
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
