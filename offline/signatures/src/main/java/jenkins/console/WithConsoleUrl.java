// Signatures only, written by bin/signatures.
package jenkins.console;

public interface WithConsoleUrl {
}
