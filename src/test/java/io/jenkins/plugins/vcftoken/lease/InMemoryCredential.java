package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import java.util.function.Predicate;

/** What one credential stores: a person may type something else, and rotated tokens come back. */
final class InMemoryCredential implements CredentialWriter {
    private volatile String context;
    private volatile String token;
    volatile Runnable whenLookedAt = () -> {};

    /** @param context of the store that it is in */
    InMemoryCredential(String context, String token) {
        this.context = context;
        this.token = token;
    }

    /** The credential as a block finds it when it opens. */
    CredentialHandle handle(TokenEndpointClient service) {
        return new CredentialHandle("sa", location(), token, service, this);
    }

    String get() {
        return token;
    }

    void type(String typed) {
        token = typed;
    }

    /** Its folder has another name from now on. */
    void rename(String to) {
        context = to;
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
        whenLookedAt.run();
        return found;
    }
}
