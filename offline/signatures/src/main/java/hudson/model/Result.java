// Signatures only, written by bin/signatures.
package hudson.model;

public final class Result implements java.io.Serializable, org.kohsuke.stapler.export.CustomExportedBean {
    private Result(java.lang.String name, hudson.model.BallColor color, int ordinal, boolean complete) {}
}
