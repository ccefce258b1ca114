package io.jenkins.plugins.vcftoken.upgrade;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsStores.find;
import static io.jenkins.plugins.vcftoken.upgrade.JenkinsStores.location;

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
 * Writes a home for {@link UpgradeJenkinsTest}, with everything in it that this version puts on disk. Once for each
 * change of a format, into a directory of its own; those of before stay as they are.
 * {@code mvn test -Dtest=WriteHomeJenkinsTest -Dupgrade.write=src/test/resources/…/UpgradeJenkinsTest/format2}
 */
@WithJenkins
@EnabledIfSystemProperty(named = "upgrade.write", matches = ".+")
class WriteHomeJenkinsTest {

    /** What all secrets in a home begin with, so that one in clear is found. */
    static final String SECRET = "not-a-secret-";

    /** Of a build that died with its controller. */
    static final String FILES = "target/upgrade/workspace/freestyle@tmp/vcf-token-5d0f8c1a-2f5e-4f0c-9b7e-1c2d3e4f5a6b";

    private JenkinsRule jenkins;
    private Simulator simulator;

    @Test
    void write(JenkinsRule rule) throws Exception {
        jenkins = rule;
        try (JenkinsBehindProxy behind = new JenkinsBehindProxy()) {
            simulator = behind.simulator;
            // The access tokens in the home are to be dead when it is read.
            simulator.setLifetime(Duration.ofMinutes(2));
            behind.use();
            fill();
        }
    }

    private void fill() throws Exception {
        Folder folder = jenkins.createProject(Folder.class, "folder");
        User alice = User.getById("alice", true);
        alice.save();
        samples(jenkins.jenkins, CredentialsScope.GLOBAL, "system");
        samples(folder, CredentialsScope.GLOBAL, "folder");
        try (ACLContext asAlice = JenkinsStores.asAlice()) {
            samples(alice, CredentialsScope.USER, "user");
        }
        for (String prefix : List.of("system", "folder", "user")) {
            String id = prefix + "-vcfa";
            next(id + "-2");
            VcfTokenService.get().once(find(id));
            await(
                    "it is stored",
                    () -> VcfTokenService.get()
                            .locator()
                            .stored(location(id), find(id).account())
                            .equals(SECRET + id + "-2"));
        }
        next("system-vcfa-3");
        VcfTokenService.get().renew(find("system-vcfa"));
        // As configuration as code does it.
        JenkinsStores.of(folder)
                .updateCredentials(
                        Domain.global(),
                        find("folder-vcfa"),
                        ((VcfaServiceAccount) find("folder-vcfa")).withStoredSecret(secret("folder-vcfa")));

        VcfaServiceAccount provider = account("system-provider", "System");
        provider.setClientId("3f0b7a52-6a0c-4d5e-9b1e-2f7c8d9e0a11");
        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), provider);
        JenkinsStores.of(jenkins.jenkins)
                .addCredentials(
                        Domain.global(),
                        new VcfaServiceAccount(null, "system-minimal", null, "https://vcfa.example.com", "acme", null));

        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), account("system-steady", "acme"));
        simulator.setRotation("system-steady", false);
        VcfTokenService.get().once(find("system-steady"));

        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), account("system-dead", "acme"));
        simulator.revoke("system-dead");
        fails("system-dead");

        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), account("system-unknown", "acme"));
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        fails("system-unknown");

        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), account("system-rescued", "acme"));
        next("system-rescued-2");
        simulator.inject(Fault.NO_ACCESS_TOKEN);
        fails("system-rescued");

        VcfaServiceAccount authorized = account("system-authorized", "acme");
        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), authorized);
        VcfTokenService.get()
                .administration()
                .authorized(
                        authorized.account(),
                        location("system-authorized"),
                        SECRET + "system-authorized",
                        SECRET + "system-authorized-2",
                        null);

        VcfaServiceAccount gone = account("system-gone", "acme");
        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), gone);
        next("system-gone-2");
        VcfTokenService.get().once(find("system-gone"));
        await(
                "it is stored",
                () -> VcfTokenService.get()
                        .locator()
                        .stored(location("system-gone"), gone.account())
                        .equals(SECRET + "system-gone-2"));
        JenkinsStores.of(jenkins.jenkins).removeCredentials(Domain.global(), find("system-gone"));
        VcfTokenService.get()
                .administration()
                .removeOrphans(VcfTokenService.get().locator()::stored);

        simulator.cloudServices().replaceAtNextUse(SECRET + "system-csp-token", SECRET + "system-csp-token-2");
        VcfTokenService.get().once(find("system-csp-token"));

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

        JenkinsStores.of(jenkins.jenkins).addCredentials(Domain.global(), account("system-flying", "acme"));
        CountDownLatch received = new CountDownLatch(1);
        CountDownLatch copied = new CountDownLatch(1);
        simulator.setWitness(moment -> {
            received.countDown();
            try {
                copied.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Thread flight = new Thread(() -> fails("system-flying"));
        flight.start();
        received.await();
        // The Pipeline is saved in the background.
        Thread.sleep(5_000);
        copy(Path.of(System.getProperty("upgrade.write")));
        note(Path.of(System.getProperty("upgrade.write")).resolve("vcf-token/files"));
        simulator.setWitness(moment -> {});
        flight.interrupt();
        copied.countDown();
        open.getBuildByNumber(1).doKill();
    }

    private void samples(ModelObject where, CredentialsScope scope, String prefix) throws Exception {
        VcfaServiceAccount account = account(prefix + "-vcfa", "acme");
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
            Credentials sample =
                    each instanceof VcfaServiceAccount && scope == CredentialsScope.USER ? personal(account) : each;
            JenkinsStores.of(where).addCredentials(Domain.global(), sample);
        }
    }

    private static VcfaServiceAccount personal(VcfaServiceAccount account) {
        VcfaServiceAccount personal = new VcfaServiceAccount(
                CredentialsScope.USER,
                account.getId(),
                account.getDescription(),
                account.getUrl(),
                account.getOrganization(),
                account.getRefreshToken());
        personal.setClientId(account.getClientId());
        personal.setCaCertificates(account.getCaCertificates());
        personal.setSkipTlsVerification(true);
        return personal;
    }

    private VcfaServiceAccount account(String id, String organization) {
        next(id);
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                id,
                "a sample",
                "https://vcfa.example.com",
                organization,
                Secret.fromString(simulator.addAccount(id, organization)));
        account.setSkipTlsVerification(true);
        return account;
    }

    /** What the simulator hands out next. */
    private void next(String name) {
        simulator.setNextRefreshToken(SECRET + name);
    }

    private static Secret secret(String name) {
        return Secret.fromString(SECRET + name);
    }

    private void fails(String id) {
        try {
            VcfTokenService.get().once(find(id));
            throw new AssertionError(id);
        } catch (TokenUnavailableException | InterruptedException e) {
            // As it should.
        }
    }

    private void copy(Path to) throws Exception {
        Path home = jenkins.jenkins.getRootDir().toPath();
        List<String> parts = List.of(
                "secrets/master.key",
                "secrets/hudson.util.Secret",
                "secrets/io.jenkins.plugins.vcftoken.LedgerKeys.families",
                "credentials.xml",
                "users",
                "jobs",
                "vcf-token");
        for (String part : parts) {
            try (Stream<Path> files = Files.walk(home.resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile)
                        .filter(WriteHomeJenkinsTest::isOurs)
                        .toList()) {
                    // The name of a user's directory depends on another key of the controller, and is made again.
                    String name = home.relativize(file).toString().replaceFirst("alice_[0-9a-f]+", "alice");
                    Path copy = to.resolve(name);
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy);
                }
            }
        }
    }

    /** Builds' logs and locks hold no data. */
    private static boolean isOurs(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith("log") && !name.endsWith(".lock");
    }

    /** By hand, since a real one has a path of the machine it is on. The reader makes the directory. */
    private static void note(Path files) throws IOException {
        Files.createDirectories(files);
        Files.writeString(
                files.resolve("0b2c7f5e-9a5d-4a0e-8c3b-5f6f1d2a7e90.properties"),
                "directory=" + FILES + "\nnode=\nrun=freestyle\\#1\n");
    }
}
