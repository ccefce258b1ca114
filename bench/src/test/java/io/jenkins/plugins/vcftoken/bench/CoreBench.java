package io.jenkins.plugins.vcftoken.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.RefreshTokenHistory;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cost of the core without Jenkins. JMH is not suitable: the results are milliseconds of disk and network I/O, or
 * bytes, and have to be interleaved with the measurement of a baseline.
 */
class CoreBench {

    /** Number of threads per server in a controller. */
    private static final int REQUEST_THREADS = 16;

    private static final Duration LATENCY = Duration.ofMillis(200);
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final Report REPORT = new Report("core");

    static final LeaseOwnerCallback OWNER = new LeaseOwnerCallback() {
        public String displayName() {
            return "bench";
        }

        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {}
    };

    @TempDir
    private Path directory;

    private Simulator simulator;
    private int folders;
    private int accounts;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }

    /** Maximum throughput of the simulator, which limits all other results. */
    @Test
    void simulator() throws Exception {
        for (int clients : new int[] {1, 4, REQUEST_THREADS}) {
            int each = Report.isQuick() ? 20 : 60;
            List<Samples> results = Samples.interleave(Report.rounds(), () -> grantsPerSecond(clients, each));
            REPORT.add(new Row("maximum throughput of the simulator", clients, "clients", "token requests/s", results.get(0)));
        }
    }

    private double grantsPerSecond(int clients, int each) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            long start = System.nanoTime();
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                OkHttpBaseline client = new OkHttpBaseline(simulator, "client-" + accounts++);
                all.add(threads.submit(() -> {
                    for (int n = 0; n < each; n++) {
                        client.requestToken();
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
            return clients * each / (OkHttpBaseline.millisSince(start) / 1000);
        } finally {
            threads.shutdownNow();
        }
    }

    /** All leases are due at the same time, the worst case. */
    @Test
    void renewalOfManyFamiliesAtOnce() throws Exception {
        int[] sizes = Report.sizes(100, 300, 1000);
        for (int families : sizes) {
            List<Double> times = new ArrayList<>();
            for (int round = -1; round < (Boolean.getBoolean("bench.tiny") ? 1 : Report.rounds()); round++) {
                double time = renewAll(families == sizes[0] || round >= 0 ? families : sizes[0]);
                if (round >= 0) {
                    times.add(time);
                }
            }
            double ideal = Math.ceil((double) families / REQUEST_THREADS) * LATENCY.toMillis();
            REPORT.add(new Row(
                            "concurrent renewal of all families, server latency 200 ms",
                            families,
                            "families",
                            "ms",
                            new Samples(times))
                    .comparedTo("families / 16 × 200 ms", new Samples(List.of(ideal)))
                    .ratioAtMost(1.2));
        }
    }

    private double renewAll(int families) throws Exception {
        simulator.setDelay(LATENCY);
        Path folder = newDirectory();
        FileTokenLedger ledger = new FileTokenLedger(folder, TestTokenService.CIPHER);
        List<TokenFamily> records = new ArrayList<>();
        ExecutorService requests = Executors.newFixedThreadPool(REQUEST_THREADS);
        ExecutorService writeBacks = Executors.newSingleThreadExecutor();
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(10);
        Instant due = Instant.now().plusMillis(1500 + 4L * families);
        AtomicInteger late = new AtomicInteger();
        try (TestTokenService core = new TestTokenService(newDirectory(), simulator, InstantSource.system())) {
            TokenManager all = new TokenManager(
                    ledger,
                    TestTokenService.HASH,
                    requests,
                    writeBacks,
                    InstantSource.system(),
                    Duration.ofSeconds(60),
                    () -> true,
                    TokenEventListener.NONE);
            LeaseManager leases = new LeaseManager(all, timer, InstantSource.system(), new RenewalPolicy(() -> 0));
            CountDownLatch renewed = new CountDownLatch(families);
            List<CredentialHandle> handles = new ArrayList<>();
            for (int i = 0; i < families; i++) {
                CredentialHandle handle = core.handle("account-" + accounts, core.service("acme"), newAccount());
                Instant issued = due.minus(LIFETIME.multipliedBy(3).dividedBy(4));
                AccessToken accessToken = new AccessToken("old-", issued, issued.plus(LIFETIME));
                records.add(record(handle.client().account(), handle.token(), accessToken, handle.location()));
                handles.add(handle);
            }
            writeRecords(folder, records);
            List<Lease> open = new ArrayList<>();
            for (CredentialHandle handle : handles) {
                open.add(leases.open(handle, Duration.ofMinutes(1), new LeaseOwnerCallback() {
                    public String displayName() {
                        return "bench";
                    }

                    @Override
                    public void beforePublish(AccessToken accessToken) {
                        if (!accessToken.value().startsWith("old-")) {
                            renewed.countDown();
                        }
                    }

                    @Override
                    public void warn(String message) {
                        late.incrementAndGet();
                    }
                }));
            }
            if (Instant.now().isAfter(due)) {
                throw new IllegalStateException("the leases were not open in time");
            }
            if (!renewed.await(5, TimeUnit.MINUTES)) {
                throw new IllegalStateException(renewed.getCount() + " were not renewed");
            }
            double took = Duration.between(due, Instant.now()).toNanos() / 1e6;
            if (late.get() > 0) {
                throw new IllegalStateException(late + " warnings");
            }
            open.forEach(Lease::close);
            return took;
        } finally {
            simulator.setDelay(Duration.ZERO);
            timer.shutdownNow();
            requests.shutdownNow();
            writeBacks.shutdownNow();
        }
    }

    /** Servers that accept connections but never respond must not delay requests to other servers. */
    @Test
    void healthyAccountBesideServersThatHang() throws Exception {
        int hungAccounts = 200;
        int trials = 32;
        ExecutorService accepting = Executors.newCachedThreadPool();
        List<Socket> accepted = new CopyOnWriteArrayList<>();
        try (ServerSocket hung = new ServerSocket(0, 250, InetAddress.getLoopbackAddress());
                ServerSocket tried = new ServerSocket(0, 250, InetAddress.getLoopbackAddress());
                TestTokenService alone = new TestTokenService(newDirectory(), simulator, InstantSource.system());
                TestTokenService beside = new TestTokenService(newDirectory(), simulator, InstantSource.system())) {
            for (ServerSocket server : List.of(hung, tried)) {
                accepting.submit(() -> {
                    while (true) {
                        accepted.add(server.accept());
                    }
                });
            }
            for (int i = 0; i < hungAccounts; i++) {
                beside.families.request(
                        hungHandle(beside, hung, "hung-" + i, new CredentialLocation("system", "hung-" + i)), any -> true);
            }
            for (int i = 0; i < trials; i++) {
                beside.families.request(
                        hungHandle(beside, tried, "tried-" + i, CredentialLocation.ofUnsaved("user:" + i)), any -> true);
            }
            while (accepted.size() < 2 * REQUEST_THREADS) {
                Thread.sleep(5);
            }
            List<Samples> results =
                    Samples.interleave(3, Report.isQuick() ? 9 : 31, () -> coldRequest(beside), () -> coldRequest(alone));
            if (accepted.size() != 2 * REQUEST_THREADS) {
                throw new IllegalStateException(accepted.size() + " connections at the servers that hang");
            }
            REPORT.add(new Row(
                            "token request of one account while 200 accounts and 32 connection tests wait for servers that"
                                    + " do not respond",
                            hungAccounts + trials,
                            "waiting requests",
                            "ms",
                            results.get(0))
                    .comparedTo("alone", results.get(1))
                    .ratioAtMost(1.2));
            // Closing the core waits for pending requests, so end these first.
            hung.close();
            tried.close();
            closeAll(accepted);
        } finally {
            closeAll(accepted);
            accepting.shutdownNow();
        }
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static CredentialHandle hungHandle(
            TestTokenService core, ServerSocket server, String user, CredentialLocation location) {
        URI url = URI.create("https://127.0.0.1:" + server.getLocalPort());
        Account account = new Account(SddcManagerTokenClient.SYSTEM, url, "", user);
        return new CredentialHandle(
                user,
                location,
                "a password",
                new SddcManagerTokenClient(core.client(), account),
                (family, token, again) -> {});
    }

    private double coldRequest(TestTokenService core) throws Exception {
        CredentialHandle handle = core.handle("account-" + accounts, core.service("acme"), newAccount());
        long start = System.nanoTime();
        core.families.await(handle, any -> true);
        return OkHttpBaseline.millisSince(start);
    }

    @Test
    void memoryAndThreadsOfOpenLeases() throws Exception {
        for (int count : Report.sizesOrOne(100, 1000, 10_000)) {
            List<Double> bytes = new ArrayList<>();
            List<Double> threads = new ArrayList<>();
            for (int round = -1; round < Report.rounds(); round++) {
                double[] measured = openLeases(count);
                if (round >= 0) {
                    bytes.add(measured[0]);
                    threads.add(measured[1]);
                }
            }
            Samples each = new Samples(bytes);
            REPORT.add(new Row("memory of an open lease", count, "leases", "bytes", each)
                    .withTarget("≤ 1 KB", each.median() <= 1024));
            Samples more = new Samples(threads);
            REPORT.add(new Row("additional threads for open leases", count, "leases", "threads", more)
                    .withTarget("0", more.max() == 0));
        }
    }

    private double[] openLeases(int count) throws Exception {
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
        try (TestTokenService core = new TestTokenService(newDirectory(), simulator, InstantSource.system())) {
            LeaseManager leases =
                    new LeaseManager(core.families, timer, InstantSource.system(), new RenewalPolicy(Math::random));
            List<CredentialHandle> handles = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                handles.add(core.handle("account-" + accounts, core.service("acme"), newAccount()));
            }
            // Excludes the access tokens and request threads, which do not depend on the number of leases.
            List<Lease> first = new ArrayList<>();
            for (CredentialHandle handle : handles) {
                first.add(leases.open(handle, Duration.ofMinutes(1), OWNER));
            }
            Lease[] open = new Lease[count];
            int threads = threadCount();
            long before = usedMemory();
            for (int i = 0; i < count; i++) {
                open[i] = leases.open(handles.get(i % 10), Duration.ofMinutes(1), OWNER);
            }
            long after = usedMemory();
            int moreThreads = threadCount() - threads;
            for (Lease lease : open) {
                lease.close();
            }
            first.forEach(Lease::close);
            return new double[] {(double) (after - before) / count, moreThreads};
        } finally {
            timer.shutdownNow();
        }
    }

    private static int threadCount() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    static long usedMemory() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(50);
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /** A new credential, or a credential without a record after a restart. */
    @Test
    void firstUseOfATokenBesideALargeLedger() throws Exception {
        for (int records : Report.sizesOrOne(100, 1000, 10_000)) {
            Path full = newDirectory();
            fill(full, records);
            List<Double> first = new ArrayList<>();
            List<Double> second = new ArrayList<>();
            for (int round = -1; round < Report.rounds(); round++) {
                try (TestTokenService core = new TestTokenService(full, simulator, InstantSource.system())) {
                    CredentialHandle one = core.handle("new", core.sddcManager("one-" + accounts++), "unknown-1");
                    double a = timeOfAreRelated(core, one);
                    CredentialHandle other = core.handle("new", core.sddcManager("other-" + accounts++), "unknown-2");
                    double b = timeOfAreRelated(core, other);
                    if (round >= 0) {
                        first.add(a);
                        second.add(b);
                    }
                }
            }
            Samples afterStart = new Samples(first);
            Row row = new Row(
                    "first lookup of an unknown token after a start",
                    records,
                    "records",
                    "ms",
                    afterStart);
            REPORT.add(row.withTarget("≤ 60 ms", afterStart.median() <= 60));
            REPORT.add(new Row(
                    "later lookups of an unknown token",
                    records,
                    "records",
                    "ms",
                    new Samples(second)));
        }
    }

    private static double timeOfAreRelated(TestTokenService core, CredentialHandle handle) throws Exception {
        long start = System.nanoTime();
        core.families.administration().areRelated(handle.client().account(), handle.token(), "another");
        return OkHttpBaseline.millisSince(start) / 2;
    }

    /** Fills a ledger with token families that have ten rotations each. */
    static void fill(Path directory, int records) throws Exception {
        List<TokenFamily> all = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            all.add(rotated(i));
        }
        writeRecords(directory, all);
    }

    /** Writes the first record with the ledger and the others as modified copies, to avoid an fsync per record. */
    private static void writeRecords(Path directory, List<TokenFamily> records) throws Exception {
        TokenFamily first = records.get(0);
        new FileTokenLedger(directory, TestTokenService.CIPHER).save(first);
        String text = Files.readString(directory.resolve(first.id() + ".json"));
        for (TokenFamily record : records) {
            String copy = text.replace(first.id(), record.id())
                    .replace(first.tokens().initialTokenHash(), record.tokens().initialTokenHash())
                    .replace(
                            TestTokenService.CIPHER.seal(first.tokens().current()),
                            TestTokenService.CIPHER.seal(record.tokens().current()))
                    .replace('"' + location(first) + '"', '"' + location(record) + '"');
            for (int n = 0; n < first.tokens().formerHashes().size(); n++) {
                copy = copy.replace(
                        first.tokens().formerHashes().get(n),
                        record.tokens().formerHashes().get(n));
            }
            Files.writeString(directory.resolve(record.id() + ".json"), copy);
        }
    }

    private static String location(TokenFamily record) {
        return record.locations().iterator().next().credentialsId();
    }

    private static TokenFamily rotated(int i) {
        List<String> former = new ArrayList<>();
        for (int n = 0; n < 10; n++) {
            former.add(TestTokenService.HASH.ofToken("former-" + i + '-' + n));
        }
        RefreshTokenHistory tokens =
                new RefreshTokenHistory(TestTokenService.HASH.ofToken("initial-" + i), "current-token-" + i, former, 10, false);
        Account account = new Account(VcfaTokenClient.SYSTEM, URI.create("https://vcfa.example"), "acme");
        Instant now = Instant.now();
        return new TokenFamily(
                TestTokenService.HASH.ofFamily(account, "initial-" + i),
                account,
                TokenFamily.Status.READY,
                tokens,
                new AccessToken("x".repeat(800), now, now.plus(LIFETIME)),
                Set.of(new CredentialLocation("system", "sa-" + i)),
                null,
                now,
                null,
                null,
                null);
    }

    private static TokenFamily record(
            Account account, String initialToken, AccessToken accessToken, CredentialLocation location) {
        return new TokenFamily(
                TestTokenService.HASH.ofFamily(account, initialToken),
                account,
                TokenFamily.Status.READY,
                new RefreshTokenHistory(TestTokenService.HASH.ofToken(initialToken), initialToken, List.of(), 0, false),
                accessToken,
                Set.of(location),
                null,
                Instant.now(),
                null,
                null,
                null);
    }

    private String newAccount() {
        return simulator.addAccount("account-" + accounts++, "acme");
    }

    private Path newDirectory() {
        return directory.resolve("ledger-" + folders++);
    }
}
