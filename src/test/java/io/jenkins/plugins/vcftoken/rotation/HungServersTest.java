package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that accept requests and do not respond do not delay requests to other servers. */
class HungServersTest {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    /** Longer than a request takes on a busy machine. */
    private static final Duration MAX_DELAY = Duration.ofSeconds(3);

    @TempDir
    private Path directory;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ExecutorService writeBacks = Executors.newSingleThreadExecutor();
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger maxBusy = new AtomicInteger();
    private final Server hung = new Server("hung.example.com", released);
    private final Server healthy = new Server("healthy.example.com", new CountDownLatch(0));
    private final List<CompletableFuture<TokenResult>> pending = new ArrayList<>();
    private TokenManager manager;

    @BeforeEach
    void start() throws Exception {
        manager = manager(TestTokenService.MAX_WAIT);
    }

    private TokenManager manager(Duration timeout) throws Exception {
        Executor counting = task -> threads.execute(() -> {
            maxBusy.accumulateAndGet(busy.incrementAndGet(), Math::max);
            try {
                task.run();
            } finally {
                busy.decrementAndGet();
            }
        });
        FileTokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        return new TokenManager(
                ledger,
                TestTokenService.HASH,
                counting,
                writeBacks,
                InstantSource.system(),
                timeout,
                () -> true,
                TokenEventListener.NONE);
    }

    @AfterEach
    void stop() throws Exception {
        released.countDown();
        threads.shutdown();
        assertThat(threads.awaitTermination(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        writeBacks.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 80})
    void request_whileAServerWithManyAccountsHangs_isNotDelayed(int accounts) throws Exception {
        for (int i = 0; i < accounts; i++) {
            pending.add(manager.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.MAX_PER_SERVER);
        assertHealthyServerIsNotDelayed();
        assertThat(hung.maxConcurrent).hasValue(RequestQueue.MAX_PER_SERVER);
        assertThat(maxBusy.get()).isLessThanOrEqualTo(RequestQueue.MAX_PER_SERVER + 1);
        released.countDown();
        for (CompletableFuture<TokenResult> one : pending) {
            assertThat(one.get().error()).isNull();
        }
        assertThat(hung.received).hasValue(accounts);
        assertThat(hung.maxConcurrent).hasValue(RequestQueue.MAX_PER_SERVER);
    }

    @Test
    void request_whileConnectionTestsOfManyServersHang_isNotDelayed() throws Exception {
        for (int i = 0; i < 32; i++) {
            Server server = new Server("typed-" + i + ".example.com", released);
            pending.add(manager.request(handle(server, "", "user:" + i), ANY));
        }
        assertHealthyServerIsNotDelayed();
        assertThat(maxBusy.get()).isLessThanOrEqualTo(RequestQueue.MAX_PER_SERVER + 1);
    }

    /** Locations do not share requests, since a former token is accepted only at some of them. */
    @Test
    void request_fromSixteenCopiesOfOneCredential_usesOneThreadAndOneRequest() throws Exception {
        Server server = new Server("copied.example.com", released);
        for (int i = 0; i < 16; i++) {
            pending.add(manager.request(handle(server, "copied", "folder:" + i), ANY));
        }
        await(() -> server.concurrent.get() == 1);
        assertHealthyServerIsNotDelayed();
        // Queued requests occupy no slot of the same server either.
        CompletableFuture<TokenResult> other = manager.request(handle(server, "other", "system"), ANY);
        await(() -> server.concurrent.get() == 2);
        await(() -> busy.get() == 2);
        assertThat(maxBusy.get()).isLessThanOrEqualTo(3);
        released.countDown();
        AccessToken one = pending.get(0).get().accessToken();
        for (CompletableFuture<TokenResult> copy : pending) {
            assertThat(copy.get().accessToken()).isEqualTo(one);
        }
        other.get();
        assertThat(server.received).hasValue(2);
    }

    @Test
    void await_whileOthersWaitForTheSameServer_reportsThatNothingWasSent() throws Exception {
        TokenManager withShortTimeout = manager(Duration.ofMillis(300));
        for (int i = 0; i < RequestQueue.MAX_PER_SERVER; i++) {
            pending.add(withShortTimeout.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.MAX_PER_SERVER);
        assertThatThrownBy(() -> withShortTimeout.await(handle(hung, "late", "system"), ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("was not sent yet")
                .hasMessageNotContaining("still runs");
        assertThatThrownBy(() -> withShortTimeout.await(handle(hung, "hung-0", "system"), ANY))
                .hasMessageContaining("the request still runs");
        assertThat(hung.received).hasValue(RequestQueue.MAX_PER_SERVER);
    }

    @Test
    void queuedRequests_duringShutdown_areNotSent() throws Exception {
        for (int i = 0; i < 2000 + RequestQueue.MAX_PER_SERVER; i++) {
            pending.add(manager.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.MAX_PER_SERVER);
        manager.shutdown();
        threads.shutdown();
        released.countDown();
        int refused = 0;
        for (CompletableFuture<TokenResult> one : pending) {
            try {
                one.get(TestTokenService.MAX_WAIT.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                assertThat(e.getCause()).hasMessageContaining("shutting down");
                refused++;
            }
        }
        assertThat(refused).isEqualTo(2000);
        assertThat(hung.received).hasValue(RequestQueue.MAX_PER_SERVER);
    }

    private void assertHealthyServerIsNotDelayed() throws Exception {
        long begin = System.nanoTime();
        manager.await(handle(healthy, "healthy", "system"), ANY);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(MAX_DELAY);
    }

    private static CredentialHandle handle(Server server, String id, String context) {
        return new CredentialHandle(
                id, new CredentialLocation(context, id), "secret of " + id, server, (family, token, force) -> {});
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TestTokenService.MAX_WAIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /** Counts requests, and responds when the latch is released. */
    private static final class Server implements TokenClient {

        private final Account account;
        private final CountDownLatch released;
        final AtomicInteger received = new AtomicInteger();
        final AtomicInteger concurrent = new AtomicInteger();
        final AtomicInteger maxConcurrent = new AtomicInteger();

        Server(String host, CountDownLatch released) {
            this.account = new Account("system", URI.create("https://" + host), "acme");
            this.released = released;
        }

        @Override
        public Account account() {
            return account;
        }

        @Override
        public boolean rotates() {
            return false;
        }

        @Override
        public TokenResponse requestToken(String secret) {
            int number = received.incrementAndGet();
            maxConcurrent.accumulateAndGet(concurrent.incrementAndGet(), Math::max);
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                concurrent.decrementAndGet();
            }
            Instant now = Instant.now();
            return new TokenResponse(
                    new AccessToken("token-" + number + " for " + secret, now, now.plusSeconds(3600)), null);
        }
    }
}
