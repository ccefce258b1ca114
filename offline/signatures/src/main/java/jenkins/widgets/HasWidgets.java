// Signatures only, written by bin/signatures.
package jenkins.widgets;

public interface HasWidgets {
}
