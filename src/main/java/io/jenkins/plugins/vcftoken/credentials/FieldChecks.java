package io.jenkins.plugins.vcftoken.credentials;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.exchange.Trust;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.CertificateException;
import java.util.regex.Pattern;

/** What is said about a field while a person fills in a form. Looks at the text alone and talks to nobody. */
final class FieldChecks {

    private static final Pattern IP_ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[.*]");
    private static final Pattern UUID =
            Pattern.compile("(urn:vcloud:org:)?\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");
    private static final Pattern JWT = Pattern.compile("(Bearer\\s+)?eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*");

    private FieldChecks() {}

    static FormValidation url(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.error(Messages.FieldChecks_url_missing());
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            return FormValidation.error(Messages.FieldChecks_url_malformed());
        }
        if (uri.getHost() == null || !("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))) {
            return FormValidation.error(Messages.FieldChecks_url_malformed());
        }
        if (!"https".equals(uri.getScheme())) {
            return FormValidation.error(Messages.FieldChecks_url_insecure());
        }
        if (uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
            return FormValidation.error(Messages.FieldChecks_url_extra());
        }
        if (!uri.getPath().isEmpty() && !uri.getPath().equals("/")) {
            return FormValidation.error(Messages.FieldChecks_url_path(uri.getPath()));
        }
        if (IP_ADDRESS.matcher(uri.getHost()).matches()) {
            return FormValidation.warning(Messages.FieldChecks_url_address());
        }
        return FormValidation.ok();
    }

    static FormValidation organization(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.error(Messages.FieldChecks_organization_missing());
        }
        if (UUID.matcher(text).matches()) {
            return FormValidation.warning(Messages.FieldChecks_organization_uuid());
        }
        if (text.contains("@")) {
            return FormValidation.warning(Messages.FieldChecks_organization_email());
        }
        return FormValidation.ok();
    }

    static FormValidation refreshToken(@CheckForNull Secret value) {
        String text = value == null ? "" : value.getPlainText();
        if (text.isBlank()) {
            return FormValidation.warning(Messages.FieldChecks_refreshToken_missing());
        }
        if (JWT.matcher(text.trim()).matches()) {
            return FormValidation.error(Messages.FieldChecks_refreshToken_bearer());
        }
        if (text.chars().anyMatch(Character::isWhitespace)) {
            return FormValidation.error(Messages.FieldChecks_refreshToken_space());
        }
        return FormValidation.ok();
    }

    static FormValidation caCertificates(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return FormValidation.ok();
        }
        try {
            return FormValidation.ok(Messages.FieldChecks_caCertificates_found(
                    Trust.certificates(text).size()));
        } catch (CertificateException e) {
            return FormValidation.error(Messages.FieldChecks_caCertificates_unreadable());
        }
    }
}
