package io.jenkins.plugins.vcftoken.block;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Every bearer that a block may have shown to somebody, oldest first. They are {@link Secret}s because those are what
 * Pipeline encrypts when it saves.
 */
final class IssuedBearers implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<Secret> bearers = new CopyOnWriteArrayList<>();

    private volatile long expiresAt;

    /** There is a gap in the knowledge: a controller went down in the meantime. */
    private volatile boolean interrupted;

    private transient volatile BearerMask mask;

    /** @return whether it is new */
    synchronized boolean add(Bearer bearer) {
        for (Secret known : bearers) {
            if (known.getPlainText().equals(bearer.value())) {
                return false;
            }
        }
        bearers.add(Secret.fromString(bearer.value()));
        expiresAt = bearer.expiresAt().getEpochSecond();
        mask = null;
        return true;
    }

    @CheckForNull
    String last() {
        return bearers.isEmpty() ? null : bearers.get(bearers.size() - 1).getPlainText();
    }

    /** Of {@link #last}, in seconds since 1970. */
    long expiresAt() {
        return expiresAt;
    }

    synchronized void noteInterruption() {
        interrupted = true;
        mask = null;
    }

    /** Kept until the next bearer comes. */
    BearerMask mask() {
        BearerMask known = mask;
        if (known != null) {
            return known;
        }
        synchronized (this) {
            List<String> texts = texts();
            mask = texts.isEmpty() && !interrupted
                    ? BearerMask.NONE
                    : new BearerMask(formsOf(texts), interrupted ? BearerShape.like(texts) : null);
            return mask;
        }
    }

    List<String> texts() {
        List<String> texts = new ArrayList<>(bearers.size());
        bearers.forEach(bearer -> texts.add(bearer.getPlainText()));
        return texts;
    }

    static Set<String> formsOf(List<String> bearers) {
        Set<String> forms = new HashSet<>();
        bearers.forEach(bearer -> forms.addAll(BearerForms.of(bearer)));
        return forms;
    }
}
