package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import java.util.function.Predicate;

/** What one credential stores: a person may type something else, and rotated tokens come back. */
final class StoredToken implements TokenKeeper {
    private volatile String context;
    private volatile String token;
    volatile Runnable whenLookedAt = () -> {};

    /** @param context of the store that it is in */
    StoredToken(String context, String token) {
        this.context = context;
        this.token = token;
    }

    /** The credential as a block finds it when it opens. */
    Holder holder(TokenService service) {
        return new Holder("sa", place(), token, service, this);
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
    public Place place() {
        return new Place(context, "sa");
    }

    @Override
    public synchronized void keep(Predicate<String> sameFamily, String current, boolean again) {
        if (sameFamily.test(token)) {
            token = current;
        }
    }

    @Override
    public String stored(Endpoint endpoint) {
        String found = token;
        whenLookedAt.run();
        return found;
    }
}
