package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsParameterDefinition;
import com.cloudbees.plugins.credentials.CredentialsParameterValue;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Cause;
import hudson.model.CauseAction;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.net.URL;
import java.util.List;
import net.sf.json.JSONObject;
import org.htmlunit.HttpMethod;
import org.htmlunit.WebRequest;
import org.htmlunit.util.NameValuePair;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** A user's own credential, made in the form of the user's own store. That form asks for no scope. */
@WithJenkins
class PersonalCredentialJenkinsTest {

    @Test
    void madeTestedRenewedAndUsedByItsOwner(JenkinsRule jenkins) throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(JenkinsAndSimulator.SHORT);
            JenkinsAndSimulator both = new JenkinsAndSimulator(jenkins, simulator);
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
            JenkinsRule.WebClient alice =
                    jenkins.createWebClient().withJavaScriptEnabled(false).login("alice");
            JSONObject submitted = new JSONObject();
            submitted.put("", "0");
            submitted.put("credentials", form);
            post(
                    jenkins,
                    alice,
                    "user/alice/credentials/store/user/domain/_/createCredentials",
                    new NameValuePair("json", submitted.toString()));
            User user = User.getById("alice", false);
            File disk = new File(user.getUserFolder(), "config.xml");
            VcfaServiceAccount made = madeBy(user);
            assertThat(made.getScope()).isNull();

            String tested = post(
                    jenkins,
                    alice,
                    "user/alice/descriptorByName/" + VcfaServiceAccount.class.getName() + "/testConnection",
                    new NameValuePair("url", made.getUrl()),
                    new NameValuePair("organization", "acme"),
                    new NameValuePair("clientId", ""),
                    new NameValuePair("refreshToken", made.getRefreshToken().getEncryptedValue()),
                    new NameValuePair("caCertificates", made.getCaCertificates()),
                    new NameValuePair("skipTlsVerification", "false"));
            assertThat(tested).contains("class=\"ok\"", "the new one is saved");
            assertThat(simulator.rotations()).isEqualTo(1);
            both.awaitOnDisk(disk, "mine");

            post(jenkins, alice, "user/alice/vcf-tokens/credential/mine/renew");
            assertThat(simulator.rotations()).isEqualTo(2);
            both.awaitOnDisk(disk, "mine");

            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
            job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '${WHICH}') { echo VCF_URL }", true));
            job.addProperty(new ParametersDefinitionProperty(new CredentialsParameterDefinition(
                    "WHICH", null, "mine", VcfaServiceAccount.class.getName(), true)));
            both.letTheAccessTokenAge();
            jenkins.assertBuildStatusSuccess(job.scheduleBuild2(
                    0,
                    new CauseAction(new Cause.UserIdCause("alice")),
                    new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            assertThat(simulator.rotations()).isGreaterThan(2);
            both.awaitOnDisk(disk, "mine");

            int rotations = simulator.rotations();
            job.setDefinition(
                    new CpsFlowDefinition("withVcfToken(credentialsId: params.WHICH) { echo VCF_URL }", true));
            WorkflowRun byId = jenkins.assertBuildStatus(
                    Result.FAILURE,
                    job.scheduleBuild2(
                            0,
                            new CauseAction(new Cause.UserIdCause("alice")),
                            new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            jenkins.assertLogContains("in the personal store of alice, who started this build", byId);
            jenkins.assertLogContains("credentialsId: '${NAME}' in single quotes", byId);
            WorkflowRun byAnother = jenkins.assertBuildStatus(
                    Result.FAILURE,
                    job.scheduleBuild2(
                            0,
                            new CauseAction(new Cause.UserIdCause("bob")),
                            new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            jenkins.assertLogContains("No credential with the ID ‘mine’ can be used by this job", byAnother);
            jenkins.assertLogNotContains("personal", byAnother);
            assertThat(simulator.rotations()).isEqualTo(rotations);
            both.assertNothingLostOrSpentTwice();
        }
    }

    private static String post(
            JenkinsRule jenkins, JenkinsRule.WebClient client, String path, NameValuePair... parameters)
            throws Exception {
        WebRequest request = new WebRequest(new URL(jenkins.getURL(), path), HttpMethod.POST);
        request.setRequestParameters(List.of(parameters));
        client.addCrumb(request);
        return client.getPage(request).getWebResponse().getContentAsString();
    }

    private static VcfaServiceAccount madeBy(User user) {
        try (ACLContext asUser = ACL.as2(user.impersonate2())) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(user)) {
                if (store.getContext() == user && store.isDomainsModifiable()) {
                    return (VcfaServiceAccount)
                            store.getCredentials(Domain.global()).get(0);
                }
            }
        }
        throw new AssertionError("no store");
    }
}
