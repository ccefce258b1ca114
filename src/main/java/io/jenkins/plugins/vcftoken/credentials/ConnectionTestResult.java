package io.jenkins.plugins.vcftoken.credentials;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.JwtClaims;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of a connection test that got an access token: its subject, its lifetime, and what happened to the secret.
 */
final class ConnectionTestResult {

    private static final Duration WARNED_BEFORE_EXPIRY = Duration.ofDays(14);

    private ConnectionTestResult() {}

    /**
     * @param secretExpiry null when unknown, or never
     * @param stored whether the secret was that of a stored credential
     */
    static FormValidation of(TokenResult result, @CheckForNull Instant secretExpiry, boolean stored) {
        AccessToken accessToken = result.accessToken();
        TokenUnavailableException error = result.error();
        if (error != null) {
            return FormValidation.warning(
                    Messages.ConnectionTester_onlyOlder(error.getMessage(), seconds(accessToken.expiresAt())));
        }
        List<String> sentences = new ArrayList<>();
        sentences.add(Messages.ConnectionTester_works());
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String name = claims.subject();
        String organization = claims.organization();
        if (name != null && organization != null) {
            sentences.add(Messages.ConnectionTester_whoOf(name, organization));
        } else if (name != null) {
            sentences.add(Messages.ConnectionTester_who(name));
        } else if (organization != null) {
            sentences.add(Messages.ConnectionTester_organization(organization));
        }
        sentences.add(Messages.ConnectionTester_accessToken(
                Util.getTimeSpanString(accessToken.lifetime().toMillis())));
        boolean warning = result.warning() != null || (result.rotated() && !stored);
        if (!stored) {
            sentences.add(
                    result.rotated()
                            ? Messages.ConnectionTester_rotatedUnsaved()
                            : Messages.ConnectionTester_unsaved());
        } else if (result.rotated()) {
            sentences.add(Messages.ConnectionTester_rotated());
        }
        if (secretExpiry != null) {
            Duration left = Duration.between(accessToken.issuedAt(), secretExpiry);
            warning |= left.compareTo(WARNED_BEFORE_EXPIRY) < 0;
            sentences.add(Messages.ConnectionTester_secretEnds(seconds(secretExpiry)));
        }
        if (result.warning() != null) {
            sentences.add(result.warning());
        }
        String text = String.join(" ", sentences);
        return warning ? FormValidation.warning(text) : FormValidation.ok(text);
    }

    private static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
