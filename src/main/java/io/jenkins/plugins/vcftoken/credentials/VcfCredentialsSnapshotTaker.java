package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsSnapshotTaker;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;

/** Takes a snapshot of a credential for use outside of the controller: secret text with the current access token alone. */
@Extension
public final class VcfCredentialsSnapshotTaker extends CredentialsSnapshotTaker<StringCredentials> {

    /** The kinds of this plugin. The type parameter is that of the snapshot, which is secret text. */
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
