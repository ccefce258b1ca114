// Signatures only, written by bin/signatures.
package com.google.common.util.concurrent;

public interface FutureCallback<V> {
}
