package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
