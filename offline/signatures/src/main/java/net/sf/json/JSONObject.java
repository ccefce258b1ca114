// Signatures only, written by bin/signatures.
package net.sf.json;

public final class JSONObject extends net.sf.json.AbstractJSON implements net.sf.json.JSON, java.util.Map<java.lang.String, java.lang.Object>, java.lang.Comparable {
    public JSONObject() {}

    public boolean containsKey(java.lang.Object key) {
        throw new UnsupportedOperationException();
    }

    public boolean containsValue(java.lang.Object value) {
        throw new UnsupportedOperationException();
    }

    public boolean equals(java.lang.Object obj) {
        throw new UnsupportedOperationException();
    }

    public boolean isEmpty() {
        throw new UnsupportedOperationException();
    }

    public int compareTo(java.lang.Object obj) {
        throw new UnsupportedOperationException();
    }

    public int hashCode() {
        throw new UnsupportedOperationException();
    }

    public int size() {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object get(java.lang.Object key) {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object put(java.lang.String key, java.lang.Object value) {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object remove(java.lang.Object key) {
        throw new UnsupportedOperationException();
    }

    public java.util.Collection values() {
        throw new UnsupportedOperationException();
    }

    public java.util.Set entrySet() {
        throw new UnsupportedOperationException();
    }

    public java.util.Set<java.lang.String> keySet() {
        throw new UnsupportedOperationException();
    }

    public net.sf.json.JSONObject element(java.lang.String key, boolean value) {
        throw new UnsupportedOperationException();
    }

    public net.sf.json.JSONObject element(java.lang.String key, java.lang.Object value) {
        throw new UnsupportedOperationException();
    }

    public net.sf.json.JSONObject element(java.lang.String key, long value) {
        throw new UnsupportedOperationException();
    }

    public void clear() {
        throw new UnsupportedOperationException();
    }

    public void putAll(java.util.Map map) {
        throw new UnsupportedOperationException();
    }
}
