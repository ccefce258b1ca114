package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsStoreAction;
import hudson.init.InitMilestone;
import hudson.init.Initializer;

/**
 * Keeps one usage history per credential. Jenkins makes a credential's fingerprint of all of its fields, so each
 * rotation would begin a new history and leave another file behind.
 */
public final class CredentialFingerprints {

    private CredentialFingerprints() {}

    @Initializer(after = InitMilestone.PLUGINS_STARTED, before = InitMilestone.JOB_LOADED)
    public static void leaveOutWhatRotates() {
        CredentialsStoreAction.FINGERPRINT_XML.omitField(VcfaServiceAccount.class, "refreshToken");
    }
}
