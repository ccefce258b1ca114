package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
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

/** Servers that accept and do not answer take threads of their own, and not those of others. */
class HungServersTest {

    private static final Predicate<AccessToken> ANY = accessToken -> true;

    /** More than an access token takes on a busy machine, and less than a server that hangs. */
    private static final Duration MOMENT = Duration.ofSeconds(3);

    @TempDir
    private Path directory;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ExecutorService writeBacks = Executors.newSingleThreadExecutor();
    private final CountDownLatch answers = new CountDownLatch(1);
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger busiest = new AtomicInteger();
    private final Server hung = new Server("hung.example.com", answers);
    private final Server healthy = new Server("healthy.example.com", new CountDownLatch(0));
    private final List<CompletableFuture<TokenResult>> waiting = new ArrayList<>();
    private TokenManager families;

    @BeforeEach
    void start() throws Exception {
        families = families(TestTokenService.PLENTY);
    }

    private TokenManager families(Duration patience) throws Exception {
        Executor counting = task -> threads.execute(() -> {
            busiest.accumulateAndGet(busy.incrementAndGet(), Math::max);
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
                patience,
                () -> true,
                TokenListener.NONE);
    }

    @AfterEach
    void stop() throws Exception {
        answers.countDown();
        threads.shutdown();
        assertThat(threads.awaitTermination(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        writeBacks.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 80})
    void request_besideManyAccountsOfAServerThatHangs_isAnsweredAtOnce(int accounts) throws Exception {
        for (int i = 0; i < accounts; i++) {
            waiting.add(families.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.PER_SERVER);
        healthyIsAnsweredAtOnce();
        assertThat(hung.most).hasValue(RequestQueue.PER_SERVER);
        assertThat(busiest.get()).isLessThanOrEqualTo(RequestQueue.PER_SERVER + 1);
        answers.countDown();
        for (CompletableFuture<TokenResult> one : waiting) {
            assertThat(one.get().error()).isNull();
        }
        assertThat(hung.received).hasValue(accounts);
        assertThat(hung.most).hasValue(RequestQueue.PER_SERVER);
    }

    @Test
    void request_besideManyConnectionTestsOfServersThatHang_isAnsweredAtOnce() throws Exception {
        for (int i = 0; i < 32; i++) {
            Server server = new Server("typed-" + i + ".example.com", answers);
            waiting.add(families.request(handle(server, "", "user:" + i), ANY));
        }
        healthyIsAnsweredAtOnce();
        assertThat(busiest.get()).isLessThanOrEqualTo(RequestQueue.PER_SERVER + 1);
    }

    /** Each place asks for itself, since a token that was rotated away leads to its family from some places only. */
    @Test
    void request_fromSixteenCopiesOfOneCredential_takesOneThreadAndOneRequest() throws Exception {
        Server server = new Server("copied.example.com", answers);
        for (int i = 0; i < 16; i++) {
            waiting.add(families.request(handle(server, "copied", "folder:" + i), ANY));
        }
        await(() -> server.concurrent.get() == 1);
        healthyIsAnsweredAtOnce();
        // Of the same server, too: what waits for its turn has no slot there either.
        CompletableFuture<TokenResult> other = families.request(handle(server, "other", "system"), ANY);
        await(() -> server.concurrent.get() == 2);
        await(() -> busy.get() == 2);
        assertThat(busiest.get()).isLessThanOrEqualTo(3);
        answers.countDown();
        AccessToken one = waiting.get(0).get().accessToken();
        for (CompletableFuture<TokenResult> copy : waiting) {
            assertThat(copy.get().accessToken()).isEqualTo(one);
        }
        other.get();
        assertThat(server.received).hasValue(2);
    }

    @Test
    void await_whileOthersWaitForTheSameServer_saysThatNothingWasSent() throws Exception {
        TokenManager impatient = families(Duration.ofMillis(300));
        for (int i = 0; i < RequestQueue.PER_SERVER; i++) {
            waiting.add(impatient.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.PER_SERVER);
        assertThatThrownBy(() -> impatient.await(handle(hung, "late", "system"), ANY))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("was not sent yet")
                .hasMessageNotContaining("still runs");
        assertThatThrownBy(() -> impatient.await(handle(hung, "hung-0", "system"), ANY))
                .hasMessageContaining("the request still runs");
        assertThat(hung.received).hasValue(RequestQueue.PER_SERVER);
    }

    @Test
    void whatIsQueued_whenJenkinsGoesDown_isNotSent() throws Exception {
        for (int i = 0; i < 2000 + RequestQueue.PER_SERVER; i++) {
            waiting.add(families.request(handle(hung, "hung-" + i, "system"), ANY));
        }
        await(() -> hung.concurrent.get() == RequestQueue.PER_SERVER);
        families.shutdown();
        threads.shutdown();
        answers.countDown();
        int refused = 0;
        for (CompletableFuture<TokenResult> one : waiting) {
            try {
                one.get(TestTokenService.PLENTY.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                assertThat(e.getCause()).hasMessageContaining("shutting down");
                refused++;
            }
        }
        assertThat(refused).isEqualTo(2000);
        assertThat(hung.received).hasValue(RequestQueue.PER_SERVER);
    }

    private void healthyIsAnsweredAtOnce() throws Exception {
        long begin = System.nanoTime();
        families.await(handle(healthy, "healthy", "system"), ANY);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(MOMENT);
    }

    private static CredentialHandle handle(Server server, String id, String context) {
        return new CredentialHandle(
                id, new CredentialLocation(context, id), "secret of " + id, server, (family, token, again) -> {});
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TestTokenService.PLENTY.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /** Counts what it receives, and answers when it is told to. */
    private static final class Server implements TokenEndpointClient {

        private final Account account;
        private final CountDownLatch answers;
        final AtomicInteger received = new AtomicInteger();
        final AtomicInteger concurrent = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();

        Server(String host, CountDownLatch answers) {
            this.account = new Account("system", URI.create("https://" + host), "acme");
            this.answers = answers;
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
            most.accumulateAndGet(concurrent.incrementAndGet(), Math::max);
            try {
                answers.await();
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
