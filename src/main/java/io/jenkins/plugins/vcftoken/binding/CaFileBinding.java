package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.IOException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** {@code caFile('VCF_CA_FILE')}: a PEM file with the CA certificates of the credential. */
public final class CaFileBinding extends TokenBinding {

    @Serial
    private static final long serialVersionUID = 1;

    private static final int LINE_LENGTH = 64;

    private final String variable;
    private boolean systemRoots;

    /** @param variable variable for the path of the file */
    @DataBoundConstructor
    public CaFileBinding(String variable) {
        this.variable = Util.fixNull(variable).trim();
    }

    public String getVariable() {
        return variable;
    }

    public boolean isSystemRoots() {
        return systemRoots;
    }

    /**
     * @param systemRoots whether the file also contains the CA certificates that the Java runtime of the controller
     *     trusts, for tools that trust only the certificates in the file
     */
    @DataBoundSetter
    public void setSystemRoots(boolean systemRoots) {
        this.systemRoots = systemRoots;
    }

    /** Makes the file readable for all users of the node, because certificates are public. */
    @Override
    public void bind(BindingContext context) throws IOException {
        String certificates = context.credentials().getCaCertificates().trim();
        if (certificates.isEmpty() && !systemRoots) {
            throw new AbortException(
                    Messages.CaFileBinding_none(context.credentials().getId()));
        }
        context.addFileVariable(
                variable,
                TokenTemplate.of(certificates + '\n' + (systemRoots ? encodeSystemRoots() : "")),
                TokenFileMode.EVERYONE);
    }

    private static String encodeSystemRoots() throws IOException {
        StringBuilder pem = new StringBuilder();
        Base64.Encoder encoder = Base64.getMimeEncoder(LINE_LENGTH, "\n".getBytes(StandardCharsets.US_ASCII));
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager trusted) {
                    for (X509Certificate certificate : trusted.getAcceptedIssuers()) {
                        pem.append("-----BEGIN CERTIFICATE-----\n")
                                .append(encoder.encodeToString(certificate.getEncoded()))
                                .append("\n-----END CERTIFICATE-----\n");
                    }
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("The CA certificates that Java trusts cannot be read: " + e.getMessage(), e);
        }
        return pem.toString();
    }

    @Extension
    @Symbol("caFile")
    public static final class DescriptorImpl extends TokenBindingDescriptor {

        @NonNull
        @Override
        public String getDisplayName() {
            return Messages.CaFileBinding_displayName();
        }
    }
}
