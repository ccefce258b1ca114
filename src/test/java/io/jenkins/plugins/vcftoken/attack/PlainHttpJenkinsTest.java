package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Attack: network eavesdropping. */
@WithJenkins
class PlainHttpJenkinsTest {

    @Test
    void build_withHttpUrl_sendsNothing(JenkinsRule jenkins) throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (Simulator simulator = Simulator.start();
                ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread acceptor = new Thread(() -> listen(listener, connections), "acceptor");
            acceptor.setDaemon(true);
            acceptor.start();
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            fixture.addToSystem(fixture.account(
                    CredentialsScope.GLOBAL, "sa", "HTTP://localhost:" + listener.getLocalPort(), "a-refresh-token"));
            WorkflowRun run = jenkins.buildAndAssertStatus(Result.FAILURE, fixture.job(jenkins.jenkins, "job", "sa"));
            jenkins.assertLogContains("its address begins with http", run);
            jenkins.assertLogContains("Nothing was sent", run);
            assertThat(connections).hasValue(0);
        }
    }

    private static void listen(ServerSocket listener, AtomicInteger connections) {
        while (!listener.isClosed()) {
            try {
                listener.accept().close();
                connections.incrementAndGet();
            } catch (IOException e) {
                return;
            }
        }
    }
}
