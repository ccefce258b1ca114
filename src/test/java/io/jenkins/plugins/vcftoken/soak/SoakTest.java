package io.jenkins.plugins.vcftoken.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two processes with 32 threads on one home directory, and a fault in one of 50 requests, until
 * {@code -Dsoak.rotations} rotations. After a lost response an account recovers, or is rejected and authorized again.
 */
class SoakTest {

    private static final int ROTATIONS = Integer.getInteger("soak.rotations", 400);
    private static final int KILLS = Integer.getInteger("soak.kills", 10);
    private static final int PROCESSES = 2;

    /** Shorter than the delay before a token with a lost response is sent again. */
    private static final Duration LIFETIME = Duration.ofSeconds(1);

    private static final int THREADS = 16;
    private static final int ACCOUNTS = 8;

    /** All faults except slow responses. */
    private static final Fault[] FAULTS =
            EnumSet.complementOf(EnumSet.of(Fault.TRICKLE, Fault.HUGE)).toArray(Fault[]::new);

    @TempDir
    private Path home;

    private final Random random = new Random(Long.getLong("soak.seed", System.nanoTime()));
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private int faults;
    private int authorizations;
    private int unnecessary;
    private int healed;

    @Test
    @Timeout(3600)
    void rotations_withFaults_loseNoTokenAndSendNoneTwice() throws Exception {
        List<Process> processes = new ArrayList<>();
        try (Simulator simulator = Simulator.start()) {
            addAccounts(simulator);
            simulator.setPhaseListener(phase -> {
                if (phase == RefreshPhase.ANSWERED && random.nextInt(50) == 0) {
                    faults++;
                    simulator.inject(FAULTS[random.nextInt(FAULTS.length)]);
                }
            });
            for (int i = 0; i < PROCESSES; i++) {
                processes.add(start(simulator));
            }
            while (simulator.rotations() < ROTATIONS && errors.isEmpty()) {
                Thread.sleep(20);
            }
            stop(processes);
            int lost = countLost(simulator);
            System.out.println("Soak: " + simulator.rotations() + " rotations, " + PROCESSES + " processes, "
                    + PROCESSES * THREADS + " threads, " + faults + " faults, healed " + healed + ", authorized "
                    + authorizations + ", of these though the server had not rotated " + unnecessary
                    + ", lost without a word " + lost + ", sent twice while anything could be lost by it "
                    + simulator.repeatsWhileAlive());
            assertThat(errors).isEmpty();
            assertThat(lost).isZero();
            assertThat(unnecessary).isZero();
            assertThat(simulator.repeatsWhileAlive()).isZero();
            assertThat(simulator.repeatsAfterRefusal()).isZero();
            assertThat(simulator.violations()).isEmpty();
        } finally {
            stop(processes);
        }
    }

    @Test
    @Timeout(3600)
    void repeatedKills_loseNoToken() throws Exception {
        int lost = 0;
        try (Simulator simulator = Simulator.start()) {
            addAccounts(simulator);
            for (int kill = 0; kill < KILLS; kill++) {
                int target = simulator.rotations() + 1 + random.nextInt(60);
                Process process = start(simulator);
                try {
                    while (simulator.rotations() < target && errors.isEmpty()) {
                        Thread.sleep(1);
                    }
                } finally {
                    stop(List.of(process));
                }
                Thread.sleep(50);
                simulator.retainDelivered(accessTokens());
                lost += countLost(simulator);
            }
            System.out.println("Soak: " + KILLS + " kills of a process under " + simulator.rotations()
                    + " rotations of "
                    + ACCOUNTS + " accounts, healed " + healed + ", authorized " + authorizations
                    + ", of these though the server had not rotated " + unnecessary + ", lost without a word " + lost
                    + ", sent twice while anything could be lost by it " + simulator.repeatsWhileAlive());
            assertThat(errors).isEmpty();
            assertThat(lost).isZero();
            assertThat(unnecessary).isZero();
            assertThat(simulator.repeatsWhileAlive()).isZero();
        }
    }

    private void addAccounts(Simulator simulator) throws IOException {
        simulator.setLifetime(LIFETIME);
        Files.writeString(home.resolve("ca.pem"), simulator.authorityPem());
        for (int i = 0; i < ACCOUNTS; i++) {
            Files.writeString(home.resolve("a" + i), simulator.addAccount("a" + i, "acme"));
        }
    }

    private int countLost(Simulator simulator) throws IOException {
        int lost = 0;
        for (int i = 0; i < ACCOUNTS; i++) {
            lost += isCurrentOrReported(simulator, "a" + i) ? 0 : 1;
        }
        return lost;
    }

    private Process start(Simulator simulator) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SoakProcess.class.getName(),
                        home.toString(),
                        simulator.url().toString(),
                        String.valueOf(THREADS),
                        String.valueOf(ACCOUNTS))
                .redirectError(new File(home.toFile(), "errors"))
                .start();
        Thread reader = new Thread(() -> readOutput(process, simulator));
        reader.setDaemon(true);
        reader.start();
        return process;
    }

    private void readOutput(Process process, Simulator simulator) {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("STUCK ")) {
                    String[] words = line.split(" ");
                    authorize(simulator, words[1], words[2]);
                } else if (line.startsWith("HEALED ")) {
                    countHealed();
                } else {
                    errors.add(line);
                }
            }
        } catch (IOException e) {
            // The process has been stopped.
        }
    }

    private synchronized void countHealed() {
        healed++;
    }

    private synchronized void authorize(Simulator simulator, String id, String stuckToken) throws IOException {
        new TokenFile(home.resolve(id)).change(stored -> {
            boolean known = !stored.equals(stuckToken);
            if (!known) {
                authorizations++;
                unnecessary += isNewest(simulator, id) ? 1 : 0;
            }
            return known ? stored : simulator.reauthorize(id);
        });
    }

    private static void stop(List<Process> processes) throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    /** After a kill during a request, a record in the state REQUESTING counts as reported. */
    private boolean isCurrentOrReported(Simulator simulator, String id) throws IOException {
        return new TokenFile(home.resolve(id)).read().equals(simulator.currentToken(id))
                || newest(id)
                        .filter(record -> record.state() != TokenFamily.Status.READY
                                || record.tokens().current().equals(simulator.currentToken(id)))
                        .isPresent();
    }

    private boolean isNewest(Simulator simulator, String id) {
        try {
            return newest(id)
                    .filter(record -> record.tokens().current().equals(simulator.currentToken(id)))
                    .isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Set<String> accessTokens() throws IOException {
        return new FileTokenLedger(home.resolve("ledger"), TestTokenService.CIPHER)
                .loadAll().stream()
                        .map(TokenFamily::accessToken)
                        .filter(Objects::nonNull)
                        .map(AccessToken::value)
                        .collect(Collectors.toSet());
    }

    private Optional<TokenFamily> newest(String id) throws IOException {
        return new FileTokenLedger(home.resolve("ledger"), TestTokenService.CIPHER)
                .loadAll().stream()
                        .filter(record -> record.locations().stream()
                                .anyMatch(location -> location.credentialsId().equals(id)))
                        .max(Comparator.comparing(TokenFamily::changed));
    }
}
