// Signatures only, written by bin/signatures.
package hudson;

public final class FilePath implements org.jenkinsci.remoting.SerializableOnlyOverRemoting {
    public FilePath(hudson.remoting.VirtualChannel channel, java.lang.String remote) {}

    public FilePath(java.io.File localPath) {}

    public <T> T act(hudson.FilePath.FileCallable<T> callable) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }

    public hudson.model.Computer toComputer() {
        throw new UnsupportedOperationException();
    }

    public interface FileCallable<T> extends java.io.Serializable, org.jenkinsci.remoting.RoleSensitive {
        T invoke(java.io.File f, hudson.remoting.VirtualChannel channel) throws java.io.IOException, java.lang.InterruptedException;
    }

    public java.lang.String getRemote() {
        throw new UnsupportedOperationException();
    }

    public void deleteRecursive() throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }
}
