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
 * Caches in memory when stored secrets expire, for the systems that tell. The server is asked once a day and about each
 * new secret. Where the request takes an access token, it waits until one is cached, so that it never causes a token
 * request.
 */
final class SecretExpiryCache {

    private static final Logger LOGGER = Logger.getLogger(SecretExpiryCache.class.getName());

    private static final Duration PERIOD = Duration.ofDays(1);
    private static final Duration PERIOD_AFTER_FAILURE = Duration.ofHours(1);

    /** Answers that arrive later are in the cache for the next check. */
    private static final Duration MAX_WAIT = Duration.ofMinutes(1);

    /** Each of these threads may wait for a server that does not answer. */
    static final int MAX_THREADS = 4;

    private final Map<CredentialLocation, Answer> answers = new ConcurrentHashMap<>();

    /**
     * @param credential the object as it was stored then; each change of a credential replaces its object
     * @param expires null when unknown, or never
     */
    private record Answer(
            VcfCredentials credential, @CheckForNull Instant expires, Instant nextRequest) {}

    /** @return null when unknown, or never */
    @CheckForNull
    Instant find(LocatedCredential stored) {
        Answer answer = findAnswer(stored);
        return answer == null ? null : answer.expires();
    }

    /** @return null when the location stores another secret now */
    @CheckForNull
    private Answer findAnswer(LocatedCredential stored) {
        Answer answer = answers.get(stored.location());
        return answer != null && isSame(answer.credential(), stored.credential()) ? answer : null;
    }

    /**
     * Treats a rotated token like the one before, so that a rotation causes no request. A regenerated one expires at
     * another time.
     */
    private static boolean isSame(VcfCredentials before, VcfCredentials now) {
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
            LOGGER.log(Level.FINE, e, () -> "Not known whether the secret of " + now.getId() + " is a new one");
            return false;
        }
    }

    /** Asks servers about the given credentials where that is due, and drops all other answers but personal ones. */
    void refresh(List<LocatedCredential> shared, Instant now) throws InterruptedException {
        List<CredentialLocation> locations =
                shared.stream().map(LocatedCredential::location).toList();
        answers.keySet().removeIf(location -> !StoreContext.isPersonal(location) && !locations.contains(location));
        try {
            refreshSoon(shared, now).get(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOGGER.log(Level.FINE, e, () -> "Not all servers have told when secrets expire");
        }
    }

    /** Asks servers in the background about the given credentials where that is due. */
    CompletableFuture<Void> refreshSoon(List<LocatedCredential> candidates, Instant now) {
        Queue<LocatedCredential> due = new ConcurrentLinkedQueue<>(claimDue(candidates, now));
        return CompletableFuture.allOf(IntStream.range(0, Math.min(MAX_THREADS, due.size()))
                .mapToObj(i -> CompletableFuture.runAsync(() -> requestAll(due, now), Computer.threadPoolForRemoting))
                .toArray(CompletableFuture[]::new));
    }

    /** Postpones the next request of each credential that it returns, so that concurrent checks do not ask as well. */
    private synchronized List<LocatedCredential> claimDue(List<LocatedCredential> candidates, Instant now) {
        List<LocatedCredential> due = new ArrayList<>();
        for (LocatedCredential stored : candidates) {
            Answer last = findAnswer(stored);
            if (last == null || !now.isBefore(last.nextRequest())) {
                due.add(stored);
                Instant expires = last == null ? null : last.expires();
                answers.put(
                        stored.location(), new Answer(stored.credential(), expires, now.plus(PERIOD_AFTER_FAILURE)));
            } else {
                answers.put(stored.location(), new Answer(stored.credential(), last.expires(), last.nextRequest()));
            }
        }
        return due;
    }

    private void requestAll(Queue<LocatedCredential> due, Instant now) {
        for (LocatedCredential stored = due.poll(); stored != null; stored = due.poll()) {
            answers.put(stored.location(), request(stored.credential(), find(stored), now));
        }
    }

    /** @param known the cached time, which stays if the server cannot be asked for want of an access token */
    private static Answer request(VcfCredentials credential, @CheckForNull Instant known, Instant now) {
        try {
            SecretExpiryResult result = VcfTokenService.get().secretExpiry(credential);
            return result.asked()
                    ? new Answer(credential, result.ends(), now.plus(PERIOD))
                    : new Answer(credential, known, now);
        } catch (TokenUnavailableException | RuntimeException e) {
            // Also what stores and proxies of other plugins throw, since the other credentials are due as well.
            LOGGER.log(Level.FINE, e, () -> "Not known when the secret of " + credential.getId() + " expires");
            return new Answer(credential, null, now.plus(PERIOD_AFTER_FAILURE));
        }
    }
}
