package io.jenkins.plugins.vcftoken.credentials;

import hudson.Util;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.controller.Trials;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Identity;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Supply;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** What "Test connection" says when it brought a bearer: whose it is, for how long, and what became of the secret. */
final class TestReport {

    /** Time enough to make and store a new secret. */
    private static final Duration SOON = Duration.ofDays(14);

    private TestReport() {}

    /** @param stored whether it was the secret of a stored credential */
    static FormValidation of(Trials.Outcome outcome, boolean stored) {
        Supply supply = outcome.supply();
        Bearer bearer = supply.bearer();
        FamilyException trouble = supply.trouble();
        if (trouble != null) {
            return FormValidation.warning(
                    Messages.ConnectionTest_onlyOlder(trouble.getMessage(), when(bearer.expiresAt())));
        }
        List<String> said = new ArrayList<>();
        said.add(Messages.ConnectionTest_works());
        Identity who = Identity.of(bearer);
        String name = who.name();
        if (name != null) {
            said.add(Messages.ConnectionTest_who(name));
        }
        String organization = who.organization();
        if (organization != null) {
            said.add(Messages.ConnectionTest_organization(organization));
        }
        said.add(Messages.ConnectionTest_bearer(
                when(bearer.expiresAt()),
                Util.getTimeSpanString(bearer.lifetime().toMillis())));
        boolean odd = supply.rotated() && !stored;
        said.add(rotation(supply.rotated(), stored));
        Instant ends = outcome.secretEnds();
        if (ends != null) {
            odd |= Duration.between(bearer.issuedAt(), ends).compareTo(SOON) < 0;
            said.add(Messages.ConnectionTest_secretEnds(when(ends)));
        }
        String doubt = supply.doubt();
        if (doubt != null) {
            odd = true;
            said.add(doubt);
        }
        String text = String.join(" ", said);
        return odd ? FormValidation.warning(text) : FormValidation.ok(text);
    }

    private static String rotation(boolean rotated, boolean stored) {
        if (stored) {
            return rotated ? Messages.ConnectionTest_rotated() : Messages.ConnectionTest_didNotRotate();
        }
        return rotated ? Messages.ConnectionTest_rotatedUnsaved() : Messages.ConnectionTest_unsaved();
    }

    private static Instant when(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
