package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import java.util.function.Predicate;

/** Credential with its store in memory: tests can replace its token, and rotated tokens are written back. */
final class InMemoryCredential implements CredentialWriter {
    private volatile String context;
    private volatile String token;
    volatile Runnable onRead = () -> {};

    /** @param context of its store */
    InMemoryCredential(String context, String token) {
        this.context = context;
        this.token = token;
    }

    /** The handle with the currently stored token. */
    CredentialHandle handle(TokenClient client) {
        return new CredentialHandle("sa", location(), token, client, this);
    }

    String get() {
        return token;
    }

    void set(String replacement) {
        token = replacement;
    }

    void moveTo(String newContext) {
        context = newContext;
    }

    @Override
    public CredentialLocation location() {
        return new CredentialLocation(context, "sa");
    }

    @Override
    public synchronized void writeBack(Predicate<String> sameFamily, String current, boolean again) {
        if (sameFamily.test(token)) {
            token = current;
        }
    }

    @Override
    public String stored(Account account) {
        String found = token;
        onRead.run();
        return found;
    }
}
