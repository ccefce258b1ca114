package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import okhttp3.OkHttpClient;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustTest {

    private static final HeldCertificate OTHER =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    @Test
    void aPrivateAuthorityIsTrustedBesideOthers() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            String seed = simulator.addAccount("ci", "acme");
            String both = OTHER.certificatePem() + "\n" + simulator.authorityPem();
            assertThat(Trust.certificates(both)).hasSize(2);
            OkHttpClient http = Trust.trusting(new OkHttpClient(), both);
            assertThat(refresh(simulator, http).exchange(seed).refreshToken()).isEqualTo(simulator.currentToken("ci"));
        }
    }

    @Test
    void anotherAuthorityIsNotTrusted() throws Exception {
        try (Simulator simulator = Simulator.start()) {
            OkHttpClient http = Trust.trusting(new OkHttpClient(), OTHER.certificatePem());
            assertThatThrownBy(() -> refresh(simulator, http).exchange("seed"))
                    .isInstanceOfSatisfying(
                            ExchangeException.NotSent.class,
                            e -> assertThat(e.problem()).isEqualTo(Problem.NOT_TRUSTED));
            assertThat(simulator.requests()).isZero();
        }
    }

    @Test
    void whatJavaTrustsStaysTrusted() throws Exception {
        OkHttpClient plain = new OkHttpClient();
        OkHttpClient http = Trust.trusting(plain, OTHER.certificatePem());
        assertThat(http.x509TrustManager().getAcceptedIssuers())
                .contains(plain.x509TrustManager().getAcceptedIssuers())
                .contains(OTHER.certificate());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void whatIsNoCertificateIsRefused(String pem) {
        assertThatThrownBy(() -> Trust.trusting(new OkHttpClient(), pem)).isInstanceOf(CertificateException.class);
    }

    private static VcfaRefresh refresh(Simulator simulator, OkHttpClient http) {
        TokenClient client = new TokenClient(http, Core.PLENTY, Core.PLENTY, InstantSource.system());
        return new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), "acme"));
    }
}
