import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Lists the deployments every minute for some hours, in a withVcfToken block. */
class ListDeployments {

    public static void main(String[] arguments) throws Exception {
        URI deployments = URI.create(System.getenv("VCF_URL") + "/deployment/api/deployments");
        int rounds = Integer.parseInt(System.getenv().getOrDefault("ROUNDS", "180"));
        double pause = Double.parseDouble(System.getenv().getOrDefault("PAUSE", "60"));
        HttpClient client = HttpClient.newBuilder()
                .sslContext(trusting(Path.of(System.getenv("VCF_CA_FILE"))))
                .build();
        for (int round = 0; round < rounds; round++) {
            // Read for each request, so that a renewed access token is used at once.
            String accessToken = Files.readString(Path.of(System.getenv("VCF_TOKEN_FILE")));
            HttpRequest request = HttpRequest.newBuilder(deployments)
                    .header("Authorization", "Bearer " + accessToken)
                    .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IllegalStateException("HTTP " + response.statusCode());
            }
            System.out.println(response.body());
            Thread.sleep((long) (pause * 1000));
        }
    }

    private static SSLContext trusting(Path certificates) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(certificates)) {
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca-" + store.size(), certificate);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
