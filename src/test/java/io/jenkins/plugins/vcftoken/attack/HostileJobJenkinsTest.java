package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsParameterDefinition;
import com.cloudbees.plugins.credentials.CredentialsParameterValue;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Cause;
import hudson.model.CauseAction;
import hudson.model.ModelObject;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.StringParameterDefinition;
import hudson.model.StringParameterValue;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.SecretSweep;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.MockAuthorizationStrategy;

/** Attack: a user who can edit a Jenkinsfile or choose build parameters tries to use another user's credential. */
class HostileJobJenkinsTest extends JenkinsSharedTestBase {

    private Folder own;
    private WorkflowJob job;

    @BeforeEach
    void prepare() throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("alice", "bob"));
        own = jenkins.createProject(Folder.class, "own");
        job = own.createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void stop() {
        fixture.assertNoTokenLostOrReused();
    }

    @Test
    void credentialOfOtherFolder_isNotFound() throws Exception {
        Folder foreign = jenkins.createProject(Folder.class, "foreign");
        addCredential(foreign, "theirs");
        assertRejected("withVcfToken(credentialsId: 'theirs') { }", "No credential with the ID ‘theirs’");
        assertRejected("withVcfToken(credentialsId: 'foreign/theirs') { }", "No credential with the ID");
        assertRejected("withVcfToken(credentialsId: '../foreign/theirs') { }", "No credential with the ID");
    }

    @Test
    void credentialOfSubfolder_isNotFound() throws Exception {
        addCredential(own.createProject(Folder.class, "inner"), "theirs");
        assertRejected("withVcfToken(credentialsId: 'theirs') { }", "No credential with the ID ‘theirs’");
    }

    @Test
    void userCredential_namedInScript_isNotFound() throws Exception {
        addUserCredential("alice", "personal");
        assertRejected("withVcfToken(credentialsId: 'personal') { }", "No credential with the ID ‘personal’");
        assertThat(buildAs("alice", "withVcfToken(credentialsId: 'personal') { }"))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
    }

    /** A credentials parameter can select a user credential, but only if its owner starts the build. */
    @Test
    void userCredential_asParameter_isOnlyFoundForItsOwner() throws Exception {
        addUserCredential("alice", "personal");
        job.addProperty(new ParametersDefinitionProperty(
                new CredentialsParameterDefinition("WHICH", null, null, StandardCredentials.class.getName(), true)));
        String script = "withVcfToken(credentialsId: '${WHICH}') { echo 'got ' + VCF_TOKEN.length() }";
        assertThat(buildAs("bob", script, new CredentialsParameterValue("WHICH", "personal", null)))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
        assertThat(buildAs("alice", script, new CredentialsParameterValue("WHICH", "personal", null)))
                .isEqualTo(Result.SUCCESS);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void credentialsId_fromParameter_isLimitedToCredentialsOfTheJob() throws Exception {
        addCredential(jenkins.createProject(Folder.class, "foreign"), "theirs");
        job.addProperty(new ParametersDefinitionProperty(new StringParameterDefinition("WHICH", "")));
        assertThat(buildAs(
                        "bob",
                        "withVcfToken(credentialsId: params.WHICH) { }",
                        new StringParameterValue("WHICH", "theirs")))
                .isEqualTo(Result.FAILURE);
        assertThat(buildAs(
                        "bob",
                        "withVcfToken(credentialsId: '${WHICH}') { }",
                        new StringParameterValue("WHICH", "theirs")))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
    }

    /** Steps in the block must get the variables of the block, not the parameters with the same names. */
    @Test
    void parameter_namedLikeTokenVariable_doesNotReplaceToken() throws Exception {
        addCredential(own, "sa");
        job.addProperty(new ParametersDefinitionProperty(
                new StringParameterDefinition("VCF_TOKEN", ""), new StringParameterDefinition("VCF_URL", "")));
        assertThat(buildAs(
                        "bob",
                        "withVcfToken(credentialsId: 'sa') {\n"
                                + "  if (env.VCF_TOKEN == 'mine' || env.VCF_URL == 'https://evil.example.com') error 'theirs'\n}",
                        new StringParameterValue("VCF_TOKEN", "mine"),
                        new StringParameterValue("VCF_URL", "https://evil.example.com")))
                .isEqualTo(Result.SUCCESS);
    }

    @Test
    void reservedOrInvalidVariableName_failsBuild() throws Exception {
        addCredential(own, "sa");
        for (String name : new String[] {"PATH", "PATH+X", "path", "LD_PRELOAD", "BASH_ENV", "A B", "A=B", "1A"}) {
            assertRejected("withVcfToken(credentialsId: 'sa', tokenVariable: '" + name + "') { }", "");
            assertRejected("withVcfToken(credentialsId: 'sa', urlVariable: '" + name + "') { }", "");
            assertRejected(
                    "withVcfToken(credentialsId: 'sa', bindings: [tokenFile('" + name + "')]) { echo 'in' }", "");
        }
    }

    private void assertRejected(String script, String expected) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);
        jenkins.assertLogContains(expected, run);
        assertThat(simulator.requests()).isZero();
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    private Result buildAs(String user, String script, hudson.model.ParameterValue... parameters) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        WorkflowRun run;
        try (ACLContext as = ACL.as2(User.getById(user, true).impersonate2())) {
            run = job.scheduleBuild2(0, new CauseAction(new Cause.UserIdCause(user)), new ParametersAction(parameters))
                    .get();
        }
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        return run.getResult();
    }

    private void addCredential(ModelObject owner, String id) throws Exception {
        CredentialsProvider.lookupStores(owner)
                .iterator()
                .next()
                .addCredentials(Domain.global(), fixture.account(id, simulator.addAccount("ci", "acme")));
    }

    private void addUserCredential(String user, String id) throws Exception {
        User owner = User.getById(user, true);
        try (ACLContext as = ACL.as2(owner.impersonate2())) {
            CredentialsProvider.lookupStores(owner)
                    .iterator()
                    .next()
                    .addCredentials(
                            Domain.global(),
                            fixture.account(
                                    CredentialsScope.USER,
                                    id,
                                    simulator.url().toString(),
                                    simulator.addAccount("ci", "acme")));
        }
    }
}
