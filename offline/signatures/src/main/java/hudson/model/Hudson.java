// Signatures only, written by bin/signatures.
package hudson.model;

public class Hudson extends jenkins.model.Jenkins {
    public Hudson(java.io.File root, jakarta.servlet.ServletContext context) throws java.io.IOException, java.lang.InterruptedException, org.jvnet.hudson.reactor.ReactorException {
        super((java.io.File) null, (jakarta.servlet.ServletContext) null);
    }
}
