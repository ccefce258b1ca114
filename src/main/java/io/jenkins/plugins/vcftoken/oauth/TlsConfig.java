package io.jenkins.plugins.vcftoken.oauth;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;

/** Clients that trust other certificates than Java does. */
public final class TlsConfig {

    private TlsConfig() {}

    /**
     * Parses certificates.
     *
     * @param pem one or more certificates
     * @throws CertificateException when there is none, or one cannot be read
     */
    public static Collection<? extends Certificate> certificates(String pem) throws CertificateException {
        Collection<? extends Certificate> certificates = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
        if (certificates.isEmpty()) {
            throw new CertificateException("no certificate found");
        }
        return certificates;
    }

    /**
     * A client that trusts private authorities beside those of Java.
     *
     * @throws CertificateException when the PEM cannot be read
     */
    public static OkHttpClient trusting(OkHttpClient base, String pem) throws CertificateException {
        try {
            KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
            anchors.load(null, null);
            int number = 0;
            for (X509Certificate known : trustManager(null).getAcceptedIssuers()) {
                anchors.setCertificateEntry("java-" + number++, known);
            }
            for (Certificate added : certificates(pem)) {
                anchors.setCertificateEntry("added-" + number++, added);
            }
            return withTrustManager(base, trustManager(anchors));
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException | IOException e) {
            throw new CertificateException(e);
        }
    }

    /**
     * A client that accepts every certificate for every host, so that others on the network can read what is sent. For
     * laboratories, where an administrator chose so explicitly.
     */
    public static OkHttpClient withoutVerification(OkHttpClient base) {
        try {
            return withTrustManager(base, new AcceptingTrustManager())
                    .newBuilder()
                    .hostnameVerifier((host, session) -> true)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static OkHttpClient withTrustManager(OkHttpClient base, X509TrustManager trust)
            throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {trust}, null);
        return base.newBuilder()
                .sslSocketFactory(context.getSocketFactory(), trust)
                .build();
    }

    private static X509TrustManager trustManager(KeyStore anchors) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        return Arrays.stream(factory.getTrustManagers())
                .filter(X509TrustManager.class::isInstance)
                .map(X509TrustManager.class::cast)
                .findFirst()
                .orElseThrow(() -> new CertificateException("this Java has no X.509 trust manager"));
    }

    private static final class AcceptingTrustManager implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
