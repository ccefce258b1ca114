// Signatures only, written by bin/signatures.
package jenkins.util.io;

public interface OnMaster {
}
