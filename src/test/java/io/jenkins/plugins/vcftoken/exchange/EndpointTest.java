package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
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
        assertThat(other.identity().equals(ENDPOINT.identity())).isEqualTo(same);
    }

    @Test
    void itIsNamedWithWhatItHas() {
        assertThat(ENDPOINT.description())
                .isEqualTo("system at https://vcf.example.com, organization 'acme', account 'ci'");
        assertThat(endpoint("https://vcf.example.com", "", "").description())
                .isEqualTo("system at https://vcf.example.com");
    }

    private static Endpoint endpoint(String url, String organization, String account) {
        return new Endpoint("system", URI.create(url), organization, account);
    }
}
