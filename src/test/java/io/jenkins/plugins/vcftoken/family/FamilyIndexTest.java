package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
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

class FamilyIndexTest {

    private static final Endpoint ENDPOINT = new Endpoint("test", URI.create("https://vcfa.example"), "acme");
    private static final FamilyRecord RECORD =
            FamilyRecord.founded(ENDPOINT, "seed", Core.HASH, Instant.parse("2026-01-01T00:00:00Z"));
    private static final String HASH = Core.HASH.ofToken("seed");

    /** Who founded another family meanwhile would send a token that may be spent. */
    @Test
    void whoComesSecondWaitsForWhatTheFirstOneReads() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        FamilyIndex index = new FamilyIndex(
                new OneRecord(() -> {
                    reading.countDown();
                    go.await();
                }),
                Core.HASH);
        CompletableFuture<List<FamilyIndex.Entry>> first = CompletableFuture.supplyAsync(() -> find(index));
        assertThat(reading.await(Core.PLENTY.toSeconds(), TimeUnit.SECONDS)).isTrue();
        CompletableFuture<List<FamilyIndex.Entry>> second = CompletableFuture.supplyAsync(() -> find(index));
        assertThatThrownBy(() -> second.get(100, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        go.countDown();
        assertThat(first.get(Core.PLENTY.toSeconds(), TimeUnit.SECONDS)).hasSize(1);
        assertThat(second.get(Core.PLENTY.toSeconds(), TimeUnit.SECONDS)).hasSize(1);
    }

    @Test
    void rotationsDoNotFillTheMemory() throws Exception {
        FamilyIndex index = new FamilyIndex(new OneRecord(() -> {}), Core.HASH);
        Lineage tokens = RECORD.tokens();
        for (int i = 0; i < 3 * Lineage.RECENT; i++) {
            tokens = tokens.rotatedTo("token " + i, Core.HASH);
            index.put(rotated(tokens), true);
        }
        assertThat(index.size()).isEqualTo(Lineage.RECENT + 2);
        for (String token : List.of("seed", "token 0", "token 250", tokens.current())) {
            assertThat(index.find(Core.HASH.ofToken(token))).as(token).hasSize(1);
        }
        assertThat(index.find(Core.HASH.ofToken("another"))).isEmpty();
    }

    @Test
    void whatIsForgottenTakesNoMemory() throws Exception {
        FamilyIndex index = new FamilyIndex(new OneRecord(() -> {}), Core.HASH);
        index.put(RECORD, true);
        FamilyIndex.Entry forgotten = index.forget(RECORD.id());
        assertThat(index.size()).isZero();
        index.restore(RECORD.id(), forgotten);
        assertThat(index.find(HASH)).containsExactly(forgotten);
    }

    private static FamilyRecord rotated(Lineage tokens) {
        return new FamilyRecord(
                RECORD.id(), ENDPOINT, FamilyState.OK, tokens, null, Set.of(), null, RECORD.changed(), null, null);
    }

    @Test
    void whatCouldNotBeReadIsReadAgain() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        FamilyIndex index = new FamilyIndex(
                new OneRecord(() -> {
                    if (tries.incrementAndGet() == 1) {
                        throw new IOException("disk");
                    }
                }),
                Core.HASH);
        assertThatThrownBy(() -> index.find(HASH)).hasMessage("disk");
        assertThat(index.find(HASH)).hasSize(1);
    }

    /** At home first, then the one that was authorized last, then the one whose current token it is. */
    @Test
    void ofSeveralFamiliesTheOneAtHomeIsMeant() {
        Place home = new Place("system", "sa");
        FamilyIndex.Entry current = entry("current", HASH, 9);
        FamilyIndex.Entry former = entry("former", "other", 7);
        FamilyIndex.Entry old = entry("old", HASH, 1, home);
        FamilyIndex.Entry young = entry("young", "other", 2, home);
        FamilyIndex.Entry same = entry("same", HASH, 2, home);
        assertMeant(current, home, former, current);
        assertMeant(old, home, current, former, old);
        assertMeant(young, home, old, young, current);
        assertMeant(same, home, same, young);
        assertMeant(null, home);
        Endpoint other = new Endpoint("test", URI.create("https://vcfa.example"), "globex");
        assertThat(FamilyIndex.among(List.of(current, old), HASH, other, home)).isNull();
    }

    private static void assertMeant(FamilyIndex.Entry expected, Place place, FamilyIndex.Entry... known) {
        List<FamilyIndex.Entry> list = new ArrayList<>(List.of(known));
        assertThat(FamilyIndex.among(list, HASH, ENDPOINT, place)).isEqualTo(expected);
        Collections.reverse(list);
        assertThat(FamilyIndex.among(list, HASH, ENDPOINT, place)).isEqualTo(expected);
    }

    private static FamilyIndex.Entry entry(String id, String currentHash, long generation, Place... places) {
        return new FamilyIndex.Entry(
                id,
                ENDPOINT,
                FamilyState.OK,
                null,
                false,
                false,
                currentHash,
                Set.of(),
                List.of(),
                generation,
                Set.of(places));
    }

    private static List<FamilyIndex.Entry> find(FamilyIndex index) {
        try {
            return index.find(HASH);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Reading {
        void happens() throws IOException, InterruptedException;
    }

    /** Gives its one record once, and counts it as given before the reader has it. */
    private record OneRecord(Reading reading) implements Ledger {

        @Override
        public List<FamilyRecord> loadChanged(Map<String, Object> seen) throws IOException {
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
        public Optional<FamilyRecord> load(String id) {
            return Optional.of(RECORD);
        }

        @Override
        public void save(FamilyRecord record) {
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
