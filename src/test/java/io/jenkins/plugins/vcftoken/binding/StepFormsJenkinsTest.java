package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.ExtensionList;
import hudson.model.Queue;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.util.List;
import java.util.Map;
import jenkins.security.QueueItemAuthenticator;
import jenkins.security.QueueItemAuthenticatorProvider;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.steps.StepConfigTester;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.springframework.security.core.Authentication;

/** Configuration forms of the steps. */
@WithJenkins
class StepFormsJenkinsTest {

    @Test
    void configRoundTrip_keepsParametersAndOmitsDefaults(JenkinsRule jenkins) throws Exception {
        JenkinsAccount.add("https://vcfa.example.com", "", "sa", "token");
        StepConfigTester tester = new StepConfigTester(jenkins);

        WithVcfTokenStep plain = tester.configRoundTrip(new WithVcfTokenStep("sa"));
        assertThat(DescribableModel.uninstantiate2_(plain).getArguments()).isEqualTo(Map.of("credentialsId", "sa"));

        WithVcfTokenStep step = new WithVcfTokenStep("sa");
        step.setTokenVariable("A");
        step.setUrlVariable("B");
        step.setBindings(List.of(new TokenFileBinding("C"), new HeaderFileBinding("D")));
        step.setMinimumValidity(7);
        step.setOrganization("acme");
        jenkins.assertEqualDataBoundBeans(step, tester.configRoundTrip(step));

        VcfTokenRefreshStep refresh = new VcfTokenRefreshStep();
        assertThat(tester.configRoundTrip(refresh).getCredentialsId()).isNull();
        refresh.setCredentialsId("sa");
        assertThat(tester.configRoundTrip(refresh).getCredentialsId()).isEqualTo("sa");

        WithVcfTokenStep.DescriptorImpl form =
                jenkins.jenkins.getDescriptorByType(WithVcfTokenStep.DescriptorImpl.class);
        assertThat(form.doCheckTokenVariable("", "").kind).isEqualTo(FormValidation.Kind.OK);
        assertThat(form.doCheckTokenVariable("A", "A").kind).isEqualTo(FormValidation.Kind.ERROR);
        assertThat(form.doCheckMinimumValidity("-1").kind).isEqualTo(FormValidation.Kind.ERROR);
        assertThat(form.doCheckMinimumValidity("x").kind).isEqualTo(FormValidation.Kind.ERROR);
        assertThat(form.doCheckMinimumValidity("").kind).isEqualTo(FormValidation.Kind.OK);
        step.setMinimumValidity(null);
        assertThat(step.getMinimumValidity()).as("left empty").isEqualTo(10);
    }

    @Test
    void credentialsIdItems_areThoseThatTheJobCanUse(JenkinsRule jenkins) throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        JenkinsAccount.add("https://vcfa.example.com", "", "shared", "token");
        JenkinsAccount.store(new StringCredentialsImpl(CredentialsScope.GLOBAL, "text", null, Secret.fromString("x")));
        User bob = User.getById("bob", true);
        try (ACLContext as = ACL.as2(bob.impersonate2())) {
            JenkinsAccount.findStore(bob)
                    .addCredentials(
                            Domain.global(),
                            new VcfaServiceAccount(
                                    CredentialsScope.USER,
                                    "personal",
                                    null,
                                    "https://vcfa.example.com",
                                    "acme",
                                    Secret.fromString("other")));
        }
        assertThat(credentialsIds(jenkins.createProject(WorkflowJob.class, "ordinary")))
                .containsExactlyInAnyOrder("", "shared", "chosen");
        assertThat(credentialsIds(jenkins.createProject(WorkflowJob.class, RunAsBob.JOB)))
                .containsExactlyInAnyOrder("", "personal", "chosen");
        WorkflowJob ordinary = jenkins.jenkins.getItemByFullName("ordinary", WorkflowJob.class);
        assertThat(checkCredentialsId(ordinary, "shared")).isEqualTo(FormValidation.Kind.OK);
        assertThat(checkCredentialsId(ordinary, "personal")).isEqualTo(FormValidation.Kind.WARNING);
        assertThat(checkCredentialsId(ordinary, "text")).as("of another kind").isEqualTo(FormValidation.Kind.WARNING);
        for (String unknown : List.of("${WHICH}", "$WHICH")) {
            assertThat(checkCredentialsId(ordinary, unknown)).as(unknown).isEqualTo(FormValidation.Kind.OK);
        }
        assertThat(checkCredentialsId(ordinary, "")).as("none").isEqualTo(FormValidation.Kind.WARNING);
        assertThat(checkCredentialsId(jenkins.jenkins.getItemByFullName(RunAsBob.JOB, WorkflowJob.class), "personal"))
                .isEqualTo(FormValidation.Kind.OK);
    }

    private static FormValidation.Kind checkCredentialsId(WorkflowJob job, String id) {
        return ExtensionList.lookupSingleton(WithVcfTokenStep.DescriptorImpl.class)
                .doCheckCredentialsId(job, id)
                .kind;
    }

    private static List<String> credentialsIds(WorkflowJob job) {
        return ExtensionList.lookupSingleton(WithVcfTokenStep.DescriptorImpl.class)
                .doFillCredentialsIdItems(job, "chosen")
                .stream()
                .map(option -> option.value)
                .toList();
    }

    /** Runs one job as a user, like the Authorize Project plugin. */
    @TestExtension
    public static final class RunAsBob extends QueueItemAuthenticatorProvider {
        static final String JOB = "as-bob";

        @Override
        public List<QueueItemAuthenticator> getAuthenticators() {
            return List.of(new QueueItemAuthenticator() {
                @Override
                public Authentication authenticate2(Queue.Task task) {
                    return task.getName().equals(JOB)
                            ? User.getById("bob", true).impersonate2()
                            : null;
                }
            });
        }
    }
}
