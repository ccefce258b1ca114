// Signatures only, written by bin/signatures.
package com.codahale.metrics;

public interface Counting {
}
