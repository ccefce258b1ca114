package io.jenkins.plugins.vcftoken.health;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.ExtensionList;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Fault;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.localizer.LocaleProvider;

/** Activation and warnings of the administrative monitors. */
class AdministrativeMonitorsJenkinsTest extends JenkinsSharedTestBase {

    private WorkflowJob job;

    @BeforeEach
    void prepare() throws Exception {
        fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
        job = fixture.job(jenkins.jenkins, "job", "sa");
    }

    @AfterEach
    void stop() {
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void errorMonitor_isActiveWhileAFamilyIsRejected() throws Exception {
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).isEmpty();
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        fixture.build(job);
        fixture.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).isEmpty();
        simulator.revoke("ci");
        fixture.sleepUntilRenewalIsDue();
        fixture.sleepUntilRenewalIsDue();
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        await("the monitor is active", () -> !activeMonitors().isEmpty());
        assertThat(activeMonitors()).containsExactly("TokenErrorMonitor");
        assertThat(warnings()).singleElement().satisfies(warning -> {
            assertThat(warning.getSubject())
                    .contains("Global credential ‘sa’ (VCF Automation at " + simulator.url(), "organization ‘acme’");
            assertThat(warning.getText())
                    .startsWith("Rejected by server: the server rejects the stored refresh token")
                    .contains("Re-authorize the account");
            assertThat(warning.page()).isEqualTo("manage/vcf-tokens/credential/sa/");
        });
        HtmlPage manage = new JenkinsPages(jenkins).open("manage/");
        assertThat(manage.querySelector("[data-monitor]").asNormalizedText())
                .contains("VMware Cloud Foundation tokens need attention", "‘sa’");

        // Deleting the credential ends the warning without a build.
        assertThat(new JenkinsPages(jenkins)
                        .post(null, "manage/credentials/store/system/domain/_/credential/sa/doDelete"))
                .isEqualTo(200);
        await("the monitor is inactive", () -> activeMonitors().isEmpty());
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
        addWithoutTlsVerification("careless<img src=x onerror=alert(1)>");
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors())
                .containsExactlyInAnyOrder("TokenErrorMonitor", "SecretExpiryMonitor", "TlsVerificationMonitor");
        assertThat(warnings())
                .extracting(AdministrativeMonitorsJenkinsTest::text)
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text).contains("‘sa’", "token state unknown", "Retry with the stored token"),
                        text -> assertThat(text).contains("‘ends-soon’", "expires in 9 days"),
                        text -> assertThat(text).contains("‘ended’", "expired at"),
                        text -> assertThat(text).contains("‘careless<img", "not verified"));
        HtmlPage manage = new JenkinsPages(jenkins).open("manage/");
        assertThat(manage.querySelectorAll("[data-monitor]")).hasSize(3);
        assertThat(inGerman(() -> warnings().stream()
                        .map(AdministrativeMonitorsJenkinsTest::text)
                        .toList()))
                .anySatisfy(text -> assertThat(text)
                        .contains("Zugangsdaten „sa“", "Zustand des Tokens unbekannt", "erneut versuchen"))
                .anySatisfy(text -> assertThat(text).contains("„ends-soon“", "(noch 9 "));
        assertThat(manage.querySelectorAll("img[onerror]")).isEmpty();
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors())
                .as("no warning before an automatic retry")
                .containsExactlyInAnyOrder("SecretExpiryMonitor", "TlsVerificationMonitor");
        assertThat(simulator.cloudServices().detailRequests())
                .as("one request per secret")
                .isEqualTo(3);
        HealthMonitorWork.get().refresh();
        assertThat(simulator.cloudServices().detailRequests()).isEqualTo(3);
        assertThat(jenkins.getJSON("manage/vcf-tokens/credential/lasts/api/json")
                        .getJSONObject()
                        .getString("secretExpiresAt"))
                .startsWith(now.plus(Duration.ofDays(60)).toString().substring(0, 10));
        assertThat(simulator.violations()).isEmpty();
    }

    /** A monitor shows the warnings of all credentials, so dismissing one warning must not hide later ones. */
    @Test
    void dismissedWarnings_stayHiddenUntilTheyRecur() throws Exception {
        addWithoutTlsVerification("first");
        HealthMonitorWork.get().refresh();
        HtmlPage manage = JenkinsPages.newClientWithScripts(jenkins).goTo("manage/");
        addWithoutTlsVerification("second");
        HealthMonitorWork.get().refresh();
        HtmlForm dismiss = manage.querySelector("[data-monitor] form");
        jenkins.submit(dismiss);
        assertThat(warnings())
                .as("found after the page was rendered")
                .singleElement()
                .satisfies(warning -> assertThat(text(warning)).contains("‘second’"));
        jenkins.submit((HtmlForm)
                JenkinsPages.newClientWithScripts(jenkins).goTo("manage/").querySelector("[data-monitor] form"));
        assertThat(activeMonitors()).isEmpty();
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).isEmpty();
        assertThat(new DismissedWarnings()
                        .contains(new HealthWarning(
                                HealthWarning.Kind.TLS, "manage/vcf-tokens/credential/first/ tls", null, null, null)))
                .as("after a restart")
                .isTrue();

        // A recurring warning is shown again, and so is another warning about the same credential.
        SystemCredentialsProvider.getInstance().getCredentials().remove(stored("first"));
        HealthMonitorWork.get().refresh();
        addWithoutTlsVerification("first");
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        simulator.inject(Fault.STATUS_502);
        jenkins.buildAndAssertStatus(Result.FAILURE, job);
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).containsExactlyInAnyOrder("TlsVerificationMonitor", "TokenErrorMonitor");
        assertThat(warnings()).hasSize(2);
        assertThat(new JenkinsPages(jenkins)
                        .post(null, "administrativeMonitor/" + TokenErrorMonitor.class.getName() + "/dismiss"))
                .isEqualTo(200);
        assertThat(warnings()).as("no keys were submitted").hasSize(2);
    }

    private void addWithoutTlsVerification(String id) throws Exception {
        VcfaServiceAccount credential = fixture.account(id, "never-used");
        credential.setSkipTlsVerification(true);
        fixture.addToSystem(credential);
    }

    /** The request requires an access token, but does not cause a token request. */
    @Test
    void apiTokenExpiry_isRequestedOnceAnAccessTokenIsCached() throws Exception {
        String clientId = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a01";
        Instant end = Instant.now().plus(Duration.ofDays(10));
        String token = simulator.apiTokens().addUser("ann", "acme", clientId, end);
        simulator.apiTokens().list("ann", "acme", "another-one", end.plus(Duration.ofDays(60)));
        fixture.addToSystem(fixture.account("user", token));
        HealthMonitorWork.get().refresh();
        assertThat(simulator.requests()).isZero();
        assertThat(simulator.apiTokens().listRequests()).isZero();
        WorkflowJob usersJob = fixture.job(jenkins.jenkins, "users-job", "user");
        fixture.build(usersJob);
        fixture.build(job);
        fixture.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        // Ambiguous: the list has two tokens of the user, and none of the service account.
        assertThat(activeMonitors()).isEmpty();
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(2);

        SystemCredentialsProvider.getInstance().getCredentials().remove(stored("user"));
        VcfaServiceAccount withClientId = fixture.account("user", token);
        withClientId.setClientId(clientId);
        fixture.addToSystem(withClientId);
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).containsExactly("SecretExpiryMonitor");
        assertThat(warnings())
                .singleElement()
                .satisfies(warning -> assertThat(text(warning)).contains("‘user’", "expires in 9 days"));
        assertThat(jenkins.getJSON("manage/vcf-tokens/credential/user/api/json")
                        .getJSONObject()
                        .getString("secretExpiresAt"))
                .isEqualTo(end.truncatedTo(ChronoUnit.SECONDS).toString());
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(3);

        // Rotations of the service account's token do not cause further requests on the same day.
        VcfTokenService.get().renew(stored("sa"));
        fixture.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).containsExactly("SecretExpiryMonitor");
        assertThat(simulator.rotations()).isEqualTo(2);
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(3);
        assertThat(simulator.violations()).isEmpty();
    }

    @Test
    void unreadableRecords_areReportedAndNotChanged() throws Exception {
        fixture.build(job);
        fixture.awaitInSystem("sa");
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
                .extracting(AdministrativeMonitorsJenkinsTest::text)
                .satisfiesExactlyInAnyOrder(
                        text -> assertThat(text).contains(damaged.toString(), "damaged"),
                        text -> assertThat(text).contains(wrongServer.toString(), "another controller's key"));
        HtmlPage page = new JenkinsPages(jenkins).open("manage/vcf-tokens/");
        assertThat(page.asNormalizedText()).contains(damaged.toString(), wrongServer.toString());
        fixture.build(job);
        assertThat(damaged).hasBinaryContent(half);
        assertThat(wrongServer).hasContent(sealed);
        Files.delete(damaged);
        Files.delete(wrongServer);
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).isEmpty();
    }

    @Test
    void failedWriteBack_isAWarningUntilItSucceeds() throws Exception {
        Path file = jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml");
        Files.delete(file);
        Files.createDirectory(file);
        Files.createFile(file.resolve("in-the-way"));
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        fixture.build(job);
        await("the write fails", () -> {
            HealthMonitorWork.get().refresh();
            return !activeMonitors().isEmpty();
        });
        assertThat(warnings())
                .singleElement()
                .satisfies(warning -> assertThat(warning.getText())
                        .contains("could not save the rotated refresh token", "Check the disk"));
        Files.delete(file.resolve("in-the-way"));
        Files.delete(file);
        fixture.build(job);
        fixture.awaitInSystem("sa");
        HealthMonitorWork.get().refresh();
        assertThat(activeMonitors()).isEmpty();
    }

    /** The server accepts connections but does not respond, so each request blocks until its timeout. */
    @Test
    void warnings_whileServersAskedForExpiryHang_areShown() throws Exception {
        Set<Socket> open = ConcurrentHashMap.newKeySet();
        try (ServerSocket hungServer = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 3 * SecretExpiryCache.MAX_THREADS; i++) {
                CspApiToken token = new CspApiToken(
                        CredentialsScope.GLOBAL,
                        "hung-" + i,
                        null,
                        "https://localhost:" + hungServer.getLocalPort(),
                        Secret.fromString("api-token-" + i));
                SystemCredentialsProvider.getInstance().getCredentials().add(token);
            }
            addWithoutTlsVerification("first");
            Thread accepting = new Thread(() -> acceptAll(hungServer, open));
            accepting.start();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread checking = new Thread(() -> {
                try {
                    HealthMonitorWork.get().refresh();
                } catch (InterruptedException | RuntimeException e) {
                    failure.set(e);
                }
            });
            checking.start();
            await("concurrent requests are pending", () -> open.size() >= SecretExpiryCache.MAX_THREADS);
            assertThat(activeMonitors()).contains("TlsVerificationMonitor");
            assertThat(checking.isAlive()).isTrue();
            assertThat(open).hasSize(SecretExpiryCache.MAX_THREADS);
            checking.interrupt();
            checking.join();
            assertThat(failure.get()).isInstanceOf(InterruptedException.class);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private static void acceptAll(ServerSocket hungServer, Set<Socket> open) {
        try {
            while (true) {
                open.add(hungServer.accept());
            }
        } catch (IOException e) {
            // The socket is closed at the end of the test.
        }
    }

    private void add(String id, Instant expires) throws Exception {
        simulator.cloudServices().addApiToken("api-token-" + id, expires);
        CspApiToken token = new CspApiToken(
                CredentialsScope.GLOBAL, id, null, simulator.url().toString(), Secret.fromString("api-token-" + id));
        token.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(token);
    }

    /** Evaluates the supplier with a German locale. */
    private static <T> T inGerman(Supplier<T> supplier) {
        LocaleProvider before = LocaleProvider.getProvider();
        LocaleProvider.setProvider(new LocaleProvider() {
            @Override
            public Locale get() {
                return Locale.GERMAN;
            }
        });
        try {
            return supplier.get();
        } finally {
            LocaleProvider.setProvider(before);
        }
    }

    private static String text(HealthWarning warning) {
        return warning.getSubject() + ": " + warning.getText();
    }

    private static VcfCredentials stored(String id) {
        return (VcfCredentials) CredentialsMatchers.firstOrNull(
                SystemCredentialsProvider.getInstance().getCredentials(), CredentialsMatchers.withId(id));
    }

    private static List<String> activeMonitors() {
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
