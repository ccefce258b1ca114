package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jvnet.localizer.Localizable;

/** Keeps the last events of each credential in memory, for its page. Contains no secrets. */
@Extension
public final class RecentEvents implements VcfTokenListener {

    private static final int MAX_EVENTS_PER_CREDENTIAL = 10;

    private static final int MAX_CREDENTIALS = 1_000;

    /** Least recently used first. Guarded by itself. */
    private final Map<CredentialLocation, Deque<Event>> events = new LinkedHashMap<>(16, 0.75f, true) {

        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<CredentialLocation, Deque<Event>> eldest) {
            return size() > MAX_CREDENTIALS;
        }
    };

    /** @param text translated when it is read; may contain text of the server */
    public record Event(Instant time, Localizable text) {

        public DisplayTime getTime() {
            return new DisplayTime(time);
        }

        public String getText() {
            return text.toString();
        }
    }

    static RecentEvents get() {
        return ExtensionList.lookupSingleton(RecentEvents.class);
    }

    /** Returns the events, most recent first. */
    List<Event> find(CredentialLocation location) {
        synchronized (events) {
            Deque<Event> found = events.get(location);
            return found == null ? List.of() : new ArrayList<>(found);
        }
    }

    /** @param action see {@link AuditLog#logAction} */
    static Localizable actionText(String action, String by) {
        return switch (action) {
            case "renew" -> Messages._RecentEvents_renew(by);
            case "retry" -> Messages._RecentEvents_retry(by);
            case "forget" -> Messages._RecentEvents_forget(by);
            case "authorize" -> Messages._RecentEvents_authorize(by);
            case "cancel" -> Messages._RecentEvents_cancel(by);
            default -> throw new IllegalArgumentException(action);
        };
    }

    /** @param location null for a record without a credential, which has no page */
    void add(@CheckForNull CredentialLocation location, Localizable text) {
        if (location == null) {
            return;
        }
        Event event = new Event(VcfTokenService.get().clock().instant(), text);
        synchronized (events) {
            Deque<Event> recent = events.computeIfAbsent(location, key -> new ArrayDeque<>());
            recent.addFirst(event);
            if (recent.size() > MAX_EVENTS_PER_CREDENTIAL) {
                recent.removeLast();
            }
        }
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        boolean rotated = !after.tokens().current().equals(before.tokens().current());
        add(handle.location(), rotated ? Messages._RecentEvents_rotated() : Messages._RecentEvents_issued());
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
        add(handle.location(), Messages._RecentEvents_failed(String.valueOf(cause.getMessage())));
    }

    @Override
    public void authorized(CredentialLocation location, TokenFamily family, String by) {
        add(location, Messages._RecentEvents_authorized(by));
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {
        add(handle.location(), Messages._RecentEvents_denied());
    }
}
