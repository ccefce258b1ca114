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
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** A user who may write a Jenkinsfile, or only choose a build's parameters, wants another user's token. */
@WithJenkins
class HostileJobJenkinsTest {

    private static JenkinsRule jenkins;
    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private Folder own;
    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        both = new JenkinsAndSimulator(jenkins, simulator);
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        jenkins.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to("alice", "bob"));
        own = jenkins.createProject(Folder.class, "own");
        job = own.createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aCredentialOfAnotherFolder() throws Exception {
        Folder wrongServer = jenkins.createProject(Folder.class, "foreign");
        add(wrongServer, "theirs");
        refused("withVcfToken(credentialsId: 'theirs') { }", "No credential with the ID ‘theirs’");
        refused("withVcfToken(credentialsId: 'foreign/theirs') { }", "No credential with the ID");
        refused("withVcfToken(credentialsId: '../foreign/theirs') { }", "No credential with the ID");
    }

    @Test
    void aCredentialOfAFolderBelow() throws Exception {
        add(own.createProject(Folder.class, "inner"), "theirs");
        refused("withVcfToken(credentialsId: 'theirs') { }", "No credential with the ID ‘theirs’");
    }

    @Test
    void aUsersOwnCredentialNamedByAScript() throws Exception {
        addAs("alice", "personal");
        refused("withVcfToken(credentialsId: 'personal') { }", "No credential with the ID ‘personal’");
        assertThat(started("alice", "withVcfToken(credentialsId: 'personal') { }"))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
    }

    /** A credentials parameter is the way to one's own; the user who starts the build must be its owner. */
    @Test
    void aUsersOwnCredentialChosenAsAParameterByAnotherUser() throws Exception {
        addAs("alice", "personal");
        job.addProperty(new ParametersDefinitionProperty(
                new CredentialsParameterDefinition("WHICH", null, null, StandardCredentials.class.getName(), true)));
        String script = "withVcfToken(credentialsId: '${WHICH}') { echo 'got ' + VCF_TOKEN.length() }";
        assertThat(started("bob", script, new CredentialsParameterValue("WHICH", "personal", null)))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
        assertThat(started("alice", script, new CredentialsParameterValue("WHICH", "personal", null)))
                .isEqualTo(Result.SUCCESS);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** A parameter chooses among what the job may use anyway, and no more. */
    @Test
    void anIdThatComesFromAParameter() throws Exception {
        add(jenkins.createProject(Folder.class, "foreign"), "theirs");
        job.addProperty(new ParametersDefinitionProperty(new StringParameterDefinition("WHICH", "")));
        assertThat(started(
                        "bob",
                        "withVcfToken(credentialsId: params.WHICH) { }",
                        new StringParameterValue("WHICH", "theirs")))
                .isEqualTo(Result.FAILURE);
        assertThat(started(
                        "bob",
                        "withVcfToken(credentialsId: '${WHICH}') { }",
                        new StringParameterValue("WHICH", "theirs")))
                .isEqualTo(Result.FAILURE);
        assertThat(simulator.requests()).isZero();
    }

    /** A parameter of the variable's name must not lead the block's steps to use something else for the access token. */
    @Test
    void aParameterThatIsNamedLikeTheVariable() throws Exception {
        add(own, "sa");
        job.addProperty(new ParametersDefinitionProperty(
                new StringParameterDefinition("VCF_TOKEN", ""), new StringParameterDefinition("VCF_URL", "")));
        assertThat(started(
                        "bob",
                        "withVcfToken(credentialsId: 'sa') {\n"
                                + "  if (env.VCF_TOKEN == 'mine' || env.VCF_URL == 'https://evil.example.com') error 'theirs'\n}",
                        new StringParameterValue("VCF_TOKEN", "mine"),
                        new StringParameterValue("VCF_URL", "https://evil.example.com")))
                .isEqualTo(Result.SUCCESS);
    }

    @Test
    void variablesThatSteerWhatRuns() throws Exception {
        add(own, "sa");
        for (String name : new String[] {"PATH", "PATH+X", "path", "LD_PRELOAD", "BASH_ENV", "A B", "A=B", "1A"}) {
            refused("withVcfToken(credentialsId: 'sa', tokenVariable: '" + name + "') { }", "");
            refused("withVcfToken(credentialsId: 'sa', urlVariable: '" + name + "') { }", "");
            refused("withVcfToken(credentialsId: 'sa', bindings: [tokenFile('" + name + "')]) { echo 'in' }", "");
        }
    }

    private void refused(String script, String expected) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, job);
        jenkins.assertLogContains(expected, run);
        assertThat(simulator.requests()).isZero();
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    private Result started(String user, String script, hudson.model.ParameterValue... parameters) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        WorkflowRun run;
        try (ACLContext as = ACL.as2(User.getById(user, true).impersonate2())) {
            run = job.scheduleBuild2(0, new CauseAction(new Cause.UserIdCause(user)), new ParametersAction(parameters))
                    .get();
        }
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        return run.getResult();
    }

    private void add(ModelObject owner, String id) throws Exception {
        CredentialsProvider.lookupStores(owner)
                .iterator()
                .next()
                .addCredentials(Domain.global(), both.account(id, simulator.addAccount("ci", "acme")));
    }

    private void addAs(String user, String id) throws Exception {
        User owner = User.getById(user, true);
        try (ACLContext as = ACL.as2(owner.impersonate2())) {
            CredentialsProvider.lookupStores(owner)
                    .iterator()
                    .next()
                    .addCredentials(
                            Domain.global(),
                            both.account(
                                    CredentialsScope.USER,
                                    id,
                                    simulator.url().toString(),
                                    simulator.addAccount("ci", "acme")));
        }
    }
}
