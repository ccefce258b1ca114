// Signatures only, written by bin/signatures.
package org.jenkins.ui.icon;

public interface IconSpec {
    java.lang.String getIconClassName();
}
