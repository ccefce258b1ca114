package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Servers that accept connections and never respond, with the default number of threads of a controller. */
@WithJenkins
class HungServersJenkinsTest {

    /** A token request takes less than a second, or somewhat more on a busy machine; a hung server takes 30 seconds. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    @Test
    void once_with80HungAccountsAnd32HungConnectionTests_isNotDelayed(JenkinsRule rule) throws Exception {
        List<Socket> accepted = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        AtomicInteger busy = new AtomicInteger();
        try (Simulator simulator = Simulator.start();
                ServerSocket hung = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
                ServerSocket tested = new ServerSocket(0, 200, InetAddress.getLoopbackAddress())) {
            for (ServerSocket server : List.of(hung, tested)) {
                threads.add(daemon(() -> {
                    while (true) {
                        accepted.add(server.accept());
                    }
                }));
            }
            rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
            VcfTokenService tokens = VcfTokenService.get();
            VcfaServiceAccount first = addAccount(fixture, "first", simulator.addAccount("ci", "acme"));
            VcfaServiceAccount healthy = addAccount(fixture, "healthy", simulator.addAccount("healthy", "acme"));
            tokens.issueWithoutLease(first);
            for (int i = 0; i < 80; i++) {
                SddcManagerUser stuck = user("stuck-" + i, hung);
                SystemCredentialsProvider.getInstance().getCredentials().add(stuck);
                threads.add(daemon(() -> tokens.issueWithoutLease(stuck)));
            }
            JenkinsAndSimulator.await("the limit of requests per server is reached", () -> accepted.size() >= 16);
            for (int i = 0; i < 32; i++) {
                User tester = User.getById("tester-" + i, true);
                SddcManagerUser credential = user("tested-" + i, tested);
                threads.add(daemon(() -> {
                    try (ACLContext as = ACL.as2(tester.impersonate2())) {
                        String answer = testConnection(rule, credential).getMessage();
                        if (answer.equals(Messages.ConnectionTester_busy())) {
                            busy.incrementAndGet();
                        }
                    }
                }));
            }
            JenkinsAndSimulator.await("excess connection tests are rejected", () -> busy.get() == 24);
            JenkinsAndSimulator.await("the other connection tests are sent", () -> accepted.size() >= 24);
            long begin = System.nanoTime();
            tokens.issueWithoutLease(healthy);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(LIMIT);
            assertThat(accepted).hasSize(24);
            fixture.assertNoTokenLostOrReused();
        } finally {
            for (Socket socket : accepted) {
                socket.close();
            }
            for (Thread thread : threads) {
                thread.join(Duration.ofMinutes(2).toMillis());
            }
        }
    }

    private static VcfaServiceAccount addAccount(JenkinsAndSimulator fixture, String id, String token)
            throws Exception {
        VcfaServiceAccount account = fixture.account(id, token);
        fixture.addToSystem(account);
        return account;
    }

    private static SddcManagerUser user(String id, ServerSocket server) {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, id, "for tests", "https://127.0.0.1:" + server.getLocalPort());
        user.setUsername(id + "@vsphere.local");
        user.setPassword(Secret.fromString("a password of " + id));
        return user;
    }

    private static FormValidation testConnection(JenkinsRule rule, SddcManagerUser credential) {
        return rule.jenkins
                .getDescriptorByType(SddcManagerUser.DescriptorImpl.class)
                .doTestConnection(
                        rule.jenkins,
                        credential.getUrl(),
                        credential.getUsername(),
                        credential.getPassword(),
                        null,
                        null,
                        false);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Thread daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (TokenUnavailableException | IOException e) {
                // Expected when the test closes the connection.
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
