package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.test.steps.SemaphoreStep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Open leases after changes of their credential, and after jumps of the wall clock. */
@WithJenkins
class OpenLeaseJenkinsTest {

    private static final Duration SOON = Duration.ofSeconds(5);

    private final JenkinsClock clock = new JenkinsClock();
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private JenkinsRule jenkins;

    @AutoClose("closeAndCheckViolations")
    private final Simulator simulator = Simulator.start(clock, 0);

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
    }

    @AfterEach
    void stop() {
        clock.close();
        assertThat(simulator.reuses()).isZero();
    }

    /** The former access token may be revoked, too; until it is replaced, steps would fail with 401. */
    @ParameterizedTest
    @ValueSource(strings = {"system", "folder", "user"})
    void changedSecret_reachesOpenLeasesImmediately(String where) throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        ModelObject context =
                switch (where) {
                    case "system" -> jenkins.jenkins;
                    case "folder" -> jenkins.createProject(Folder.class, "team");
                    default -> User.getById("alice", true);
                };
        CredentialsScope scope = context instanceof User ? CredentialsScope.USER : CredentialsScope.GLOBAL;
        VcfaServiceAccount before = account(scope, simulator.addAccount("sa", "acme"));
        try (ACLContext as = actAsOwner(context)) {
            JenkinsAccount.findStore(context).addCredentials(Domain.global(), before);
        }
        try (Lease lease = open(before)) {
            AccessToken first = lease.accessToken();
            await(Duration.ofMinutes(1), () -> stored(context).equals(simulator.currentToken("sa")));
            int requests = simulator.requests();
            try (ACLContext as = actAsOwner(context)) {
                VcfaServiceAccount current = (VcfaServiceAccount) JenkinsAccount.findStore(context)
                        .getCredentials(Domain.global())
                        .get(0);
                JenkinsAccount.findStore(context)
                        .updateCredentials(Domain.global(), current, account(scope, simulator.reauthorize("sa")));
            }
            await(SOON, () -> !lease.accessToken().equals(first));
            await(Duration.ofMinutes(1), () -> stored(context).equals(simulator.currentToken("sa")));
            assertThat(simulator.requests()).isEqualTo(requests + 1);
            assertThat(warnings).isEmpty();
        }
    }

    @Test
    void changedTlsSettings_applyFromTheNextRenewal() throws Exception {
        VcfaServiceAccount unverified = account(simulator.addAccount("sa", "acme"));
        unverified.setCaCertificates("");
        unverified.setSkipTlsVerification(true);
        CredentialsStore store = JenkinsAccount.findStore(jenkins.jenkins);
        store.addCredentials(Domain.global(), unverified);
        try (Lease lease = open(unverified)) {
            AccessToken first = lease.accessToken();
            await(Duration.ofMinutes(1), () -> stored(jenkins.jenkins).equals(simulator.currentToken("sa")));
            VcfaServiceAccount verified = account(simulator.currentToken("sa"));
            verified.setCaCertificates("");
            store.updateCredentials(Domain.global(), unverified, verified);
            clock.suspend(Duration.ofSeconds(11));
            assertThatThrownBy(lease::refresh)
                    .isInstanceOf(TokenUnavailableException.class)
                    .hasMessageContaining("certificate is not trusted");
            assertThat(simulator.requests()).as("nothing was sent").isEqualTo(1);
            store.updateCredentials(Domain.global(), verified, account(simulator.currentToken("sa")));
            clock.suspend(Duration.ofSeconds(11));
            assertThat(lease.refresh()).isNotEqualTo(first);
        }
    }

    /** The variable is read when the step starts; the launcher waits for the renewal before it starts the process. */
    @Test
    void firstProcessAfterSuspend_startsWithAValidToken() throws Exception {
        JenkinsAccount.trust(simulator.authorityPem());
        JenkinsAccount.add(simulator, "sa");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        String get = " $VCF_URL/deployment/api/deployments > /dev/null";
        job.setDefinition(new CpsFlowDefinition(
                "node { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) {\n"
                        + "sh 'true'\n semaphore 'suspended'\n"
                        + "sh 'curl --fail -sS -H \"Authorization: Bearer $VCF_TOKEN\"" + get
                        + "; curl --fail -sS -H @\"$H\"" + get + "' } }",
                true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        SemaphoreStep.waitForStart("suspended/1", run);
        simulator.setDelay(Duration.ofSeconds(2));
        clock.suspend(Duration.ofHours(2));
        SemaphoreStep.success("suspended/1", null);
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.served()).isEqualTo(2);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    private Lease open(VcfCredentials credential) throws Exception {
        return VcfTokenService.get().open(credential, "", null, Duration.ofMinutes(10), new LeaseOwnerCallback() {
            @Override
            public String displayName() {
                return "test";
            }

            @Override
            public void beforePublish(AccessToken accessToken) {}

            @Override
            public void warn(String message) {
                warnings.add(message);
            }
        });
    }

    private VcfaServiceAccount account(String token) {
        return account(CredentialsScope.GLOBAL, token);
    }

    private VcfaServiceAccount account(CredentialsScope scope, String token) {
        VcfaServiceAccount account =
                new VcfaServiceAccount(scope, "sa", "", simulator.url().toString(), "acme", Secret.fromString(token));
        account.setCaCertificates(simulator.authorityPem());
        return account;
    }

    private static ACLContext actAsOwner(ModelObject context) {
        return ACL.as2(context instanceof User user ? user.impersonate2() : ACL.SYSTEM2);
    }

    private static String stored(ModelObject context) {
        try (ACLContext as = actAsOwner(context)) {
            return ((VcfCredentials) JenkinsAccount.findStore(context)
                            .getCredentials(Domain.global())
                            .get(0))
                    .storedSecret()
                    .getPlainText();
        }
    }

    private static void await(Duration limit, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }
}
