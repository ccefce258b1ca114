package io.jenkins.plugins.vcftoken.credentials;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TlsConfigurer;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import jenkins.security.FIPS140;

/**
 * Validates form fields without sending requests. A kind validates its own fields with {@link #text} or {@link
 * #secret}.
 */
final class FormValidations {

    private static final Pattern IP_ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[.*]");
    private static final Pattern UUID =
            Pattern.compile("(urn:vcloud:org:)?\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");
    private static final Pattern JWT = Pattern.compile("(Bearer\\s+)?eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");

    /** Default lifetime of a VCF SSO API token. */
    private static final int DEFAULT_API_TOKEN_DAYS = 30;

    /** With a shorter lifetime, a block would renew its access token almost constantly. */
    private static final int MIN_VALIDITY_SECONDS = 60;

    /** The plugin uses an access token for one day at most. */
    private static final int MAX_VALIDITY_SECONDS = 86_400;

    private FormValidations() {}

    /**
     * Validates the trimmed text.
     *
     * @param missing result for an empty text
     * @param check validation of a text that is neither empty nor too long
     */
    static FormValidation text(
            @CheckForNull String value, FormValidation missing, Function<String, FormValidation> check) {
        String text = Util.fixEmptyAndTrim(value);
        if (text == null) {
            return missing;
        }
        return text.length() > VcfCredentials.MAX_TEXT ? tooLong(VcfCredentials.MAX_TEXT) : check.apply(text);
    }

    /** Like {@link #text}, without trimming. */
    static FormValidation secret(
            @CheckForNull Secret value, FormValidation missing, Function<String, FormValidation> check) {
        String text = value == null ? "" : value.getPlainText();
        if (text.isBlank()) {
            return missing;
        }
        return text.length() > VcfCredentials.MAX_TEXT ? tooLong(VcfCredentials.MAX_TEXT) : check.apply(text);
    }

    private static FormValidation tooLong(int maxLength) {
        return FormValidation.error(Messages.FormValidations_tooLong(maxLength));
    }

    private static FormValidation warnUnless(boolean valid, String warning) {
        return valid ? FormValidation.ok() : FormValidation.warning(warning);
    }

    static FormValidation url(@CheckForNull String value) {
        return text(value, FormValidation.error(Messages.FormValidations_url_missing()), text -> {
            URI uri;
            try {
                uri = new URI(text);
            } catch (URISyntaxException e) {
                return FormValidation.error(Messages.FormValidations_url_malformed());
            }
            boolean isHttps = "https".equals(uri.getScheme());
            if (!(isHttps || "http".equals(uri.getScheme())) || uri.getRawAuthority() == null) {
                return FormValidation.error(Messages.FormValidations_url_malformed());
            }
            if (!isHttps) {
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
            return uri.getPath().isEmpty() || uri.getPath().equals("/")
                    ? FormValidation.ok()
                    : FormValidation.error(Messages.FormValidations_url_path(uri.getPath()));
        });
    }

    /** Like {@link #url}, for systems that require a host name. Warns of an IP address. */
    static FormValidation urlWithHostName(@CheckForNull String value) {
        FormValidation result = url(value);
        return result.kind == FormValidation.Kind.OK
                ? warnUnless(
                        !IP_ADDRESS
                                .matcher(URI.create(Util.fixNull(value).trim()).getHost())
                                .matches(),
                        Messages.FormValidations_url_address())
                : result;
    }

    static FormValidation username(@CheckForNull String value, @CheckForNull Secret apiKey) {
        boolean hasKey = apiKey != null && !apiKey.getPlainText().isBlank();
        FormValidation missing =
                hasKey ? FormValidation.ok() : FormValidation.error(Messages.FormValidations_username_missing());
        return text(
                value,
                missing,
                text -> hasKey
                        ? FormValidation.warning(Messages.FormValidations_username_beside())
                        : warnUnless(text.contains("@"), Messages.FormValidations_username_domain()));
    }

    static FormValidation password(@CheckForNull Secret value, @CheckForNull Secret apiKey) {
        boolean hasKey = apiKey != null && !apiKey.getPlainText().isBlank();
        FormValidation missing =
                hasKey ? FormValidation.ok() : FormValidation.error(Messages.FormValidations_password_missing());
        return secret(value, missing, text -> FormValidation.ok());
    }

    static FormValidation apiToken(@CheckForNull Secret value) {
        return secret(value, FormValidation.error(Messages.FormValidations_apiToken_missing()), FormValidations::token);
    }

    /** @param value optional, because a user name and password can be used instead */
    static FormValidation apiKey(@CheckForNull Secret value) {
        return secret(value, FormValidation.ok(), FormValidations::token);
    }

    /** @param value may be empty until the account is authorized with the device flow */
    static FormValidation refreshToken(@CheckForNull Secret value) {
        return secret(
                value, FormValidation.warning(Messages.FormValidations_refreshToken_missing()), FormValidations::token);
    }

    private static FormValidation token(String text) {
        if (JWT.matcher(text.strip()).matches()) {
            return FormValidation.error(Messages.FormValidations_refreshToken_accessToken());
        }
        return text.strip().chars().anyMatch(Character::isWhitespace)
                ? FormValidation.error(Messages.FormValidations_refreshToken_space())
                : FormValidation.ok();
    }

    static FormValidation appId(@CheckForNull String value) {
        return text(
                value,
                FormValidation.error(Messages.FormValidations_appId_missing()),
                text -> text.contains(":")
                        ? FormValidation.error(Messages.FormValidations_appId_colon())
                        : FormValidation.ok());
    }

    static FormValidation appSecret(@CheckForNull Secret value) {
        return secret(
                value,
                FormValidation.warning(Messages.FormValidations_appSecret_missing()),
                text -> FormValidation.ok());
    }

    static FormValidation organizationId(@CheckForNull String value) {
        return text(
                value,
                FormValidation.ok(),
                text -> warnUnless(UUID.matcher(text).matches(), Messages.FormValidations_organizationId_name()));
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
        if (seconds != 0 && seconds < MIN_VALIDITY_SECONDS) {
            return FormValidation.warning(Messages.FormValidations_validity_short());
        }
        return warnUnless(seconds <= MAX_VALIDITY_SECONDS, Messages.FormValidations_validity_long());
    }

    /** @return null if the text is not an ISO date, such as 2027-01-30 */
    @CheckForNull
    static LocalDate parseDate(@CheckForNull String value) {
        String text = Util.fixEmptyAndTrim(value);
        try {
            return text == null || !DATE.matcher(text).matches() ? null : LocalDate.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    static FormValidation expiresOn(@CheckForNull String value, Instant now) {
        return text(value, FormValidation.ok(), text -> {
            LocalDate day = parseDate(text);
            return day == null
                    ? FormValidation.error(Messages.FormValidations_expiresOn_shape())
                    : warnUnless(
                            day.isAfter(LocalDate.ofInstant(now, ZoneOffset.UTC)),
                            Messages.FormValidations_expiresOn_past());
        });
    }

    static FormValidation regenerateDaysBefore(@CheckForNull String value, @CheckForNull String expiresOn) {
        String text = Objects.requireNonNullElse(Util.fixEmptyAndTrim(value), "0");
        if (!text.matches("\\d{1,4}")) {
            return FormValidation.error(Messages.FormValidations_regenerateDaysBefore_number());
        }
        int days = Integer.parseInt(text);
        if (days >= DEFAULT_API_TOKEN_DAYS) {
            return FormValidation.warning(Messages.FormValidations_regenerateDaysBefore_often());
        }
        return days > 0 && parseDate(expiresOn) == null
                ? FormValidation.ok(Messages.FormValidations_regenerateDaysBefore_expiry())
                : FormValidation.ok();
    }

    static FormValidation scopes(@CheckForNull String value) {
        return text(
                value,
                FormValidation.ok(),
                text -> warnUnless(
                        !text.contains(",") && !text.contains(";"), Messages.FormValidations_scopes_separator()));
    }

    static FormValidation clientId(@CheckForNull String value) {
        return text(
                value,
                FormValidation.ok(),
                text -> warnUnless(UUID.matcher(text).matches(), Messages.FormValidations_clientId_shape()));
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
        return text(value, FormValidation.error(Messages.FormValidations_organization_missing()), text -> {
            if (!VcfaTokenClient.isValidOrganizationName(text)) {
                return FormValidation.error(Messages.FormValidations_organization_path());
            }
            if (UUID.matcher(text).matches()) {
                return FormValidation.warning(Messages.FormValidations_organization_uuid());
            }
            return warnUnless(!text.contains("@"), Messages.FormValidations_organization_email());
        });
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
            Collection<? extends Certificate> certificates = TlsConfigurer.certificates(text);
            for (Certificate certificate : certificates) {
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
            return FormValidation.ok(Messages.FormValidations_caCertificates_found(certificates.size()));
        } catch (CertificateException e) {
            return FormValidation.error(Messages.FormValidations_caCertificates_unreadable());
        }
    }
}
