package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {

    private static final Endpoint ENDPOINT = endpoint("https://vcf.example.com", "acme", "ci");

    /** What could answer a secret differently is another endpoint; another spelling is none. */
    @ParameterizedTest
    @CsvSource({
        "https://VCF.example.com, acme, ci, true",
        "https://vcf.example.com:443/, acme, ci, true",
        "https://vcf.example.com:8443, acme, ci, false",
        "https://other.example.com, acme, ci, false",
        "https://vcf.example.com, globex, ci, false",
        "https://vcf.example.com, ACME, ci, false",
        "https://vcf.example.com, acme, me, false",
        "https://vcf.example.com, acme, '', false"
    })
    void twoSpellingsOfOneEndpointAreOne(String url, String organization, String account, boolean same) {
        Endpoint other = endpoint(url, organization, account);
        assertThat(other.isSameAs(ENDPOINT)).isEqualTo(same);
    }

    @Test
    void itIsNamedWithWhatItHas() {
        assertThat(ENDPOINT.description())
                .isEqualTo("system at https://vcf.example.com, organization 'acme', account 'ci'");
        assertThat(endpoint("https://vcf.example.com", "", "").description())
                .isEqualTo("system at https://vcf.example.com");
    }

    /** Bearers of different power are not mixed up, though one secret buys them. */
    @Test
    void anAppIsToldApartByWhatItAsksFor() {
        assertThat(List.of(
                        new CspClientCredentials.App("app", "", 0).account(),
                        new CspClientCredentials.App("app", "csp:org_member", 0).account(),
                        new CspClientCredentials.App("app", "", 600).account(),
                        new CspClientCredentials.App("app", "csp:org_member", 600).account()))
                .containsExactly("app", "app for csp:org_member", "app for 600 s", "app for csp:org_member for 600 s");
    }

    private static Endpoint endpoint(String url, String organization, String account) {
        return new Endpoint("system", URI.create(url), organization, account);
    }
}
