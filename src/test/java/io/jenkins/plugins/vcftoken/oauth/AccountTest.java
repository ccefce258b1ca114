package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccountTest {

    private static final Account ACCOUNT = account("https://vcf.example.com", "acme", "ci");

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
    void isSameAs_comparesNormalizedUrlOrganizationAndName(
            String url, String organization, String account, boolean same) {
        Account other = account(url, organization, account);
        assertThat(other.isSameAs(ACCOUNT)).isEqualTo(same);
    }

    /** Organization names are case-insensitive in Cloud Director; IDs and all other values are case-sensitive. */
    @ParameterizedTest
    @CsvSource({
        "VCF Automation, acme, ACME, true",
        "VCF Automation, System, system, true",
        "VCF Automation, STRASSE, strasse, true",
        "VCF Automation, acme, acne, false",
        "Cloud Services, acme, ACME, false"
    })
    void isSameAs_forVcfAutomation_ignoresCaseOfOrganization(String system, String one, String other, boolean same) {
        URI url = URI.create("https://vcf.example.com");
        assertThat(new Account(system, url, one).isSameAs(new Account(system, url, other)))
                .isEqualTo(same);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://vcfa_prod.example.com",
                "https://evil_host.example.com:8443",
                "https://a@b@vcf.example.com",
                "https://vcf.example.com@evil.example.com",
                "https://user:password@vcf.example.com",
                "https://@vcf.example.com",
                "https://b\u00fccher.example.com",
                "https://ev%69l.example.com",
                "https://2130706433.1",
                "https://vcf.example.com:0x1bb",
                "https://",
                "https:vcf.example.com",
                "https:///vcf.example.com",
                "vcf.example.com",
                "ftp://vcf.example.com",
                "",
                "https://vcf example.com",
                "https://evil.example.com\\@vcf.example.com"
            })
    void address_thatParsersReadDifferently_isRejected(String address) {
        assertThatThrownBy(() -> Account.address(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not a valid URL");
    }

    /** Such a URL may have been stored by an earlier version that did not validate it. */
    @Test
    void account_withInvalidStoredUrl_equalsNoOtherAndHasNoBaseUrl() {
        Account stored = account("https://vcfa_prod.example.com", "acme", "ci");
        Account evil = account("https://evil_host.example.com:8443", "acme", "ci");
        assertThat(stored.host()).isNotEqualTo(evil.host());
        assertThat(stored.isSameAs(evil)).isFalse();
        assertThat(stored.isSameAs(stored)).isTrue();
        assertThatThrownBy(stored::base).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "https://VCF.example.com, vcf.example.com:443, https://vcf.example.com/",
        "https://vcf.example.com:8443/x, vcf.example.com:8443, https://vcf.example.com:8443/x",
        "http://vcf.example.com, vcf.example.com:443, http://vcf.example.com/",
        "https://10.0.0.1, 10.0.0.1:443, https://10.0.0.1/",
        "'https://[2001:DB8:0::1]:8443', 2001:db8::1:8443, 'https://[2001:db8::1]:8443/'",
        "https://xn--bcher-kva.example.com, xn--bcher-kva.example.com:443, https://xn--bcher-kva.example.com/"
    })
    void hostAndBase_areNormalized(String address, String host, String base) {
        Account account = new Account("system", Account.address(address), "");
        assertThat(account.host()).isEqualTo(host);
        assertThat(account.base()).hasToString(base);
    }

    @Test
    void description_containsNonEmptyParts() {
        assertThat(ACCOUNT.description())
                .isEqualTo("system at https://vcf.example.com, organization ‘acme’, account ‘ci’");
        assertThat(account("https://vcf.example.com", "", "").description())
                .isEqualTo("system at https://vcf.example.com");
    }

    @Test
    void appAccount_containsScopeAndValidity() {
        assertThat(List.of(
                        new CspClientCredentialsClient.App("app", "", 0).account(),
                        new CspClientCredentialsClient.App("app", "csp:org_member", 0).account(),
                        new CspClientCredentialsClient.App("app", "", 600).account(),
                        new CspClientCredentialsClient.App("app", "csp:org_member", 600).account()))
                .containsExactly("app", "app for csp:org_member", "app for 600 s", "app for csp:org_member for 600 s");
    }

    private static Account account(String url, String organization, String account) {
        return new Account("system", URI.create(url), organization, account);
    }
}
