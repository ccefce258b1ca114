package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsSnapshotTaker;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;

/** Replaces a credential by secret text with the current access token, for use outside of the controller. */
@Extension
public final class VcfCredentialsSnapshotTaker extends CredentialsSnapshotTaker<StringCredentials> {

    /** Returns the type of the credentials of this plugin. The type parameter is the type of the snapshot. */
    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public Class<StringCredentials> type() {
        return (Class) VcfCredentials.class;
    }

    @Override
    public StringCredentials snapshot(StringCredentials credential) {
        return new StringCredentialsImpl(
                credential.getScope(), credential.getId(), credential.getDescription(), credential.getSecret());
    }
}
