// Signatures only, written by bin/signatures.
package com.google.common.collect;

public final class MapMaker {
    public MapMaker() {}

    public <K, V> java.util.concurrent.ConcurrentMap<K, V> makeMap() {
        throw new UnsupportedOperationException();
    }

    public com.google.common.collect.MapMaker weakKeys() {
        throw new UnsupportedOperationException();
    }
}
