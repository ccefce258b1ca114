package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtClaimsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'preferred_username':'ci','sub':'1','org_name':'acme','org_id':'2'} | ci | acme",
                "{'acct':'me','context_name':'0b6e'} | me | 0b6e",
                "{'username':'svc@vsphere.local'} | svc@vsphere.local |",
                "{'sub':'1','org_id':'2'} | 1 | 2",
                "{'preferred_username':' ','user':7,'name':'n','org_display_name':'Acme'} | n | Acme",
                "{'name':'a\\n\\u001b[31mb'} | a [31mb |",
                "{} | |",
                "[] | |"
            })
    void subjectAndOrganization_areReadFromClaims(String claims, String name, String organization) {
        JwtClaims parsed = JwtClaims.of(jwt(claims));
        assertThat(parsed.subject()).isEqualTo(name);
        assertThat(parsed.organization()).isEqualTo(organization);
    }

    @ParameterizedTest
    @ValueSource(strings = {"opaque", "a.b", "a.b.c.d", "e30.???.sig", "e30.eyI.sig", "e30..sig", "..", "e30.bnVsbA.s"})
    void of_invalidJwt_hasNoClaims(String text) {
        assertThat(JwtClaims.of(text).subject()).isNull();
        assertThat(JwtClaims.of(text).organization()).isNull();
        assertThat(JwtClaims.of(text).isJwt()).isFalse();
        assertThat(JwtClaims.of(text).lifetime(0)).isNull();
        assertThat(VcfaTokenClient.organizationWarning("acme", accessToken(text)))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'iat':100,'exp':160} | PT1M",
                "{'exp':160} | PT1M",
                "{'iat':'text','exp':160} | PT1M",
                "{'iat':200,'exp':160} | PT-40S",
                "{'iat':-5,'exp':160} | PT160S",
                "{'iat':0,'exp':9223372036854775807} | PT1099511627776S",
                "{'iat':100} |",
                "{'exp':'160'} |"
            })
    void lifetime_isLimited(String claims, Duration lifetime) {
        assertThat(JwtClaims.of(jwt(claims)).lifetime(100)).isEqualTo(lifetime);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'org_name':'acme'} | acme | false",
                "{'org_name':'ACME'} | acme | false",
                "{'org_id':'other'} | acme | false",
                "{'org_name':'acme','org_id':'0000-1'} | 0000-1 | false",
                "{'org_name':'acme','org_id':'urn:vcloud:org:0000-1'} | 0000-1 | false",
                "{'org_name':'acme','org_id':'0000-1'} | urn:vcloud:org:0000-1 | false",
                "{'org_name':'acme','org_id':'0000-A'} | 0000-a | false",
                "{'org_name':'acme','org_id':'0000-2'} | 0000-1 | true",
                "{'org_name':'acme'} | globex | true",
                "{'org_name':'ac\\nme'} | globex | true"
            })
    void organizationWarning_forAnotherOrganization_isNotNull(String claims, String expected, boolean hasWarning) {
        String warning = VcfaTokenClient.organizationWarning(expected, accessToken(jwt(claims)));
        if (hasWarning) {
            assertThat(warning)
                    .contains("‘" + expected + "’", "for the organization ‘ac")
                    .doesNotContain("\n");
        } else {
            assertThat(warning).isNull();
        }
    }

    @Test
    void accessToken_isAliveUntilExpiry() {
        AccessToken accessToken = accessToken("b");
        assertThat(accessToken.lifetime()).isEqualTo(Duration.ofSeconds(60));
        assertThat(accessToken.remaining(Instant.EPOCH.plusSeconds(70))).isEqualTo(Duration.ofSeconds(-10));
        assertThat(accessToken.isAlive(Instant.EPOCH.plusMillis(59_999))).isTrue();
        assertThat(accessToken.isAlive(accessToken.expiresAt())).isFalse();
    }

    private static AccessToken accessToken(String value) {
        return new AccessToken(value, Instant.EPOCH, Instant.EPOCH.plusSeconds(60));
    }

    private static String jwt(String claims) {
        return UnsignedJwt.of(claims.replace('\'', '"'));
    }
}
