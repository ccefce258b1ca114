package io.jenkins.plugins.vcftoken.credentials;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TlsConfig;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.regex.Pattern;
import jenkins.security.FIPS140;

/** What is said about a field while a person fills in a form. Looks at the text alone and talks to nobody. */
final class FormValidations {

    private static final Pattern IP_ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[.*]");
    private static final Pattern UUID =
            Pattern.compile("(urn:vcloud:org:)?\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");
    private static final Pattern JWT = Pattern.compile("(Bearer\\s+)?eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*");

    /** Below this, renewing is what a block does most of the time. */
    private static final int SHORT_VALIDITY = 60;

    /** No access token is trusted for longer than a day. */
    private static final int LONG_VALIDITY = 86_400;

    private FormValidations() {}

    static FormValidation url(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.error(Messages.FormValidations_url_missing());
        }
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            return FormValidation.error(Messages.FormValidations_url_malformed());
        }
        if (!("https".equals(uri.getScheme()) || "http".equals(uri.getScheme())) || uri.getRawAuthority() == null) {
            return FormValidation.error(Messages.FormValidations_url_malformed());
        }
        if (!"https".equals(uri.getScheme())) {
            return FormValidation.error(Messages.FormValidations_url_insecure());
        }
        if (uri.getRawAuthority().contains("@") || uri.getQuery() != null || uri.getFragment() != null) {
            return FormValidation.error(Messages.FormValidations_url_extra());
        }
        try {
            Account.address(text);
        } catch (IllegalArgumentException e) {
            return FormValidation.error(Messages.FormValidations_url_host(uri.getRawAuthority()));
        }
        if (!uri.getPath().isEmpty() && !uri.getPath().equals("/")) {
            return FormValidation.error(Messages.FormValidations_url_path(uri.getPath()));
        }
        return FormValidation.ok();
    }

    /** For a system that answers to its own name only. */
    static FormValidation nameUrl(@CheckForNull String value) {
        FormValidation result = url(value);
        String text = Util.fixEmptyAndTrim(value);
        if (result.kind == FormValidation.Kind.OK
                && text != null
                && IP_ADDRESS.matcher(URI.create(text).getHost()).matches()) {
            return FormValidation.warning(Messages.FormValidations_url_address());
        }
        return result;
    }

    static FormValidation username(@CheckForNull String value, @CheckForNull Secret apiKey) {
        String text = Util.fixEmptyAndTrim(value);
        boolean key = apiKey != null && !apiKey.getPlainText().isBlank();
        if (text == null) {
            return key ? FormValidation.ok() : FormValidation.error(Messages.FormValidations_username_missing());
        }
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        if (key) {
            return FormValidation.warning(Messages.FormValidations_username_beside());
        }
        return text.contains("@")
                ? FormValidation.ok()
                : FormValidation.warning(Messages.FormValidations_username_domain());
    }

    static FormValidation password(@CheckForNull Secret value, @CheckForNull Secret apiKey) {
        boolean key = apiKey != null && !apiKey.getPlainText().isBlank();
        boolean password = value != null && !value.getPlainText().isBlank();
        if (password && isTooLong(value.getPlainText())) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        return key || password
                ? FormValidation.ok()
                : FormValidation.error(Messages.FormValidations_password_missing());
    }

    static FormValidation apiToken(@CheckForNull Secret value) {
        String text = value == null ? "" : value.getPlainText();
        return text.isBlank() ? FormValidation.error(Messages.FormValidations_apiToken_missing()) : token(text);
    }

    /** @param value may be empty: the key is one of two ways */
    static FormValidation apiKey(@CheckForNull Secret value) {
        return token(value == null ? "" : value.getPlainText());
    }

    private static FormValidation token(String text) {
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        if (JWT.matcher(text.strip()).matches()) {
            return FormValidation.error(Messages.FormValidations_refreshToken_bearer());
        }
        if (text.strip().chars().anyMatch(Character::isWhitespace)) {
            return FormValidation.error(Messages.FormValidations_refreshToken_space());
        }
        return FormValidation.ok();
    }

    static FormValidation appId(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.error(Messages.FormValidations_appId_missing());
        }
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        return text.contains(":") ? FormValidation.error(Messages.FormValidations_appId_colon()) : FormValidation.ok();
    }

    static FormValidation appSecret(@CheckForNull Secret value) {
        if (value == null || value.getPlainText().isBlank()) {
            return FormValidation.warning(Messages.FormValidations_appSecret_missing());
        }
        return isTooLong(value.getPlainText()) ? tooLong(VcfCredentials.MAX_TEXT) : FormValidation.ok();
    }

    static FormValidation organizationId(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null || UUID.matcher(text).matches()) {
            return FormValidation.ok();
        }
        return isTooLong(text)
                ? tooLong(VcfCredentials.MAX_TEXT)
                : FormValidation.warning(Messages.FormValidations_organizationId_name());
    }

    static FormValidation validity(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        if (!text.matches("\\d{1,9}")) {
            return FormValidation.error(Messages.FormValidations_validity_number());
        }
        int seconds = Integer.parseInt(text);
        if (seconds != 0 && seconds < SHORT_VALIDITY) {
            return FormValidation.warning(Messages.FormValidations_validity_short());
        }
        return seconds > LONG_VALIDITY
                ? FormValidation.warning(Messages.FormValidations_validity_long())
                : FormValidation.ok();
    }

    static FormValidation scopes(@CheckForNull String value) {
        String text = Util.fixNull(value);
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        return text.contains(",") || text.contains(";")
                ? FormValidation.warning(Messages.FormValidations_scopes_separator())
                : FormValidation.ok();
    }

    /** @param value may be empty: only authorizing needs it */
    static FormValidation clientId(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null || UUID.matcher(text).matches()) {
            return FormValidation.ok();
        }
        return isTooLong(text)
                ? tooLong(VcfCredentials.MAX_TEXT)
                : FormValidation.warning(Messages.FormValidations_clientId_shape());
    }

    static FormValidation skipTlsVerification(boolean value) {
        if (!value) {
            return FormValidation.ok();
        }
        return FIPS140.useCompliantAlgorithms()
                ? FormValidation.error(Messages.FormValidations_skipTlsVerification_fips())
                : FormValidation.warning(Messages.FormValidations_skipTlsVerification_on());
    }

    static FormValidation organization(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.error(Messages.FormValidations_organization_missing());
        }
        if (!VcfaTokenClient.isOrganization(text)) {
            return FormValidation.error(Messages.FormValidations_organization_path());
        }
        if (isTooLong(text)) {
            return tooLong(VcfCredentials.MAX_TEXT);
        }
        if (UUID.matcher(text).matches()) {
            return FormValidation.warning(Messages.FormValidations_organization_uuid());
        }
        if (text.contains("@")) {
            return FormValidation.warning(Messages.FormValidations_organization_email());
        }
        return FormValidation.ok();
    }

    /** @param value may be empty: a person can have the account authorized */
    static FormValidation refreshToken(@CheckForNull Secret value) {
        String text = value == null ? "" : value.getPlainText();
        return text.isBlank() ? FormValidation.warning(Messages.FormValidations_refreshToken_missing()) : token(text);
    }

    static FormValidation caCertificates(@CheckForNull String value, Instant now) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        if (text.length() > VcfCredentials.MAX_CERTIFICATES) {
            return tooLong(VcfCredentials.MAX_CERTIFICATES);
        }
        try {
            Collection<? extends Certificate> found = TlsConfig.certificates(text);
            for (Certificate certificate : found) {
                if (certificate instanceof X509Certificate x509) {
                    Instant until = x509.getNotAfter().toInstant();
                    if (until.isBefore(now)) {
                        return FormValidation.warning(Messages.FormValidations_caCertificates_expired(
                                x509.getSubjectX500Principal().getName(), until));
                    }
                    if (x509.getNotBefore().toInstant().isAfter(now)) {
                        return FormValidation.warning(Messages.FormValidations_caCertificates_early(
                                x509.getSubjectX500Principal().getName(),
                                x509.getNotBefore().toInstant()));
                    }
                }
            }
            return FormValidation.ok(Messages.FormValidations_caCertificates_found(found.size()));
        } catch (CertificateException e) {
            return FormValidation.error(Messages.FormValidations_caCertificates_unreadable());
        }
    }

    private static boolean isTooLong(String text) {
        return text.length() > VcfCredentials.MAX_TEXT;
    }

    private static FormValidation tooLong(int longest) {
        return FormValidation.error(Messages.FormValidations_tooLong(longest));
    }
}
