// Signatures only, written by bin/signatures.
package hudson;

public abstract class Launcher {
    protected Launcher(hudson.Launcher launcher) {}

    public abstract hudson.Proc launch(hudson.Launcher.ProcStarter starter) throws java.io.IOException;

    public final class ProcStarter {
        public ProcStarter() {}

        public hudson.Launcher.ProcStarter envs(java.util.Map<java.lang.String, java.lang.String> overrides) {
            throw new UnsupportedOperationException();
        }

        public java.lang.String[] envs() {
            throw new UnsupportedOperationException();
        }
    }

    public static class DecoratedLauncher extends hudson.Launcher {
        public DecoratedLauncher(hudson.Launcher inner) {
            super((hudson.Launcher) null);
        }

        public hudson.Proc launch(hudson.Launcher.ProcStarter starter) throws java.io.IOException {
            throw new UnsupportedOperationException();
        }
    }
}
