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

/** TLS settings for servers whose certificates Java does not trust. */
public final class TlsConfigurer {

    private TlsConfigurer() {}

    /**
     * @param pem one or more certificates
     * @throws CertificateException if there is no certificate, or one is invalid
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
     * Creates a client that trusts the given certificates in addition to those that Java trusts.
     *
     * @throws CertificateException if the PEM is invalid
     */
    public static OkHttpClient trusting(OkHttpClient base, String pem) throws CertificateException {
        try {
            KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
            anchors.load(null, null);
            int number = 0;
            for (X509Certificate trusted : trustManager(null).getAcceptedIssuers()) {
                anchors.setCertificateEntry("java-" + number++, trusted);
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
     * Creates a client that accepts any certificate for any host. Insecure, because secrets can be intercepted; only
     * for test environments, if enabled explicitly by an administrator.
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
