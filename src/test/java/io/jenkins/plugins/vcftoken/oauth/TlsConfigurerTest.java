package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import okhttp3.OkHttpClient;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsConfigurerTest {

    private static final HeldCertificate OTHER =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    @Test
    void trusting_trustsEachCertificate() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            String initialToken = simulator.addAccount("ci", "acme");
            String certificates = OTHER.certificatePem() + "\n" + simulator.authorityPem();
            assertThat(TlsConfigurer.certificates(certificates)).hasSize(2);
            OkHttpClient http = TlsConfigurer.trusting(new OkHttpClient(), certificates);
            assertThat(client(simulator, http).requestToken(initialToken).refreshToken())
                    .isEqualTo(simulator.currentToken("ci"));
        }
    }

    @Test
    void trusting_doesNotTrustOtherAuthorities() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            OkHttpClient http = TlsConfigurer.trusting(new OkHttpClient(), OTHER.certificatePem());
            assertThatThrownBy(() -> client(simulator, http).requestToken("token"))
                    .isInstanceOfSatisfying(
                            TokenRequestException.NotSent.class,
                            e -> assertThat(e.errorType()).isEqualTo(TokenErrorType.NOT_TRUSTED));
            assertThat(simulator.requests()).isZero();
        }
    }

    @Test
    void trusting_keepsDefaultAuthorities() throws Exception {
        OkHttpClient defaultClient = new OkHttpClient();
        OkHttpClient http = TlsConfigurer.trusting(defaultClient, OTHER.certificatePem());
        assertThat(http.x509TrustManager().getAcceptedIssuers())
                .contains(defaultClient.x509TrustManager().getAcceptedIssuers())
                .contains(OTHER.certificate());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void trusting_withInvalidPem_fails(String pem) {
        assertThatThrownBy(() -> TlsConfigurer.trusting(new OkHttpClient(), pem))
                .isInstanceOf(CertificateException.class);
    }

    private static VcfaTokenClient client(Simulator simulator, OkHttpClient http) {
        AtMostOnceHttpClient client = TestTokenService.client(http, InstantSource.system(), TestTokenService.MAX_WAIT);
        return new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme"));
    }
}
