package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Computer;
import io.jenkins.plugins.vcftoken.SecretExpiryResult;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
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
import java.util.stream.Stream;

/**
 * When stored secrets themselves end, where the server tells. In memory; asked once a day, and of each new secret; where
 * that takes an access token, at the first look that finds one.
 */
final class SecretExpiryCache {

    private static final Logger LOGGER = Logger.getLogger(SecretExpiryCache.class.getName());

    private static final Duration PERIOD = Duration.ofDays(1);
    private static final Duration PERIOD_AFTER_FAILURE = Duration.ofHours(1);

    /** Each may wait for a server that does not answer. */
    static final int AT_A_TIME = 4;

    private final Map<CredentialLocation, Answer> answers = new ConcurrentHashMap<>();

    /**
     * @param of the very object that was asked for, which each change of the credential replaces
     * @param expires null when the server does not tell, or could not be asked
     */
    private record Answer(VcfCredentials of, @CheckForNull Instant expires, Instant askAgain) {

        boolean isOld(Instant now) {
            return !now.isBefore(askAgain);
        }
    }

    @CheckForNull
    Instant of(LocatedCredential stored) {
        Answer answer = last(stored);
        return answer == null ? null : answer.expires();
    }

    /** The last answer for what is stored now, or null. */
    @CheckForNull
    private Answer last(LocatedCredential stored) {
        Answer answer = answers.get(stored.location());
        return answer != null && isSame(answer.of(), stored.credential()) ? answer : null;
    }

    /** Whether it is what was asked for, or differs by its rotated token alone: else each rotation would ask again. */
    private static boolean isSame(VcfCredentials asked, VcfCredentials now) {
        if (asked == now) {
            return true;
        }
        String before = asked.storedSecret().getPlainText();
        String after = now.storedSecret().getPlainText();
        VcfTokenService tokens = VcfTokenService.get();
        try {
            return !before.equals(after)
                    && asked.clientId().equals(now.clientId())
                    && asked.account().isSameAs(now.account())
                    && tokens.hasLedger()
                    && tokens.administration().areRelated(now.account(), before, after);
        } catch (IllegalArgumentException | IOException | TokenUnavailableException e) {
            LOGGER.log(Level.FINE, e, () -> "Not known whether the secret of " + now.getId() + " is a new one");
            return false;
        }
    }

    /**
     * Asks the servers about all that is not personal, a few at a time, and waits no longer than this for their answers.
     * What they answer later is there for the next look.
     */
    void ask(List<LocatedCredential> shared, Instant now, Duration patience) throws InterruptedException {
        List<CredentialLocation> locations =
                shared.stream().map(LocatedCredential::location).toList();
        answers.keySet().removeIf(location -> !CredentialLocator.isPersonal(location) && !locations.contains(location));
        try {
            askSoon(shared, now).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOGGER.log(Level.FINE, e, () -> "Not all servers have told when secrets end");
        }
    }

    /**
     * Has the servers asked, a few at a time. Does not block; what they tell is seen by the next look.
     *
     * @return done when all have been asked
     */
    CompletableFuture<Void> askSoon(List<LocatedCredential> candidates, Instant now) {
        Queue<LocatedCredential> due = new ConcurrentLinkedQueue<>(claimDue(candidates, now));
        return CompletableFuture.allOf(Stream.generate(() -> due)
                .limit(Math.min(AT_A_TIME, due.size()))
                .map(queue -> CompletableFuture.runAsync(() -> askEach(queue, now), Computer.threadPoolForRemoting))
                .toArray(CompletableFuture[]::new));
    }

    /** A look that comes before they are asked, or while a server hangs, does not ask again. */
    private synchronized List<LocatedCredential> claimDue(List<LocatedCredential> candidates, Instant now) {
        List<LocatedCredential> due = new ArrayList<>();
        for (LocatedCredential stored : candidates) {
            Answer last = last(stored);
            boolean isDue = last == null || last.isOld(now);
            if (isDue) {
                due.add(stored);
            }
            Instant expires = last == null ? null : last.expires();
            Instant askAgain = isDue ? now.plus(PERIOD_AFTER_FAILURE) : last.askAgain();
            answers.put(stored.location(), new Answer(stored.credential(), expires, askAgain));
        }
        return due;
    }

    private void askEach(Queue<LocatedCredential> due, Instant now) {
        for (LocatedCredential stored = due.poll(); stored != null; stored = due.poll()) {
            answers.put(stored.location(), ask(stored.credential(), last(stored), now));
        }
    }

    /** @param last what is known, where nobody can be asked now */
    private static Answer ask(VcfCredentials credential, @CheckForNull Answer last, Instant now) {
        try {
            SecretExpiryResult told = VcfTokenService.get().secretExpiry(credential);
            return told.asked()
                    ? new Answer(credential, told.ends(), now.plus(PERIOD))
                    : new Answer(credential, last == null ? null : last.expires(), now);
        } catch (TokenUnavailableException | RuntimeException e) {
            // The others are to be looked at all the same, whatever another plugin's store or proxy does.
            LOGGER.log(Level.FINE, e, () -> "Not known when the secret of " + credential.getId() + " ends");
            return new Answer(credential, null, now.plus(PERIOD_AFTER_FAILURE));
        }
    }
}
