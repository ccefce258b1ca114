package io.jenkins.plugins.vcftoken;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Clock of a controller that simulates a suspended machine: the wall clock jumps, and timers do not. */
public final class JenkinsClock implements InstantSource, AutoCloseable {

    private volatile Duration suspended = Duration.ZERO;

    public JenkinsClock() {
        VcfTokenService.setClock(this);
    }

    public void suspend(Duration duration) {
        suspended = suspended.plus(duration);
    }

    @Override
    public Instant instant() {
        return Instant.now().plus(suspended);
    }

    @Override
    public void close() {
        VcfTokenService.setClock(InstantSource.system());
    }
}
