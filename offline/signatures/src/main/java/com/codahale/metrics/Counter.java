// Signatures only, written by bin/signatures.
package com.codahale.metrics;

public class Counter implements com.codahale.metrics.Metric, com.codahale.metrics.Counting {
    public Counter() {}

    public void dec() {
        throw new UnsupportedOperationException();
    }

    public void inc() {
        throw new UnsupportedOperationException();
    }
}
