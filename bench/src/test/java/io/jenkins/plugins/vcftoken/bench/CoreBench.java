package io.jenkins.plugins.vcftoken.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenHistory;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
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
 * What the core costs without Jenkins. Not JMH: each figure is milliseconds of disk and network, or bytes, and stands
 * beside a yardstick that has to be measured in turns with it, which JMH does not do.
 */
class CoreBench {

    /** As many as the controller gives to one server. */
    private static final int EXCHANGE_THREADS = 16;

    private static final Duration LATENCY = Duration.ofMillis(200);
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final Report REPORT = new Report("core");

    private static final LeaseOwner OWNER = new LeaseOwner() {
        public String who() {
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

    /** What the simulator can do, or all else would be its figures. */
    @Test
    void simulator() throws Exception {
        for (int clients : new int[] {1, 4, EXCHANGE_THREADS}) {
            int each = Report.isQuick() ? 20 : 60;
            List<Figures> figures = Figures.inTurns(Report.rounds(), () -> grantsPerSecond(clients, each));
            REPORT.add(new Row("the simulator's ceiling", clients, "clients", "grants/s", figures.get(0)));
        }
    }

    private double grantsPerSecond(int clients, int each) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            long start = System.nanoTime();
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                BareExchange client = new BareExchange(simulator, "client-" + accounts++);
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
            return clients * each / (BareExchange.millisSince(start) / 1000);
        } finally {
            threads.shutdownNow();
        }
    }

    /** All at the same moment, which is harder than in the same minute. */
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
            double ideal = Math.ceil((double) families / EXCHANGE_THREADS) * LATENCY.toMillis();
            REPORT.add(new Row(
                            "renewal of families all due at once, server at 200 ms",
                            families,
                            "families",
                            "ms",
                            new Figures(times))
                    .against("families / 16 × 200 ms", Figures.of(ideal))
                    .ratioAtMost(1.2));
        }
    }

    private double renewAll(int families) throws Exception {
        simulator.setDelay(LATENCY);
        Path folder = fresh();
        FileTokenLedger ledger = new FileTokenLedger(folder, TestTokenService.CIPHER);
        List<TokenFamily> records = new ArrayList<>();
        ExecutorService exchanges = Executors.newFixedThreadPool(EXCHANGE_THREADS);
        ExecutorService writeBacks = Executors.newSingleThreadExecutor();
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(10);
        Instant due = Instant.now().plusMillis(1500 + 4L * families);
        AtomicInteger late = new AtomicInteger();
        try (TestTokenService core = new TestTokenService(fresh(), simulator, InstantSource.system())) {
            TokenManager all = new TokenManager(
                    ledger,
                    TestTokenService.HASH,
                    exchanges,
                    writeBacks,
                    InstantSource.system(),
                    Duration.ofSeconds(60),
                    () -> true,
                    TokenListener.NONE);
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
            copies(folder, records);
            List<Lease> open = new ArrayList<>();
            for (CredentialHandle handle : handles) {
                open.add(leases.open(handle, Duration.ofMinutes(1), new LeaseOwner() {
                    public String who() {
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
            exchanges.shutdownNow();
            writeBacks.shutdownNow();
        }
    }

    /** A server that accepts and never answers must cost others nothing, nor must tests of another one by many users. */
    @Test
    void healthyAccountBesideServersThatHang() throws Exception {
        int hungAccounts = 200;
        int trials = 32;
        ExecutorService accepting = Executors.newCachedThreadPool();
        List<Socket> accepted = new CopyOnWriteArrayList<>();
        try (ServerSocket hung = new ServerSocket(0, 250, InetAddress.getLoopbackAddress());
                ServerSocket tried = new ServerSocket(0, 250, InetAddress.getLoopbackAddress());
                TestTokenService alone = new TestTokenService(fresh(), simulator, InstantSource.system());
                TestTokenService beside = new TestTokenService(fresh(), simulator, InstantSource.system())) {
            for (ServerSocket server : List.of(hung, tried)) {
                accepting.submit(() -> {
                    while (true) {
                        accepted.add(server.accept());
                    }
                });
            }
            for (int i = 0; i < hungAccounts; i++) {
                beside.families.request(
                        stuck(beside, hung, "hung-" + i, new CredentialLocation("system", "hung-" + i)), any -> true);
            }
            for (int i = 0; i < trials; i++) {
                beside.families.request(
                        stuck(beside, tried, "tried-" + i, CredentialLocation.ofUnsaved("user:" + i)), any -> true);
            }
            while (accepted.size() < 2 * EXCHANGE_THREADS) {
                Thread.sleep(5);
            }
            List<Figures> figures =
                    Figures.inTurns(3, Report.isQuick() ? 9 : 31, () -> coldRequest(beside), () -> coldRequest(alone));
            if (accepted.size() != 2 * EXCHANGE_THREADS) {
                throw new IllegalStateException(accepted.size() + " connections at the servers that hang");
            }
            REPORT.add(new Row(
                            "healthy account's cold request beside 200 accounts at a server that accepts and never answers"
                                    + " and 32 concurrent tests of another",
                            hungAccounts + trials,
                            "requests that hang",
                            "ms",
                            figures.get(0))
                    .against("alone", figures.get(1))
                    .ratioAtMost(1.2));
            // Before the core, which waits for its requests when it closes.
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

    private static CredentialHandle stuck(
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
        return BareExchange.millisSince(start);
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
            Figures each = new Figures(bytes);
            REPORT.add(new Row("memory of an open lease", count, "leases", "bytes", each)
                    .reaches("≤ 1 KB", each.median() <= 1024));
            Figures more = new Figures(threads);
            REPORT.add(new Row("threads more with open leases", count, "leases", "threads", more)
                    .reaches("0", more.max() == 0));
        }
    }

    private double[] openLeases(int count) throws Exception {
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
        try (TestTokenService core = new TestTokenService(fresh(), simulator, InstantSource.system())) {
            LeaseManager leases =
                    new LeaseManager(core.families, timer, InstantSource.system(), new RenewalPolicy(Math::random));
            List<CredentialHandle> handles = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                handles.add(core.handle("account-" + accounts, core.service("acme"), newAccount()));
            }
            // The access tokens themselves are there anyway, and so are the threads that got them.
            List<Lease> first = new ArrayList<>();
            for (CredentialHandle handle : handles) {
                first.add(leases.open(handle, Duration.ofMinutes(1), OWNER));
            }
            Lease[] open = new Lease[count];
            int threads = threads();
            long before = used();
            for (int i = 0; i < count; i++) {
                open[i] = leases.open(handles.get(i % 10), Duration.ofMinutes(1), OWNER);
            }
            long after = used();
            int moreThreads = threads() - threads;
            for (Lease lease : open) {
                lease.close();
            }
            first.forEach(Lease::close);
            return new double[] {(double) (after - before) / count, moreThreads};
        } finally {
            timer.shutdownNow();
        }
    }

    private static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    static long used() throws InterruptedException {
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

    /** A new credential, or any of those that cost no file after a restart. */
    @Test
    void firstUseOfATokenBesideALargeLedger() throws Exception {
        for (int records : Report.sizesOrOne(100, 1000, 10_000)) {
            Path full = fresh();
            fill(full, records);
            List<Double> first = new ArrayList<>();
            List<Double> second = new ArrayList<>();
            for (int round = -1; round < Report.rounds(); round++) {
                try (TestTokenService core = new TestTokenService(full, simulator, InstantSource.system())) {
                    CredentialHandle one = core.handle("new", core.sddcManager("one-" + accounts++), "unknown-1");
                    double a = areRelated(core, one);
                    CredentialHandle other = core.handle("new", core.sddcManager("other-" + accounts++), "unknown-2");
                    double b = areRelated(core, other);
                    if (round >= 0) {
                        first.add(a);
                        second.add(b);
                    }
                }
            }
            Figures afterStart = new Figures(first);
            Row row = new Row(
                    "looking for a token that no record knows, first after a start",
                    records,
                    "records",
                    "ms",
                    afterStart);
            REPORT.add(row.reaches("≤ 60 ms", afterStart.median() <= 60));
            REPORT.add(new Row(
                    "looking for a token that no record knows, from then on",
                    records,
                    "records",
                    "ms",
                    new Figures(second)));
        }
    }

    private static double areRelated(TestTokenService core, CredentialHandle handle) throws Exception {
        long start = System.nanoTime();
        core.families.administration().areRelated(handle.client().account(), handle.token(), "another");
        return BareExchange.millisSince(start) / 2;
    }

    /** As after ten rotations each. */
    static void fill(Path directory, int records) throws Exception {
        List<TokenFamily> all = new ArrayList<>();
        for (int i = 0; i < records; i++) {
            all.add(rotated(i));
        }
        copies(directory, all);
    }

    /** The ledger writes the first, and the others are copies of it, so that not each has to wait for the disk. */
    private static void copies(Path directory, List<TokenFamily> records) throws Exception {
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
        TokenHistory tokens =
                new TokenHistory(TestTokenService.HASH.ofToken("seed-" + i), "current-token-" + i, former, 10, false);
        Account account = new Account(VcfaTokenClient.SYSTEM, URI.create("https://vcfa.example"), "acme");
        Instant now = Instant.now();
        return new TokenFamily(
                TestTokenService.HASH.ofFamily(account, "seed-" + i),
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
                new TokenHistory(TestTokenService.HASH.ofToken(initialToken), initialToken, List.of(), 0, false),
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

    private Path fresh() {
        return directory.resolve("ledger-" + folders++);
    }
}
