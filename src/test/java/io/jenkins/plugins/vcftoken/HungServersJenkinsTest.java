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

/** Servers that accept and never answer, with the threads that a controller has. */
@WithJenkins
class HungServersJenkinsTest {

    /** An access token takes a fraction of a second, more on a busy machine; a server that hangs, half a minute. */
    private static final Duration MOMENT = Duration.ofSeconds(5);

    @Test
    void once_beside80HungAccountsAnd32HungTests_isAnsweredAtOnce(JenkinsRule rule) throws Exception {
        List<Socket> accepted = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        AtomicInteger busy = new AtomicInteger();
        try (Simulator simulator = Simulator.start();
                ServerSocket hung = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
                ServerSocket typed = new ServerSocket(0, 200, InetAddress.getLoopbackAddress())) {
            for (ServerSocket server : List.of(hung, typed)) {
                threads.add(daemon(() -> {
                    while (true) {
                        accepted.add(server.accept());
                    }
                }));
            }
            rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
            JenkinsAndSimulator both = new JenkinsAndSimulator(rule, simulator);
            VcfTokenService tokens = VcfTokenService.get();
            VcfaServiceAccount first = account(both, "first", simulator.addAccount("ci", "acme"));
            VcfaServiceAccount healthy = account(both, "healthy", simulator.addAccount("healthy", "acme"));
            tokens.once(first);
            for (int i = 0; i < 80; i++) {
                SddcManagerUser stuck = user("stuck-" + i, hung);
                SystemCredentialsProvider.getInstance().getCredentials().add(stuck);
                threads.add(daemon(() -> tokens.once(stuck)));
            }
            JenkinsAndSimulator.await("as many as a server gets are at the hung one", () -> accepted.size() >= 16);
            for (int i = 0; i < 32; i++) {
                User tester = User.getById("tester-" + i, true);
                SddcManagerUser shown = user("typed-" + i, typed);
                threads.add(daemon(() -> {
                    try (ACLContext as = ACL.as2(tester.impersonate2())) {
                        String answer = test(rule, shown).getMessage();
                        if (answer.equals(Messages.ConnectionTester_busy())) {
                            busy.incrementAndGet();
                        }
                    }
                }));
            }
            JenkinsAndSimulator.await("those that are too many are told", () -> busy.get() == 24);
            JenkinsAndSimulator.await("the others are on their way", () -> accepted.size() >= 24);
            long begin = System.nanoTime();
            tokens.once(healthy);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(MOMENT);
            assertThat(accepted).hasSize(24);
            both.assertNothingLostOrSpentTwice();
        } finally {
            for (Socket socket : accepted) {
                socket.close();
            }
            for (Thread thread : threads) {
                thread.join(Duration.ofMinutes(2).toMillis());
            }
        }
    }

    private static VcfaServiceAccount account(JenkinsAndSimulator both, String id, String token) throws Exception {
        VcfaServiceAccount account = both.account(id, token);
        both.addToSystem(account);
        return account;
    }

    private static SddcManagerUser user(String id, ServerSocket server) {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, id, "for tests", "https://127.0.0.1:" + server.getLocalPort());
        user.setUsername(id + "@vsphere.local");
        user.setPassword(Secret.fromString("a password of " + id));
        return user;
    }

    private static FormValidation test(JenkinsRule rule, SddcManagerUser shown) {
        return rule.jenkins
                .getDescriptorByType(SddcManagerUser.DescriptorImpl.class)
                .doTestConnection(
                        rule.jenkins, shown.getUrl(), shown.getUsername(), shown.getPassword(), null, null, false);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Thread daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (TokenUnavailableException | IOException e) {
                // It hung, until its connection was cut.
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
