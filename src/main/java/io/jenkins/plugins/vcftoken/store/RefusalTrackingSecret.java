package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsStore;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Remembers that a {@link VersionedSecret} refuses writes, so that pages show it and it is not tried at each use. */
final class RefusalTrackingSecret implements VersionedSecret {

    private final VersionedSecret secret;
    private final RefusingStoreCache refusing;
    private final Class<? extends CredentialsStore> kind;
    private final CredentialLocation location;

    RefusalTrackingSecret(
            VersionedSecret secret,
            RefusingStoreCache refusing,
            Class<? extends CredentialsStore> kind,
            CredentialLocation location) {
        this.secret = secret;
        this.refusing = refusing;
        this.kind = kind;
        this.location = location;
    }

    @Override
    public String description() {
        return secret.description();
    }

    @Override
    public Content read() throws IOException {
        return secret.read();
    }

    @Override
    public Optional<Content> replace(Content expected, String text, String state) throws IOException {
        if (!refusing.isTried(kind, location)) {
            throw new ReadOnlyException("it refused a change within the last ten minutes", null);
        }
        try {
            Optional<Content> written = secret.replace(expected, text, state);
            refusing.changed(kind, location);
            return written;
        } catch (ReadOnlyException e) {
            refusing.refused(kind, location);
            throw e;
        }
    }

    @Override
    public void checkWritable() throws IOException {
        try {
            secret.checkWritable();
            refusing.changed(kind, location);
        } catch (ReadOnlyException e) {
            refusing.refused(kind, location);
            throw e;
        }
    }

    @Override
    public boolean acceptsAccessTokens() {
        return secret.acceptsAccessTokens();
    }

    @Override
    public void awaitChange(Content seen, Duration limit) throws InterruptedException {
        secret.awaitChange(seen, limit);
    }
}
