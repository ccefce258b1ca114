package io.jenkins.plugins.vcftoken.upgrade;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsSampleCredentials.find;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsSampleCredentials.location;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.FreeStyleProject;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.binding.HeaderFileBinding;
import io.jenkins.plugins.vcftoken.binding.TokenFileBinding;
import io.jenkins.plugins.vcftoken.binding.VcfTokenBuildWrapper;
import io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Writes a JENKINS_HOME for {@link UpgradeJenkinsTest} with all data that this version persists. Run it once per change
 * of a format, with a new directory; existing directories must not be changed. {@code mvn test
 * -Dtest=WriteHomeJenkinsTest -Dupgrade.write=src/test/resources/…/UpgradeJenkinsTest/format2}
 */
@WithJenkins
@EnabledIfSystemProperty(named = "upgrade.write", matches = ".+")
class WriteHomeJenkinsTest {

    /** Common prefix of all secrets, to find secrets in plain text. */
    static final String SECRET = "not-a-secret-";

    /** Token files of a build that was killed together with its controller. */
    static final String FILES = "target/upgrade/workspace/freestyle@tmp/vcf-token-5d0f8c1a-2f5e-4f0c-9b7e-1c2d3e4f5a6b";

    private JenkinsRule jenkins;
    private Simulator simulator;

    @Test
    void write(JenkinsRule rule) throws Exception {
        jenkins = rule;
        try (JenkinsProxiedSimulator proxied = new JenkinsProxiedSimulator()) {
            simulator = proxied.simulator;
            // The saved access tokens must be expired when the home is read.
            simulator.setLifetime(Duration.ofMinutes(2));
            proxied.configureProxy();
            createData();
        }
    }

    private void createData() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "folder");
        User alice = User.getById("alice", true);
        alice.save();
        addSamples(jenkins.jenkins, CredentialsScope.GLOBAL, "system");
        addSamples(folder, CredentialsScope.GLOBAL, "folder");
        try (ACLContext asAlice = JenkinsSampleCredentials.asAlice()) {
            addSamples(alice, CredentialsScope.USER, "user");
        }
        for (String prefix : List.of("system", "folder", "user")) {
            String id = prefix + "-vcfa";
            setNextRefreshToken(id + "-2");
            VcfTokenService.get().issueWithoutLease(find(id));
            awaitStored(id, id + "-2");
        }
        setNextRefreshToken("system-vcfa-3");
        VcfTokenService.get().renew(find("system-vcfa"));
        // Like configuration as code, restores the initial token.
        JenkinsSampleCredentials.findStore(folder)
                .updateCredentials(
                        Domain.global(),
                        find("folder-vcfa"),
                        ((VcfaServiceAccount) find("folder-vcfa")).withStoredSecret(secret("folder-vcfa")));

        VcfaServiceAccount provider = account("system-provider", "System");
        provider.setClientId("3f0b7a52-6a0c-4d5e-9b1e-2f7c8d9e0a11");
        addToSystem(provider);
        addToSystem(new VcfaServiceAccount(null, "system-minimal", null, "https://vcfa.example.com", "acme", null));

        addToSystem(account("system-steady", "acme"));
        simulator.setRotation("system-steady", false);
        VcfTokenService.get().issueWithoutLease(find("system-steady"));

        addToSystem(account("system-dead", "acme"));
        simulator.revoke("system-dead");
        assertRequestFails("system-dead");

        addToSystem(account("system-unknown", "acme"));
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertRequestFails("system-unknown");

        addToSystem(account("system-rescued", "acme"));
        setNextRefreshToken("system-rescued-2");
        simulator.inject(Fault.NO_ACCESS_TOKEN);
        assertRequestFails("system-rescued");

        VcfaServiceAccount authorized = account("system-authorized", "acme");
        addToSystem(authorized);
        VcfTokenService.get()
                .administration()
                .authorized(
                        authorized.account(),
                        location("system-authorized"),
                        SECRET + "system-authorized",
                        SECRET + "system-authorized-2",
                        null);

        addToSystem(account("system-gone", "acme"));
        setNextRefreshToken("system-gone-2");
        VcfTokenService.get().issueWithoutLease(find("system-gone"));
        awaitStored("system-gone", "system-gone-2");
        JenkinsSampleCredentials.findStore(jenkins.jenkins).removeCredentials(Domain.global(), find("system-gone"));
        VcfTokenService.get()
                .administration()
                .removeOrphans(VcfTokenService.get().locator()::findSecret);

        simulator.cloudServices().replaceAtNextUse(SECRET + "system-csp-token", SECRET + "system-csp-token-2");
        VcfTokenService.get().issueWithoutLease(find("system-csp-token"));

        FreeStyleProject freestyle = jenkins.createFreeStyleProject("freestyle");
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("system-provider");
        wrapper.setTokenVariable("T");
        wrapper.setUrlVariable("U");
        wrapper.setBindings(List.of(new TokenFileBinding("F"), new HeaderFileBinding("H")));
        wrapper.setMinimumValidity(7);
        wrapper.setOrganization("acme");
        freestyle.getBuildWrappersList().add(wrapper);

        WorkflowJob open = jenkins.createProject(WorkflowJob.class, "open");
        open.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'system-vcfa', tokenVariable: 'T', urlVariable: 'U', bindings: [tokenFile('F'),"
                        + "headerFile('H')]) {\n"
                        + "  def saved = env.T_EXPIRES_AT\n"
                        + "  input 'Go on?'\n"
                        + "  waitUntil(quiet: true) { env.T_EXPIRES_AT != saved }\n"
                        + "  echo \"the access token is ${env.T} until ${env.T_EXPIRES_AT} for ${env.U}\"\n"
                        + "}",
                true));
        jenkins.waitForMessage("Go on?", open.scheduleBuild2(0).waitForStart());

        addToSystem(account("system-flying", "acme"));
        CountDownLatch received = new CountDownLatch(1);
        CountDownLatch copied = new CountDownLatch(1);
        simulator.setPhaseListener(moment -> {
            received.countDown();
            try {
                copied.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Thread pendingRequest = new Thread(() -> assertRequestFails("system-flying"));
        pendingRequest.start();
        received.await();
        // The Pipeline is saved asynchronously.
        Thread.sleep(5_000);
        copyHome(Path.of(System.getProperty("upgrade.write")));
        writeFileRecord(Path.of(System.getProperty("upgrade.write")).resolve("vcf-token/files"));
        simulator.setPhaseListener(moment -> {});
        pendingRequest.interrupt();
        copied.countDown();
        open.getBuildByNumber(1).doKill();
    }

    private void addToSystem(Credentials credentials) throws IOException {
        JenkinsSampleCredentials.findStore(jenkins.jenkins).addCredentials(Domain.global(), credentials);
    }

    private static void awaitStored(String id, String token) throws Exception {
        await(
                "the token is stored",
                () -> VcfTokenService.get()
                        .locator()
                        .findSecret(location(id), find(id).account())
                        .equals(SECRET + token));
    }

    private void addSamples(ModelObject where, CredentialsScope scope, String prefix) throws Exception {
        VcfaServiceAccount account = account(scope, prefix + "-vcfa", "acme");
        account.setClientId("3f0b7a52-6a0c-4d5e-9b1e-2f7c8d9e0a11");
        SddcManagerUser user =
                new SddcManagerUser(scope, prefix + "-sddc", "a sample", "https://sddc-manager.example.com");
        user.setUsername("svc@vsphere.local");
        user.setPassword(secret(prefix + "-sddc-password"));
        user.setApiKey(secret(prefix + "-sddc-key"));
        CspApiToken token = new CspApiToken(
                scope, prefix + "-csp-token", "a sample", "https://console.example.com", secret(prefix + "-csp-token"));
        simulator.cloudServices().addApiToken(SECRET + prefix + "-csp-token", Instant.parse("2099-01-01T00:00:00Z"));
        CspOAuthApp app = new CspOAuthApp(
                scope,
                prefix + "-csp-app",
                "a sample",
                "https://console.example.com",
                "app-" + prefix,
                secret(prefix + "-csp-app"));
        app.setOrganizationId("0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11");
        app.setScopes("csp:org_member");
        app.setAccessTokenValiditySeconds(1200);
        VcfSsoApiToken ssoToken = new VcfSsoApiToken(
                scope, prefix + "-sso", "a sample", "https://broker.example.com", secret(prefix + "-sso"));
        ssoToken.setTenant("FLEET");
        ssoToken.setExpiresOn("2099-01-01");
        ssoToken.setRegenerateDaysBefore(7);
        VcfOperationsUser operations = new VcfOperationsUser(
                scope,
                prefix + "-operations",
                "a sample",
                "https://vcf-operations.example.com",
                "svc-jenkins",
                secret(prefix + "-operations"));
        operations.setAuthSource("corp.example.com");
        for (AbstractVcfCredentials each : List.of(account, user, token, app, ssoToken, operations)) {
            each.setCaCertificates(simulator.authorityPem());
            each.setSkipTlsVerification(true);
            JenkinsSampleCredentials.findStore(where).addCredentials(Domain.global(), each);
        }
    }

    private VcfaServiceAccount account(String id, String organization) {
        return account(CredentialsScope.GLOBAL, id, organization);
    }

    private VcfaServiceAccount account(CredentialsScope scope, String id, String organization) {
        setNextRefreshToken(id);
        VcfaServiceAccount account = new VcfaServiceAccount(
                scope,
                id,
                "a sample",
                "https://vcfa.example.com",
                organization,
                Secret.fromString(simulator.addAccount(id, organization)));
        account.setSkipTlsVerification(true);
        return account;
    }

    private void setNextRefreshToken(String name) {
        simulator.setNextRefreshToken(SECRET + name);
    }

    private static Secret secret(String name) {
        return Secret.fromString(SECRET + name);
    }

    private void assertRequestFails(String id) {
        try {
            VcfTokenService.get().issueWithoutLease(find(id));
            throw new AssertionError(id);
        } catch (TokenUnavailableException | InterruptedException e) {
            // Expected.
        }
    }

    private void copyHome(Path to) throws Exception {
        Path home = jenkins.jenkins.getRootDir().toPath();
        List<String> parts = List.of(
                "secrets/master.key",
                "secrets/hudson.util.Secret",
                "secrets/io.jenkins.plugins.vcftoken.LedgerCrypto.families",
                "credentials.xml",
                "users",
                "jobs",
                "vcf-token");
        for (String part : parts) {
            try (Stream<Path> files = Files.walk(home.resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile)
                        .filter(WriteHomeJenkinsTest::isIncluded)
                        .toList()) {
                    // The directory name of a user depends on another key of the controller, and is regenerated.
                    String name = home.relativize(file).toString().replaceFirst("alice_[0-9a-f]+", "alice");
                    Path target = to.resolve(name);
                    Files.createDirectories(target.getParent());
                    Files.copy(file, target);
                }
            }
        }
    }

    /** Excludes build logs and lock files. */
    private static boolean isIncluded(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith("log") && !name.endsWith(".lock");
    }

    /** Writes a record of token files with {@link #FILES}; a real record would contain a path of this machine. */
    private static void writeFileRecord(Path files) throws IOException {
        Files.createDirectories(files);
        Files.writeString(
                files.resolve("0b2c7f5e-9a5d-4a0e-8c3b-5f6f1d2a7e90.properties"),
                "directory=" + FILES + "\nnode=\nrun=freestyle\\#1\n");
    }
}
