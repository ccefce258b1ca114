package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.ProxyConfiguration;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.simulator.ConnectProxy;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class ProxyJenkinsTest {

    private static final String PASSWORD = "proxy-password-of-jenkins";

    private JenkinsRule jenkins;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private ConnectProxy proxy;

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        proxy = new ConnectProxy("jenkins", PASSWORD);
        ExamplesJenkinsTest.addAll(simulator);
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
    }

    @Test
    void jenkinsProxy_isUsedWithItsPassword() throws Exception {
        jenkins.jenkins.setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", PASSWORD));
        build("vcfa", Result.SUCCESS);
        assertThat(proxy.tunnels()).isEqualTo(1);
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
    }

    @Test
    void noProxyHosts_areReachedDirectly() throws Exception {
        jenkins.jenkins.setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", PASSWORD, "localhost"));
        build("vcfa", Result.SUCCESS);
        assertThat(proxy.tunnels() + proxy.refused()).isZero();
    }

    @Test
    void proxyAuthenticationFailure_sendsNothing_andNamesTheProxy() throws Exception {
        jenkins.jenkins.setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", "wrong"));
        WorkflowRun run = build("vcfa", Result.FAILURE);
        jenkins.assertLogContains("nothing was sent", run);
        jenkins.assertLogContains("through the proxy localhost", run);
        assertThat(simulator.requests()).isZero();
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        jenkins.jenkins.setProxy(new ProxyConfiguration("localhost", proxy.port(), "jenkins", PASSWORD));
        build("vcfa", Result.SUCCESS);
    }

    private WorkflowRun build(String id, Result result) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '" + id + "') { }", true));
        return jenkins.buildAndAssertStatus(result, job);
    }
}
