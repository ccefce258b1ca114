// Signatures only, written by bin/signatures.
package com.codahale.metrics;

public class Timer implements com.codahale.metrics.Metered, com.codahale.metrics.Sampling {
    public Timer() {}

    public void update(java.time.Duration duration) {
        throw new UnsupportedOperationException();
    }
}
