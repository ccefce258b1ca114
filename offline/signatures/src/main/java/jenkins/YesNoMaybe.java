// Signatures only, written by bin/signatures.
package jenkins;

public enum YesNoMaybe {
    YES,
    NO,
    MAYBE;
}
