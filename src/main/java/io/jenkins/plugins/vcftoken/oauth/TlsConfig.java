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

/** Private certificate authorities beside those that Java trusts. */
public final class TlsConfig {

    private TlsConfig() {}

    /**
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

    /** @throws CertificateException when the PEM cannot be read */
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
            X509TrustManager trust = trustManager(anchors);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            return base.newBuilder()
                    .sslSocketFactory(context.getSocketFactory(), trust)
                    .build();
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException | IOException e) {
            throw new CertificateException(e);
        }
    }

    /**
     * Takes any certificate for any host: whoever is on the way can read what is sent. For a laboratory, when a person
     * has said so in so many words.
     */
    public static OkHttpClient trustingAnybody(OkHttpClient base) {
        try {
            X509TrustManager anybody = new Anybody();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {anybody}, null);
            return base.newBuilder()
                    .sslSocketFactory(context.getSocketFactory(), anybody)
                    .hostnameVerifier((host, session) -> true)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
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
}
