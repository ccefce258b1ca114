package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import jenkins.model.ModifiableTopLevelItemGroup;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jvnet.hudson.test.JenkinsRule;

/** Test fixture of a controller and a simulator. */
public final class JenkinsAndSimulator {

    /** System property; "false" disables the automatic retry after a lost response. */
    public static final String RETRY_UNKNOWN = VcfTokenService.class.getName() + ".retryUnknown";

    /** Shortest lifetime that a server can express; a new block requests a token when less than half of it is left. */
    public static final Duration SHORT = Duration.ofSeconds(1);

    public final JenkinsRule jenkins;
    public final Simulator simulator;

    public JenkinsAndSimulator(JenkinsRule jenkins, Simulator simulator) {
        this.jenkins = jenkins;
        this.simulator = simulator;
    }

    public VcfaServiceAccount account(String id, String initialToken) {
        return account(CredentialsScope.GLOBAL, id, simulator.url().toString(), initialToken);
    }

    public VcfaServiceAccount account(CredentialsScope scope, String id, String url, String initialToken) {
        VcfaServiceAccount credential =
                new VcfaServiceAccount(scope, id, "for tests", url, "acme", Secret.fromString(initialToken));
        credential.setCaCertificates(simulator.authorityPem());
        return credential;
    }

    public void addToSystem(VcfaServiceAccount credential) throws Exception {
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        SystemCredentialsProvider.getInstance().save();
    }

    public WorkflowJob job(ModifiableTopLevelItemGroup parent, String name, String id) throws Exception {
        WorkflowJob job = (WorkflowJob)
                parent.createProject(jenkins.jenkins.getDescriptorByType(WorkflowJob.DescriptorImpl.class), name, true);
        use(job, id);
        return job;
    }

    public void use(WorkflowJob job, String id) throws Exception {
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '" + id + "') { echo VCF_URL }", true));
    }

    public WorkflowRun build(WorkflowJob job) throws Exception {
        return jenkins.buildAndAssertStatus(Result.SUCCESS, job);
    }

    /** Sleeps until a new block no longer uses an access token of {@link #SHORT} lifetime. */
    public void sleepUntilRenewalIsDue() throws InterruptedException {
        Thread.sleep(SHORT.toMillis() * 6 / 10);
    }

    /** Waits, since the store is written asynchronously after the access token is returned. */
    public void awaitOnDisk(File file, String id) throws Exception {
        await("the rotated token reaches " + file, () -> tokenIn(file, id).equals(simulator.currentToken("ci")));
    }

    public void awaitInSystem(String id) throws Exception {
        awaitOnDisk(new File(jenkins.jenkins.getRootDir(), "credentials.xml"), id);
    }

    public static void await(Callable<Boolean> condition) throws Exception {
        await("condition", condition);
    }

    public static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    public static void sleepUntil(Instant time) throws InterruptedException {
        Thread.sleep(Math.max(0, Duration.between(Instant.now(), time).toMillis()));
    }

    public static String tokenIn(File file, String id) throws Exception {
        String xml = Files.readString(file.toPath());
        String encrypted = xml.replaceAll("(?s).*<id>" + id + "</id>.*?<refreshToken>(.*?)</refreshToken>.*", "$1");
        Secret secret = Secret.decrypt(encrypted);
        return secret == null ? "" : secret.getPlainText();
    }

    public void assertNoTokenLostOrReused() {
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isLessThanOrEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        assertThat(simulator.isRevoked("ci")).isFalse();
    }
}
