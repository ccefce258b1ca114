// Signatures only, written by bin/signatures.
package jenkins.model;

public interface HistoricalBuild extends jenkins.model.FullyNamedModelObject {
}
