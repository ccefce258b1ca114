// Signatures only, written by bin/signatures.
package jenkins.util;

public class NonLocalizable extends org.jvnet.localizer.Localizable {
    public NonLocalizable(java.lang.String nonLocalizable) {
        super((org.jvnet.localizer.ResourceBundleHolder) null, (java.lang.String) null, (java.lang.Object[]) null);
    }
}
