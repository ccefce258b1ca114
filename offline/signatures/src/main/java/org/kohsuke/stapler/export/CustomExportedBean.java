// Signatures only, written by bin/signatures.
package org.kohsuke.stapler.export;

public interface CustomExportedBean {
}
