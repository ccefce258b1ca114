package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsParameterDefinition;
import com.cloudbees.plugins.credentials.CredentialsParameterValue;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Cause;
import hudson.model.CauseAction;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import net.sf.json.JSONObject;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Personal credential, created with the form of the user's store, which has no scope field. */
@WithJenkins
class UserCredentialJenkinsTest {

    @Test
    void userCredential_isCreatedTestedRenewedAndUsedByItsOwner(JenkinsRule jenkins) throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(JenkinsAndSimulator.SHORT);
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            JSONObject form = new JSONObject();
            form.put("stapler-class", VcfaServiceAccount.class.getName());
            form.put("$class", VcfaServiceAccount.class.getName());
            form.put("id", "mine");
            form.put("description", "");
            form.put("url", simulator.url().toString());
            form.put("organization", "acme");
            form.put("refreshToken", simulator.addAccount("ci", "acme"));
            form.put("caCertificates", simulator.authorityPem());
            form.put("skipTlsVerification", false);
            JenkinsPages pages = new JenkinsPages(jenkins);
            JSONObject submitted = new JSONObject();
            submitted.put("", "0");
            submitted.put("credentials", form);
            assertThat(pages.post(
                            "alice",
                            "user/alice/credentials/store/user/domain/_/createCredentials",
                            new NameValuePair("json", submitted.toString())))
                    .isEqualTo(200);
            User user = User.getById("alice", false);
            File config = new File(user.getUserFolder(), "config.xml");
            VcfaServiceAccount created;
            try (ACLContext asUser = ACL.as2(user.impersonate2())) {
                created = (VcfaServiceAccount) JenkinsAccount.findStore(user)
                        .getCredentials(Domain.global())
                        .get(0);
            }
            assertThat(created.getScope()).isNull();

            String testResult = pages.postForText(
                    "alice",
                    "user/alice/descriptorByName/" + VcfaServiceAccount.class.getName() + "/testConnection",
                    new NameValuePair("url", created.getUrl()),
                    new NameValuePair("organization", "acme"),
                    new NameValuePair("clientId", ""),
                    new NameValuePair("refreshToken", created.getRefreshToken().getEncryptedValue()),
                    new NameValuePair("caCertificates", created.getCaCertificates()),
                    new NameValuePair("skipTlsVerification", "false"));
            assertThat(testResult).contains("class=\"ok\"", "the new one is saved");
            assertThat(simulator.rotations()).isEqualTo(1);
            fixture.awaitOnDisk(config, "mine");

            assertThat(pages.post("alice", "user/alice/vcf-tokens/credential/mine/renew"))
                    .isEqualTo(200);
            assertThat(simulator.rotations()).isEqualTo(2);
            fixture.awaitOnDisk(config, "mine");

            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
            job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '${WHICH}') { echo VCF_URL }", true));
            job.addProperty(new ParametersDefinitionProperty(new CredentialsParameterDefinition(
                    "WHICH", null, "mine", VcfaServiceAccount.class.getName(), true)));
            fixture.sleepUntilRenewalIsDue();
            jenkins.assertBuildStatusSuccess(job.scheduleBuild2(
                    0,
                    new CauseAction(new Cause.UserIdCause("alice")),
                    new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            assertThat(simulator.rotations()).isGreaterThan(2);
            fixture.awaitOnDisk(config, "mine");

            int rotations = simulator.rotations();
            job.setDefinition(
                    new CpsFlowDefinition("withVcfToken(credentialsId: params.WHICH) { echo VCF_URL }", true));
            WorkflowRun withResolvedId = jenkins.assertBuildStatus(
                    Result.FAILURE,
                    job.scheduleBuild2(
                            0,
                            new CauseAction(new Cause.UserIdCause("alice")),
                            new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            jenkins.assertLogContains("in the personal store of alice, who started this build", withResolvedId);
            jenkins.assertLogContains("credentialsId: '${NAME}' in single quotes", withResolvedId);
            WorkflowRun byOtherUser = jenkins.assertBuildStatus(
                    Result.FAILURE,
                    job.scheduleBuild2(
                            0,
                            new CauseAction(new Cause.UserIdCause("bob")),
                            new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            jenkins.assertLogContains("No credential with the ID ‘mine’ can be used by this job", byOtherUser);
            jenkins.assertLogNotContains("personal", byOtherUser);
            assertThat(simulator.rotations()).isEqualTo(rotations);
            fixture.assertNoTokenLostOrReused();
        }
    }
}
