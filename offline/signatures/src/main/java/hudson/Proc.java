// Signatures only, written by bin/signatures.
package hudson;

public abstract class Proc {
    protected Proc() {}
}
