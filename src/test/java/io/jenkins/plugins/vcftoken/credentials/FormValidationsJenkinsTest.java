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

/** What is said of each field, without a Jenkins that runs. Who hears it is what the table of web methods tells. */
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
        assertSays(FormValidations.url(value), kind, text);
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
    void urlOfASystemThatAnswersToItsNameAlone(String value, Kind kind, String text) {
        assertSays(FormValidations.nameUrl(value), kind, text);
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
        assertSays(FormValidations.username(value, secret(apiKey)), kind, text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,      null,    ERROR, Enter the password
            ' ',       null,    ERROR, Enter the password
            null,      the-key, OK,    ''
            pass-word, null,    OK,    ''
            """)
    void password(String value, String apiKey, Kind kind, String text) {
        assertSays(FormValidations.password(secret(value), secret(apiKey)), kind, text);
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
            Kind token,
            String ofToken,
            Kind key,
            String ofKey,
            Kind refreshToken,
            String ofRefreshToken) {
        Secret typed = secret(value == null ? null : String.format(value, JWT));
        assertSays(FormValidations.apiToken(typed), token, ofToken);
        assertSays(FormValidations.apiKey(typed), key, ofKey);
        assertSays(FormValidations.refreshToken(typed), refreshToken, ofRefreshToken);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null,      ERROR, Enter the ID of the OAuth app
            id:secret, ERROR, no colon
            id,        OK,    ''
            """)
    void appId(String value, Kind kind, String text) {
        assertSays(FormValidations.appId(value), kind, text);
    }

    @Test
    void appSecret() {
        assertSays(FormValidations.appSecret(null), Kind.WARNING, "unless this is a public app");
        assertSays(FormValidations.appSecret(secret(" ")), Kind.WARNING, "unless this is a public app");
        assertSays(FormValidations.appSecret(secret("the-secret")), Kind.OK, "");
    }

    @ParameterizedTest
    @CsvSource(nullValues = "null", textBlock = """
            null, OK,      '',                                OK,      ''
            acme, WARNING, does not look like an ID,          WARNING, does not look like a client ID
            %1$s, OK,      '',                                OK,      ''
            """)
    void ids(String value, Kind organization, String ofOrganization, Kind client, String ofClient) {
        String typed = value == null ? null : String.format(value, ID);
        assertSays(FormValidations.organizationId(typed), organization, ofOrganization);
        assertSays(FormValidations.clientId(typed), client, ofClient);
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
        assertSays(FormValidations.organization(value == null ? null : String.format(value, ID)), kind, text);
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
        assertSays(FormValidations.validity(value), kind, text);
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
        assertSays(FormValidations.expiresOn(value, Instant.parse("2026-01-01T12:00:00Z")), kind, text);
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
        assertSays(FormValidations.regenerateDaysBefore(value, expiresOn), kind, text);
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
        assertSays(FormValidations.scopes(value), kind, text);
    }

    @Test
    void certificates() {
        String good = certificate("good", NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(1)));
        String over = certificate("over", NOW.minus(Duration.ofDays(2)), NOW.minus(Duration.ofDays(1)));
        String early = certificate("early", NOW.plus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(2)));
        assertSays(FormValidations.caCertificates(" ", NOW), Kind.OK, "");
        assertSays(FormValidations.caCertificates("rubbish", NOW), Kind.ERROR, "No certificate can be read");
        assertSays(FormValidations.caCertificates(good, NOW), Kind.OK, "One certificate found");
        assertSays(FormValidations.caCertificates(good + good, NOW), Kind.OK, "2 certificates found");
        assertSays(FormValidations.caCertificates(good + over, NOW), Kind.WARNING, "CN=over expired at 2025-12-31T");
        assertSays(
                FormValidations.caCertificates(early + good, NOW),
                Kind.WARNING,
                "CN=early is not valid until 2026-01-02T");
    }

    @Test
    void whatIsTooLongIsRefusedInEachField() {
        String longest = "a".repeat(VcfCredentials.MAX_TEXT);
        String over = longest + "a";
        assertSays(FormValidations.url("https://" + longest), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.nameUrl("https://" + longest), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.username(longest + "@", null), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.password(secret(over), null), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.apiToken(secret(over)), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.apiKey(secret(over)), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.refreshToken(secret(over)), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.appId(over), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.appSecret(secret(over)), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.organizationId(over), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.organization(over), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.clientId(over), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.scopes(over), Kind.ERROR, "more than 65,536 characters");
        assertSays(FormValidations.apiToken(secret(longest)), Kind.OK, "");
        assertSays(FormValidations.organization(longest), Kind.OK, "");
        String certificates = "a".repeat(VcfCredentials.MAX_CERTIFICATES + 1);
        assertSays(FormValidations.caCertificates(certificates, NOW), Kind.ERROR, "more than 262,144 characters");
    }

    private static String certificate(String name, Instant from, Instant until) {
        return new HeldCertificate.Builder()
                .commonName(name)
                .validityInterval(from.toEpochMilli(), until.toEpochMilli())
                .build()
                .certificatePem();
    }

    @Test
    void verification() {
        assertSays(FormValidations.skipTlsVerification(false), Kind.OK, "");
        assertSays(FormValidations.skipTlsVerification(true), Kind.WARNING, "take over the account");
    }

    private static Secret secret(String value) {
        return value == null ? null : Secret.fromString(value);
    }

    private static void assertSays(FormValidation logged, Kind kind, String text) {
        assertThat(logged.kind).as(logged.getMessage()).isEqualTo(kind);
        if (text.isEmpty()) {
            assertThat(logged.getMessage()).isNull();
        } else {
            assertThat(logged.getMessage()).contains(text.replace("'", "&#039;"));
        }
    }
}
