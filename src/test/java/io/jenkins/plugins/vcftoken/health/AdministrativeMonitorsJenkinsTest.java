package io.jenkins.plugins.vcftoken.health;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.ExtensionList;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.jvnet.localizer.LocaleProvider;

/** When monitors are active, and which warnings they show. */
@WithJenkins
class AdministrativeMonitorsJenkinsTest {

    private static JenkinsRule jenkins;
    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        both = new JenkinsAndSimulator(jenkins, simulator);
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        job = both.job(jenkins.jenkins, "job", "sa");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void errorMonitor_isActiveWhileAFamilyIsRejected() throws Exception {
        HealthMonitorWork.get().refresh();
        assertThat(active()).isEmpty();
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        both.build(job);
        both.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(active()).isEmpty();
        simulator.revoke("ci");
        both.letTheAccessTokenAge();
        both.letTheAccessTokenAge();
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        await("the monitor notices", () -> !active().isEmpty());
        assertThat(active()).containsExactly("TokenErrorMonitor");
        assertThat(warnings()).singleElement().satisfies(warning -> {
            assertThat(warning.getSubject())
                    .contains("Global credential ‘sa’ (VCF Automation at " + simulator.url(), "organization ‘acme’");
            assertThat(warning.getText())
                    .startsWith("Rejected by server: the server refuses the stored refresh token")
                    .contains("Re-authorize the account");
            assertThat(warning.page()).isEqualTo("manage/vcf-tokens/credential/sa/");
        });
        HtmlPage manage = new JenkinsPages(jenkins).open("manage/");
        assertThat(manage.querySelector("[data-monitor]").asNormalizedText())
                .contains("VMware Cloud Foundation tokens need attention", "‘sa’");

        // The warning ends without a build.
        assertThat(new JenkinsPages(jenkins)
                        .post(null, "manage/credentials/store/system/domain/_/credential/sa/doDelete"))
                .isEqualTo(200);
        await("the monitor falls silent", () -> active().isEmpty());
    }

    @Test
    void monitors_warnOfUnknownOutcomeExpiryAndMissingVerification() throws Exception {
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        simulator.inject(Fault.STATUS_502);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        Instant now = Instant.now();
        add("ends-soon", now.plus(Duration.ofDays(10)));
        add("ended", now.minus(Duration.ofDays(1)));
        add("lasts", now.plus(Duration.ofDays(60)));
        VcfaServiceAccount careless = both.account("careless<img src=x onerror=alert(1)>", "never-used");
        careless.setSkipTlsVerification(true);
        both.addToSystem(careless);
        HealthMonitorWork.get().refresh();
        assertThat(active())
                .containsExactlyInAnyOrder("TokenErrorMonitor", "SecretExpiryMonitor", "TlsVerificationMonitor");
        assertThat(warnings())
                .extracting(AdministrativeMonitorsJenkinsTest::words)
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text).contains("‘sa’", "token state unknown", "Retry with the stored token"),
                        text -> assertThat(text).contains("‘ends-soon’", "expires in 9 days"),
                        text -> assertThat(text).contains("‘ended’", "expired at"),
                        text -> assertThat(text).contains("‘careless<img", "not verified"));
        HtmlPage manage = new JenkinsPages(jenkins).open("manage/");
        assertThat(manage.querySelectorAll("[data-monitor]")).hasSize(3);
        assertThat(inGerman(() -> warnings().stream()
                        .map(AdministrativeMonitorsJenkinsTest::words)
                        .toList()))
                .anySatisfy(text -> assertThat(text)
                        .contains("Zugangsdaten „sa“", "Zustand des Tokens unbekannt", "erneut versuchen"))
                .anySatisfy(text -> assertThat(text).contains("„ends-soon“", "(noch 9 "));
        assertThat(manage.querySelectorAll("img[onerror]")).isEmpty();
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
        HealthMonitorWork.get().refresh();
        assertThat(active())
                .as("what heals by itself is no alarm")
                .containsExactlyInAnyOrder("SecretExpiryMonitor", "TlsVerificationMonitor");
        assertThat(simulator.cloudServices().lookUps()).as("once of each").isEqualTo(3);
        HealthMonitorWork.get().refresh();
        assertThat(simulator.cloudServices().lookUps()).isEqualTo(3);
        assertThat(jenkins.getJSON("manage/vcf-tokens/credential/lasts/api/json")
                        .getJSONObject()
                        .getString("secretExpiresAt"))
                .startsWith(now.plus(Duration.ofDays(60)).toString().substring(0, 10));
        assertThat(simulator.violations()).isEmpty();
    }

    /** One monitor shows the warnings of all credentials: dismissing one must not hide the next. */
    @Test
    void dismissedWarnings_stayHiddenUntilTheyComeBack() throws Exception {
        careless("first");
        HealthMonitorWork.get().refresh();
        HtmlPage manage = jenkins.createWebClient().goTo("manage/");
        careless("second");
        HealthMonitorWork.get().refresh();
        HtmlForm dismiss = manage.querySelector("[data-monitor] form");
        jenkins.submit(dismiss);
        assertThat(warnings())
                .as("what was found since the page was shown")
                .singleElement()
                .satisfies(warning -> assertThat(words(warning)).contains("‘second’"));
        jenkins.submit((HtmlForm) jenkins.createWebClient().goTo("manage/").querySelector("[data-monitor] form"));
        assertThat(active()).isEmpty();
        HealthMonitorWork.get().refresh();
        assertThat(active()).isEmpty();
        assertThat(new DismissedWarnings()
                        .contains(new HealthWarning(
                                HealthWarning.Kind.TLS, "manage/vcf-tokens/credential/first/ tls", null, null, null)))
                .as("after a restart")
                .isTrue();

        // A warning that comes back is shown again, and so is another warning about the same credential.
        SystemCredentialsProvider.getInstance().getCredentials().remove(stored("first"));
        HealthMonitorWork.get().refresh();
        careless("first");
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        simulator.inject(Fault.STATUS_502);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HealthMonitorWork.get().refresh();
        assertThat(active()).containsExactlyInAnyOrder("TlsVerificationMonitor", "TokenErrorMonitor");
        assertThat(warnings()).hasSize(2);
        assertThat(new JenkinsPages(jenkins)
                        .post(null, "administrativeMonitor/" + TokenErrorMonitor.class.getName() + "/dismiss"))
                .isEqualTo(200);
        assertThat(warnings()).as("nothing was named").hasSize(2);
    }

    private void careless(String id) throws Exception {
        VcfaServiceAccount careless = both.account(id, "never-used");
        careless.setSkipTlsVerification(true);
        both.addToSystem(careless);
    }

    /** The request takes an access token, and none is requested for it. */
    @Test
    void apiTokenExpiry_isRequestedOnceAnAccessTokenIsCached() throws Exception {
        String clientId = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a01";
        Instant end = Instant.now().plus(Duration.ofDays(10));
        String token = simulator.apiTokens().addUser("ann", "acme", clientId, end);
        simulator.apiTokens().list("ann", "acme", "another-one", end.plus(Duration.ofDays(60)));
        both.addToSystem(both.account("user", token));
        HealthMonitorWork.get().refresh();
        assertThat(simulator.requests()).isZero();
        assertThat(simulator.apiTokens().lists()).isZero();
        WorkflowJob usersJob = both.job(jenkins.jenkins, "users-job", "user");
        both.build(usersJob);
        both.build(job);
        both.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        // Either of two tokens could be the one; the service account has none in the list.
        assertThat(active()).isEmpty();
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);

        SystemCredentialsProvider.getInstance().getCredentials().remove(stored("user"));
        VcfaServiceAccount named = both.account("user", token);
        named.setClientId(clientId);
        both.addToSystem(named);
        HealthMonitorWork.get().refresh();
        assertThat(active()).containsExactly("SecretExpiryMonitor");
        assertThat(warnings())
                .singleElement()
                .satisfies(warning -> assertThat(words(warning)).contains("‘user’", "expires in 9 days"));
        assertThat(jenkins.getJSON("manage/vcf-tokens/credential/user/api/json")
                        .getJSONObject()
                        .getString("secretExpiresAt"))
                .isEqualTo(end.truncatedTo(ChronoUnit.SECONDS).toString());
        assertThat(simulator.apiTokens().lists()).isEqualTo(3);

        // Once a day, however often the token of a service account rotates.
        VcfTokenService.get().renew(stored("sa"));
        both.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(active()).containsExactly("SecretExpiryMonitor");
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.apiTokens().lists()).isEqualTo(3);
        assertThat(simulator.violations()).isEmpty();
    }

    @Test
    void unreadableRecords_areNamedAndNotChanged() throws Exception {
        both.build(job);
        both.awaitInSystem("sa");
        Path ledger = jenkins.jenkins.getRootDir().toPath().resolve("vcf-token");
        Path record;
        try (var files = Files.list(ledger)) {
            record = files.filter(file -> file.toString().endsWith(".json"))
                    .findFirst()
                    .orElseThrow();
        }
        Path damaged = ledger.resolve("0123456789abcdef.json");
        Path wrongServer = ledger.resolve("fedcba9876543210.json");
        byte[] half = java.util.Arrays.copyOf(Files.readAllBytes(record), 40);
        String sealed = Files.readString(record).replaceAll("(\"current\" : \")[^\"]*", "$1{AQAAABAAAAAQ}");
        Files.write(damaged, half);
        Files.writeString(wrongServer, sealed);
        HealthMonitorWork.get().refresh();
        assertThat(warnings())
                .extracting(AdministrativeMonitorsJenkinsTest::words)
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text).contains(damaged.toString(), "damaged"),
                        text -> assertThat(text).contains(wrongServer.toString(), "another controller's key"));
        HtmlPage page = new JenkinsPages(jenkins).open("manage/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains(damaged.toString(), wrongServer.toString());
        both.build(job);
        assertThat(damaged).hasBinaryContent(half);
        assertThat(wrongServer).hasContent(sealed);
        Files.delete(damaged);
        Files.delete(wrongServer);
        HealthMonitorWork.get().refresh();
        assertThat(active()).isEmpty();
    }

    @Test
    void failedWriteBack_isAWarningUntilItSucceeds() throws Exception {
        Path file = jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml");
        Files.delete(file);
        Files.createDirectory(file);
        Files.createFile(file.resolve("in-the-way"));
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        both.build(job);
        await("the write fails", () -> {
            HealthMonitorWork.get().refresh();
            return !active().isEmpty();
        });
        assertThat(warnings())
                .singleElement()
                .satisfies(warning -> assertThat(warning.getText())
                        .contains("could not save the rotated refresh token", "Check the disk"));
        Files.delete(file.resolve("in-the-way"));
        Files.delete(file);
        both.build(job);
        both.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(active()).isEmpty();
    }

    /** A server that accepts connections and never answers blocks each request until a timeout. */
    @Test
    void warnings_whileServersAskedForExpiryHang_areShown() throws Exception {
        Set<Socket> open = ConcurrentHashMap.newKeySet();
        try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 3 * SecretExpiryCache.MAX_THREADS; i++) {
                CspApiToken token = new CspApiToken(
                        CredentialsScope.GLOBAL,
                        "mute-" + i,
                        null,
                        "https://localhost:" + mute.getLocalPort(),
                        Secret.fromString("api-token-" + i));
                SystemCredentialsProvider.getInstance().getCredentials().add(token);
            }
            careless("first");
            Thread accepting = new Thread(() -> acceptAll(mute, open));
            accepting.start();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread looking = new Thread(() -> {
                try {
                    HealthMonitorWork.get().refresh();
                } catch (InterruptedException | RuntimeException e) {
                    failure.set(e);
                }
            });
            looking.start();
            await("several servers are asked at a time", () -> open.size() >= SecretExpiryCache.MAX_THREADS);
            assertThat(active()).contains("TlsVerificationMonitor");
            assertThat(looking.isAlive()).isTrue();
            assertThat(open).hasSize(SecretExpiryCache.MAX_THREADS);
            looking.interrupt();
            looking.join();
            assertThat(failure.get()).isInstanceOf(InterruptedException.class);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private static void acceptAll(ServerSocket mute, Set<Socket> open) {
        try {
            while (true) {
                open.add(mute.accept());
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void add(String id, Instant expires) throws Exception {
        simulator.cloudServices().addApiToken("api-token-" + id, expires);
        CspApiToken token = new CspApiToken(
                CredentialsScope.GLOBAL, id, null, simulator.url().toString(), Secret.fromString("api-token-" + id));
        token.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(token);
    }

    /** Reads warnings, which were found before, with a German locale. */
    private static <T> T inGerman(Supplier<T> reading) {
        LocaleProvider before = LocaleProvider.getProvider();
        LocaleProvider.setProvider(new LocaleProvider() {
            @Override
            public Locale get() {
                return Locale.GERMAN;
            }
        });
        try {
            return reading.get();
        } finally {
            LocaleProvider.setProvider(before);
        }
    }

    private static String words(HealthWarning warning) {
        return warning.getSubject() + ": " + warning.getText();
    }

    private static VcfCredentials stored(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .filter(known -> known instanceof VcfCredentials credential
                        && credential.getId().equals(id))
                .map(VcfCredentials.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> active() {
        return ExtensionList.lookup(AbstractTokenMonitor.class).stream()
                .filter(AbstractTokenMonitor::isActivated)
                .map(monitor -> monitor.getClass().getSimpleName())
                .toList();
    }

    private static List<HealthWarning> warnings() {
        return ExtensionList.lookup(AbstractTokenMonitor.class).stream()
                .flatMap(monitor -> monitor.getWarnings().stream())
                .toList();
    }
}
