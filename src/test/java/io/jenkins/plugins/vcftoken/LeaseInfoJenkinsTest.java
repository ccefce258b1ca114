package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
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
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
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

/** What open leases hear of: credentials that are changed, and a wall clock that jumps. */
@WithJenkins
class LeaseInfoJenkinsTest {

    private static final Duration SOON = Duration.ofSeconds(5);

    private final JenkinsClock clock = new JenkinsClock();
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private JenkinsRule jenkins;

    @AutoClose("closeWithoutViolations")
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

    /** The access token of before may be dead as well, and each step meets a 401 until there is another one. */
    @ParameterizedTest
    @ValueSource(strings = {"system", "folder", "user"})
    void aTokenThatIsStored_reachesOpenLeasesAtOnce(String where) throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        ModelObject context =
                switch (where) {
                    case "system" -> jenkins.jenkins;
                    case "folder" -> jenkins.createProject(Folder.class, "team");
                    default -> User.getById("alice", true);
                };
        CredentialsScope scope = context instanceof User ? CredentialsScope.USER : CredentialsScope.GLOBAL;
        VcfaServiceAccount before = account(scope, simulator.addAccount("sa", "acme"));
        try (ACLContext as = context instanceof User user ? ACL.as2(user.impersonate2()) : ACL.as2(ACL.SYSTEM2)) {
            store(context).addCredentials(Domain.global(), before);
        }
        try (Lease lease = open(before)) {
            AccessToken first = lease.accessToken();
            await(Duration.ofMinutes(1), () -> stored(context).equals(simulator.currentToken("sa")));
            int requests = simulator.requests();
            try (ACLContext as = context instanceof User user ? ACL.as2(user.impersonate2()) : ACL.as2(ACL.SYSTEM2)) {
                VcfaServiceAccount now = (VcfaServiceAccount)
                        store(context).getCredentials(Domain.global()).get(0);
                store(context).updateCredentials(Domain.global(), now, account(scope, simulator.reauthorize("sa")));
            }
            await(SOON, () -> !lease.accessToken().equals(first));
            await(Duration.ofMinutes(1), () -> stored(context).equals(simulator.currentToken("sa")));
            assertThat(simulator.requests()).isEqualTo(requests + 1);
            assertThat(warnings).isEmpty();
        }
    }

    @Test
    void aClearedBoxAndANewCertificate_countFromTheNextRenewalOn() throws Exception {
        VcfaServiceAccount unverified = account(simulator.addAccount("sa", "acme"));
        unverified.setCaCertificates("");
        unverified.setSkipTlsVerification(true);
        CredentialsStore store = store(jenkins.jenkins);
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

    /** Read when the step begins, renewed in the background, and waited for where its process is launched. */
    @Test
    void theFirstProcessAfterASuspend_startsWithALivingToken() throws Exception {
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
        return VcfTokenService.get().open(credential, "", null, Duration.ofMinutes(10), new LeaseOwner() {
            @Override
            public String who() {
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

    private static CredentialsStore store(ModelObject context) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                return store;
            }
        }
        throw new IllegalStateException("no store");
    }

    private static String stored(ModelObject context) {
        try (ACLContext as = context instanceof User user ? ACL.as2(user.impersonate2()) : ACL.as2(ACL.SYSTEM2)) {
            return ((VcfCredentials)
                            store(context).getCredentials(Domain.global()).get(0))
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
