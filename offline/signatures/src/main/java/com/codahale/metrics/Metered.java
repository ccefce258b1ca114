// Signatures only, written by bin/signatures.
package com.codahale.metrics;

public interface Metered extends com.codahale.metrics.Metric, com.codahale.metrics.Counting {
}
