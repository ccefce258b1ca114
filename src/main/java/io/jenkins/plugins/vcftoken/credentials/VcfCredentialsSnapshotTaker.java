package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsSnapshotTaker;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;

/** For whoever takes a credential elsewhere: secret text with the access token of now, and nothing of what it came from. */
@Extension
public final class VcfCredentialsSnapshotTaker extends CredentialsSnapshotTaker<StringCredentials> {

    /** Those of this plugin only. What comes out is secret text, which the type parameter says and this cannot. */
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
