// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public final class ClassDescriptor {
    public ClassDescriptor(java.lang.Class clazz, java.lang.Class... wrappers) {}

    public java.lang.String[] loadConstructorParamNames() {
        throw new UnsupportedOperationException();
    }
}
