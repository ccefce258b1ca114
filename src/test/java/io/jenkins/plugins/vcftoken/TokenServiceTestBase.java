package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Base class of tests of the core with a temporary ledger and a simulator, which must find no protocol violation. */
public abstract class TokenServiceTestBase {

    @TempDir
    protected Path directory;

    protected final MutableClock clock = new MutableClock();
    protected Simulator simulator;
    protected TestTokenService core;

    @BeforeEach
    void startSimulator() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new TestTokenService(directory, simulator, clock);
    }

    @AfterEach
    void stopSimulator() {
        core.close();
        assertThat(simulator.violations()).isEmpty();
        simulator.close();
    }
}
