package io.jenkins.plugins.vcftoken.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import java.util.Map;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.workflow.steps.StepConfigTester;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** The forms behind the snippet generator. */
@WithJenkins
class StepFormsJenkinsTest {

    @Test
    void eachParameterSurvivesTheFormAndDefaultsAreLeftOut(JenkinsRule jenkins) throws Exception {
        JenkinsAccount.add("https://vcfa.example.com", "", "sa", "token");
        StepConfigTester tester = new StepConfigTester(jenkins);

        WithVcfTokenStep plain = tester.configRoundTrip(new WithVcfTokenStep("sa"));
        assertThat(DescribableModel.uninstantiate2_(plain).getArguments()).isEqualTo(Map.of("credentialsId", "sa"));

        WithVcfTokenStep step = new WithVcfTokenStep("sa");
        step.setTokenVariable("A");
        step.setUrlVariable("B");
        step.setTokenFileVariable("C");
        step.setHeaderFileVariable("D");
        step.setMinimumValidity(7);
        step.setOrganization("acme");
        jenkins.assertEqualDataBoundBeans(step, tester.configRoundTrip(step));

        VcfTokenRefreshStep refresh = new VcfTokenRefreshStep();
        assertThat(tester.configRoundTrip(refresh).getCredentialsId()).isNull();
        refresh.setCredentialsId("sa");
        assertThat(tester.configRoundTrip(refresh).getCredentialsId()).isEqualTo("sa");

        WithVcfTokenStep.DescriptorImpl form =
                jenkins.jenkins.getDescriptorByType(WithVcfTokenStep.DescriptorImpl.class);
        assertThat(form.doCheckTokenVariable("", "", "", "").kind).isEqualTo(FormValidation.Kind.OK);
        assertThat(form.doCheckTokenVariable("A", "", "A", "").kind).isEqualTo(FormValidation.Kind.ERROR);
        assertThat(form.doCheckMinimumValidity("-1").kind).isEqualTo(FormValidation.Kind.ERROR);
    }
}
