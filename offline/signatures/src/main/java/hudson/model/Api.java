// Signatures only, written by bin/signatures.
package hudson.model;

public class Api extends hudson.model.AbstractModelObject {
    public Api(java.lang.Object bean) {}

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }
}
