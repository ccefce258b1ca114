// Signatures only, written by bin/signatures.
package hudson;

public class ExtensionList<T> extends java.util.AbstractList<T> implements jenkins.util.io.OnMaster {
    protected ExtensionList(hudson.model.Hudson hudson, java.lang.Class<T> extensionType) {}

    public T get(int index) {
        throw new UnsupportedOperationException();
    }

    public boolean add(T t) {
        throw new UnsupportedOperationException();
    }

    public boolean remove(java.lang.Object o) {
        throw new UnsupportedOperationException();
    }

    public boolean removeAll(java.util.Collection<?> c) {
        throw new UnsupportedOperationException();
    }

    public final T remove(int index) {
        throw new UnsupportedOperationException();
    }

    public int size() {
        throw new UnsupportedOperationException();
    }

    public java.util.Iterator<T> iterator() {
        throw new UnsupportedOperationException();
    }

    public static <T> hudson.ExtensionList<T> lookup(java.lang.Class<T> type) {
        throw new UnsupportedOperationException();
    }

    public static <U> U lookupSingleton(java.lang.Class<U> type) {
        throw new UnsupportedOperationException();
    }

    public void add(int index, T element) {
        throw new UnsupportedOperationException();
    }
}
