package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Computer;
import io.jenkins.plugins.vcftoken.SecretExpiryResult;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;

/**
 * In-memory cache of the expiry times of stored secrets, for systems that report them. Sends one request per secret and
 * day. If the request requires an access token, it is postponed until one is cached, so that it does not cause a token
 * request.
 */
final class SecretExpiryCache {

    private static final Logger LOGGER = Logger.getLogger(SecretExpiryCache.class.getName());

    private static final Duration PERIOD = Duration.ofDays(1);
    private static final Duration PERIOD_AFTER_FAILURE = Duration.ofHours(1);

    /** Later responses are cached for the next check. */
    private static final Duration MAX_WAIT = Duration.ofMinutes(1);

    /** Each thread can block until the request times out. */
    static final int MAX_THREADS = 4;

    private final Map<CredentialLocation, Entry> entries = new ConcurrentHashMap<>();

    /**
     * @param credential credential at the time of the request; each edit stores a new object
     * @param expires null if unknown or if the secret never expires
     */
    private record Entry(
            VcfCredentials credential, @CheckForNull Instant expires, Instant nextRequest) {}

    /** @return null if unknown or if the secret never expires */
    @CheckForNull
    Instant find(LocatedCredential stored) {
        Entry entry = findEntry(stored);
        return entry == null ? null : entry.expires();
    }

    /** @return null if there is no entry for the stored secret */
    @CheckForNull
    private Entry findEntry(LocatedCredential stored) {
        Entry entry = entries.get(stored.location());
        return entry != null && hasSameExpiry(entry.credential(), stored.credential()) ? entry : null;
    }

    /**
     * Treats a rotated token like the previous token, so that a rotation does not cause a request. A regenerated token
     * has another expiry time.
     */
    private static boolean hasSameExpiry(VcfCredentials before, VcfCredentials now) {
        if (before == now) {
            return true;
        }
        String oldSecret = before.storedSecret().getPlainText();
        String newSecret = now.storedSecret().getPlainText();
        VcfTokenService tokens = VcfTokenService.get();
        try {
            return now.regeneratedBeforeExpiry() == null
                    && !oldSecret.equals(newSecret)
                    && before.clientId().equals(now.clientId())
                    && before.account().isSameAs(now.account())
                    && tokens.hasLedger()
                    && tokens.administration().areRelated(now.account(), oldSecret, newSecret);
        } catch (IllegalArgumentException | IOException | TokenUnavailableException e) {
            LOGGER.log(Level.FINE, e, () -> "A change of the secret of " + now.getId() + " could not be detected");
            return false;
        }
    }

    /** Requests outdated expiry times, and removes the entries of all other credentials except personal ones. */
    void refresh(List<LocatedCredential> shared, Instant now) throws InterruptedException {
        List<CredentialLocation> locations =
                shared.stream().map(LocatedCredential::location).toList();
        entries.keySet().removeIf(location -> !StoreContext.isPersonal(location) && !locations.contains(location));
        try {
            refreshSoon(shared, now).get(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOGGER.log(Level.FINE, e, () -> "The expiry of some secrets could not be determined");
        }
    }

    /** Requests outdated expiry times in the background. */
    CompletableFuture<Void> refreshSoon(List<LocatedCredential> candidates, Instant now) {
        Queue<LocatedCredential> outdated = new ConcurrentLinkedQueue<>(claimOutdated(candidates, now));
        return CompletableFuture.allOf(IntStream.range(0, Math.min(MAX_THREADS, outdated.size()))
                .mapToObj(i ->
                        CompletableFuture.runAsync(() -> requestAll(outdated, now), Computer.threadPoolForRemoting))
                .toArray(CompletableFuture[]::new));
    }

    /** Postpones the next request of the returned credentials, so that concurrent checks do not repeat it. */
    private synchronized List<LocatedCredential> claimOutdated(List<LocatedCredential> candidates, Instant now) {
        List<LocatedCredential> outdated = new ArrayList<>();
        for (LocatedCredential stored : candidates) {
            Entry last = findEntry(stored);
            if (last == null || !now.isBefore(last.nextRequest())) {
                outdated.add(stored);
                Instant expires = last == null ? null : last.expires();
                entries.put(stored.location(), new Entry(stored.credential(), expires, now.plus(PERIOD_AFTER_FAILURE)));
            } else {
                entries.put(stored.location(), new Entry(stored.credential(), last.expires(), last.nextRequest()));
            }
        }
        return outdated;
    }

    private void requestAll(Queue<LocatedCredential> outdated, Instant now) {
        for (LocatedCredential stored = outdated.poll(); stored != null; stored = outdated.poll()) {
            entries.put(stored.location(), request(stored.credential(), find(stored), now));
        }
    }

    /** @param cached current value, which is kept if the request is postponed */
    private static Entry request(VcfCredentials credential, @CheckForNull Instant cached, Instant now) {
        try {
            SecretExpiryResult result = VcfTokenService.get().secretExpiry(credential);
            return result.asked()
                    ? new Entry(credential, result.expiresAt(), now.plus(PERIOD))
                    : new Entry(credential, cached, now);
        } catch (TokenUnavailableException | RuntimeException e) {
            // Includes exceptions from other plugins' stores and proxies, which must not affect the other credentials.
            LOGGER.log(
                    Level.FINE,
                    e,
                    () -> "The expiry of the secret of " + credential.getId() + " could not be determined");
            return new Entry(credential, null, now.plus(PERIOD_AFTER_FAILURE));
        }
    }
}
