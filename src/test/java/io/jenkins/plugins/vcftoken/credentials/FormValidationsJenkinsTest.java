package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.util.FormValidation;
import hudson.util.FormValidation.Kind;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.time.Instant;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Results of the form validations. {@code WebMethodsJenkinsTest} checks their permissions. */
class FormValidationsJenkinsTest {

    private static final String ID = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";
    private static final String JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,                                  ERROR, Enter the server URL
            ' ',                                   ERROR, Enter the server URL
            vcfa,                                  ERROR, Not a valid URL
            vcfa.example.com,                      ERROR, Not a valid URL
            'https://vcfa example.com',            ERROR, Not a valid URL
            https:///path,                         ERROR, Not a valid URL
            ftp://vcfa.example.com,                ERROR, Not a valid URL
            http://vcfa.example.com,               ERROR, Use https
            https://me@vcfa.example.com,           ERROR, Leave out usernames
            https://vcfa.example.com?tenant=acme,  ERROR, Leave out usernames
            https://vcfa.example.com/#/login,      ERROR, Leave out usernames
            https://vcfa.example.com/automation,   ERROR, /automation
            https://vcfa_prod.example.com,         ERROR, vcfa_prod.example.com
            https://a@b@vcfa.example.com,          ERROR, Leave out usernames
            https://bücher.example.com,            ERROR, not a valid server name
            https://ev%69l.example.com,            ERROR, not a valid server name
            https://vcfa.example.com,              OK,    ''
            ' https://vcfa.example.com:8443/ ',    OK,    ''
            https://10.0.0.1,                      OK,    ''
            https://[2001:db8::1]:8443,            OK,    ''
            """)
    void url(String value, Kind kind, String text) {
        assertResult(FormValidations.url(value), kind, text);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            ' ',                         ERROR,   Enter the server URL
            http://10.0.0.1,             ERROR,   Use https
            https://10.0.0.1,            WARNING, not to an IP address
            ' https://10.0.0.1:8443/ ',  WARNING, not to an IP address
            https://[2001:db8::1],       WARNING, not to an IP address
            https://10.example.com,      OK,      ''
            """)
    void urlWithHostName(String value, Kind kind, String text) {
        assertResult(FormValidations.urlWithHostName(value), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,             null,    ERROR,   or an API key
            ' ',              ' ',     ERROR,   or an API key
            null,             the-key, OK,      ''
            svc@vsphere.local,the-key, WARNING, The API key takes precedence
            svc,              null,    WARNING, domain
            svc@vsphere.local,null,    OK,      ''
            """)
    void username(String value, String apiKey, Kind kind, String text) {
        assertResult(FormValidations.username(value, secret(apiKey)), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,      null,    ERROR, Enter the password
            ' ',       null,    ERROR, Enter the password
            null,      the-key, OK,    ''
            pass-word, null,    OK,    ''
            """)
    void password(String value, String apiKey, Kind kind, String text) {
        assertResult(FormValidations.password(secret(value), secret(apiKey)), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,            ERROR,   Enter the API token,  OK,    '',                 WARNING, choose “Authorize”
            ' ',             ERROR,   Enter the API token,  OK,    '',                 WARNING, choose “Authorize”
            'a token',       ERROR,   white space,          ERROR, white space,        ERROR,   white space
            'Bearer %1$s',   ERROR,   This is an access token,     ERROR, This is an access token,   ERROR,   This is an access token
            %1$s,            ERROR,   This is an access token,     ERROR, This is an access token,   ERROR,   This is an access token
            ' the-token ',   OK,      '',                   OK,    '',                 OK,      ''
            """)
    void tokens(
            String value,
            Kind apiToken,
            String apiTokenText,
            Kind apiKey,
            String apiKeyText,
            Kind refreshToken,
            String refreshTokenText) {
        Secret entered = secret(value == null ? null : String.format(value, JWT));
        assertResult(FormValidations.apiToken(entered), apiToken, apiTokenText);
        assertResult(FormValidations.apiKey(entered), apiKey, apiKeyText);
        assertResult(FormValidations.refreshToken(entered), refreshToken, refreshTokenText);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,      ERROR, Enter the ID of the OAuth app
            id:secret, ERROR, no colon
            id,        OK,    ''
            """)
    void appId(String value, Kind kind, String text) {
        assertResult(FormValidations.appId(value), kind, text);
    }

    @Test
    void appSecret() {
        assertResult(FormValidations.appSecret(null), Kind.WARNING, "unless this is a public app");
        assertResult(FormValidations.appSecret(secret(" ")), Kind.WARNING, "unless this is a public app");
        assertResult(FormValidations.appSecret(secret("the-secret")), Kind.OK, "");
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null, OK,      '',                                OK,      ''
            acme, WARNING, does not look like an ID,          WARNING, does not look like a client ID
            %1$s, OK,      '',                                OK,      ''
            """)
    void ids(String value, Kind organization, String organizationText, Kind client, String clientText) {
        String entered = value == null ? null : String.format(value, ID);
        assertResult(FormValidations.organizationId(entered), organization, organizationText);
        assertResult(FormValidations.clientId(entered), client, clientText);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,                     ERROR,   Enter the organization's name
            ' ',                      ERROR,   Enter the organization's name
            %1$s,                     WARNING, This looks like an ID
            urn:vcloud:org:%1$s,      WARNING, This looks like an ID
            someone@example.com,      WARNING, e-mail address
            ..,                       ERROR,   Not a valid organization name
            acme/../provider,         ERROR,   Not a valid organization name
            %%2e%%2E,                 ERROR,   Not a valid organization name
            acme,                     OK,      ''
            System,                   OK,      ''
            """)
    void organization(String value, Kind kind, String text) {
        assertResult(FormValidations.organization(value == null ? null : String.format(value, ID)), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,       OK,      ''
            0,          OK,      ''
            59,         WARNING, renew the token constantly
            60,         OK,      ''
            86400,      OK,      ''
            86401,      WARNING, longer than a day
            -1,         ERROR,   Enter a number of seconds
            1h,         ERROR,   Enter a number of seconds
            9999999999, ERROR,   Enter a number of seconds
            """)
    void validity(String value, Kind kind, String text) {
        assertResult(FormValidations.validity(value), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,             OK,      ''
            2026-01-02,       OK,      ''
            2026-01-01,       WARNING, has expired by that day
            30.1.2027,        ERROR,   as in 2027-01-30
            2027-02-30,       ERROR,   as in 2027-01-30
            +999999999-01-01, ERROR,   as in 2027-01-30
            """)
    void expiresOn(String value, Kind kind, String text) {
        assertResult(FormValidations.expiresOn(value, Instant.parse("2026-01-01T12:00:00Z")), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null, '',         OK,      ''
            0,    '',         OK,      ''
            7,    2027-01-30, OK,      ''
            7,    '',         OK,      'Also enter the day on which the API token expires'
            7,    soon,       OK,      'Also enter the day on which the API token expires'
            30,   2027-01-30, WARNING, regenerated all the time
            -1,   2027-01-30, ERROR,   Enter a number of days
            99999, '',        ERROR,   Enter a number of days
            """)
    void regenerateDaysBefore(String value, String expiresOn, Kind kind, String text) {
        assertResult(FormValidations.regenerateDaysBefore(value, expiresOn), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,                           OK,      ''
            csp:org_member,                 OK,      ''
            csp:org_member csp:org_owner,   OK,      ''
            'csp:org_member,csp:org_owner', WARNING, by spaces
            csp:org_member;csp:org_owner,   WARNING, by spaces
            """)
    void scopes(String value, Kind kind, String text) {
        assertResult(FormValidations.scopes(value), kind, text);
    }

    @Test
    void caCertificates() {
        String valid = certificate("valid", NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(1)));
        String expired = certificate("expired", NOW.minus(Duration.ofDays(2)), NOW.minus(Duration.ofDays(1)));
        String early = certificate("early", NOW.plus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(2)));
        assertResult(FormValidations.caCertificates(" ", NOW), Kind.OK, "");
        assertResult(FormValidations.caCertificates("rubbish", NOW), Kind.ERROR, "No certificate can be read");
        assertResult(FormValidations.caCertificates(valid, NOW), Kind.OK, "One certificate found");
        assertResult(FormValidations.caCertificates(valid + valid, NOW), Kind.OK, "2 certificates found");
        assertResult(
                FormValidations.caCertificates(valid + expired, NOW),
                Kind.WARNING,
                "CN=expired expired at 2025-12-31T");
        assertResult(
                FormValidations.caCertificates(early + valid, NOW),
                Kind.WARNING,
                "CN=early is not valid until 2026-01-02T");
    }

    @Test
    void valueThatIsTooLong_isRejectedInEachField() {
        String longest = "a".repeat(VcfCredentials.MAX_TEXT);
        String tooLong = longest + "a";
        assertResult(FormValidations.url("https://" + longest), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.urlWithHostName("https://" + longest), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.username(longest + "@", null), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.password(secret(tooLong), null), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.apiToken(secret(tooLong)), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.apiKey(secret(tooLong)), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.refreshToken(secret(tooLong)), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.appId(tooLong), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.appSecret(secret(tooLong)), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.organizationId(tooLong), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.organization(tooLong), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.clientId(tooLong), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.scopes(tooLong), Kind.ERROR, "more than 65,536 characters");
        assertResult(FormValidations.apiToken(secret(longest)), Kind.OK, "");
        assertResult(FormValidations.organization(longest), Kind.OK, "");
        String certificates = "a".repeat(VcfCredentials.MAX_CERTIFICATES + 1);
        assertResult(FormValidations.caCertificates(certificates, NOW), Kind.ERROR, "more than 262,144 characters");
    }

    private static String certificate(String name, Instant from, Instant until) {
        return new HeldCertificate.Builder()
                .commonName(name)
                .validityInterval(from.toEpochMilli(), until.toEpochMilli())
                .build()
                .certificatePem();
    }

    @Test
    void skipTlsVerification() {
        assertResult(FormValidations.skipTlsVerification(false), Kind.OK, "");
        assertResult(FormValidations.skipTlsVerification(true), Kind.WARNING, "take over the account");
    }

    private static Secret secret(String value) {
        return value == null ? null : Secret.fromString(value);
    }

    private static void assertResult(FormValidation result, Kind kind, String text) {
        assertThat(result.kind).as(result.getMessage()).isEqualTo(kind);
        if (text.isEmpty()) {
            assertThat(result.getMessage()).isNull();
        } else {
            assertThat(result.getMessage()).contains(text.replace("'", "&#039;"));
        }
    }
}
