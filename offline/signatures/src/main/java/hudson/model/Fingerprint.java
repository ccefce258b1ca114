// Signatures only, written by bin/signatures.
package hudson.model;

public class Fingerprint implements hudson.model.ModelObject, hudson.model.Saveable {
    Fingerprint(hudson.model.Fingerprint.BuildPtr original, java.lang.String fileName, byte[] md5sum) {}

    public hudson.model.Fingerprint.RangeSet getRangeSet(hudson.model.Job job) {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }

    public static class BuildPtr {
        public BuildPtr(hudson.model.Run run) {}
    }

    public static final class RangeSet {
        public RangeSet() {}

        public boolean includes(int i) {
            throw new UnsupportedOperationException();
        }
    }
}
