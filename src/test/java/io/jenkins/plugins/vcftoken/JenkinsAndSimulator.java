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
import java.util.concurrent.Callable;
import jenkins.model.ModifiableTopLevelItemGroup;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jvnet.hudson.test.JenkinsRule;

/** A controller beside a simulator, and what most tests do with the two. */
public final class JenkinsAndSimulator {

    /** The system property that lets a person decide about a token whose answer was lost: "false". */
    public static final String RETRY_UNKNOWN = VcfTokenService.class.getName() + ".retryUnknown";

    /** The shortest lifetime a server can express; half of it is the least that a new block takes. */
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

    /** Past the point at which a new block takes an access token of {@link #SHORT} lifetime. */
    public void letTheAccessTokenAge() throws InterruptedException {
        Thread.sleep(SHORT.toMillis() * 6 / 10);
    }

    /** The store is written after the access token is out, so it may take a moment. */
    public void awaitOnDisk(File file, String id) throws Exception {
        await("the rotated token reaches " + file, () -> tokenIn(file, id).equals(simulator.currentToken("ci")));
    }

    public void awaitInSystem(String id) throws Exception {
        awaitOnDisk(new File(jenkins.jenkins.getRootDir(), "credentials.xml"), id);
    }

    public static void await(Callable<Boolean> condition) throws Exception {
        await("what is waited for", condition);
    }

    public static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    public static String tokenIn(File file, String id) throws Exception {
        String xml = Files.readString(file.toPath());
        String sealed = xml.replaceAll("(?s).*<id>" + id + "</id>.*?<refreshToken>(.*?)</refreshToken>.*", "$1");
        Secret secret = Secret.decrypt(sealed);
        return secret == null ? "" : secret.getPlainText();
    }

    public void assertNothingLostOrSpentTwice() {
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isLessThanOrEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        assertThat(simulator.isRevoked("ci")).isFalse();
    }
}
