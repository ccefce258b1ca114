// Signatures only, written by bin/signatures.
package hudson;

public abstract class LauncherDecorator implements hudson.ExtensionPoint {
    public LauncherDecorator() {}

    public abstract hudson.Launcher decorate(hudson.Launcher launcher, hudson.model.Node node);
}
