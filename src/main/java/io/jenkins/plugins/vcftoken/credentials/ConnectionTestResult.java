package io.jenkins.plugins.vcftoken.credentials;

import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.ConnectionTestLimit;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenSubject;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** What "Test connection" says when it brought an access token: whose it is, for how long, and what became of the secret. */
final class ConnectionTestResult {

    /** Time enough to make and store a new secret. */
    private static final Duration SOON = Duration.ofDays(14);

    private ConnectionTestResult() {}

    /** @param stored whether it was the secret of a stored credential */
    static FormValidation of(ConnectionTestLimit.Outcome outcome, boolean stored) {
        TokenResult result = outcome.result();
        AccessToken accessToken = result.accessToken();
        TokenUnavailableException error = result.error();
        if (error != null) {
            return FormValidation.warning(
                    Messages.ConnectionTester_onlyOlder(error.getMessage(), when(accessToken.expiresAt())));
        }
        List<String> logged = new ArrayList<>();
        logged.add(Messages.ConnectionTester_works());
        TokenSubject who = TokenSubject.of(accessToken);
        String name = who.name();
        if (name != null) {
            logged.add(Messages.ConnectionTester_who(name));
        }
        String organization = who.organization();
        if (organization != null) {
            logged.add(Messages.ConnectionTester_organization(organization));
        }
        logged.add(Messages.ConnectionTester_bearer(
                when(accessToken.expiresAt()),
                Util.getTimeSpanString(accessToken.lifetime().toMillis())));
        boolean odd = result.rotated() && !stored;
        logged.add(rotation(result.rotated(), stored));
        Instant ends = outcome.secretEnds();
        if (ends != null) {
            odd |= Duration.between(accessToken.issuedAt(), ends).compareTo(SOON) < 0;
            logged.add(Messages.ConnectionTester_secretEnds(when(ends)));
        }
        String warning = result.warning();
        if (warning != null) {
            odd = true;
            logged.add(warning);
        }
        String text = String.join(" ", logged);
        return odd ? FormValidation.warning(text) : FormValidation.ok(text);
    }

    private static String rotation(boolean rotated, boolean stored) {
        if (stored) {
            return rotated ? Messages.ConnectionTester_rotated() : Messages.ConnectionTester_didNotRotate();
        }
        return rotated ? Messages.ConnectionTester_rotatedUnsaved() : Messages.ConnectionTester_unsaved();
    }

    private static Instant when(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
