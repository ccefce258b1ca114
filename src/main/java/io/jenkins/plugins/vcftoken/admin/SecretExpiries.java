package io.jenkins.plugins.vcftoken.admin;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Computer;
import io.jenkins.plugins.vcftoken.controller.SecretExpiry;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * When stored secrets themselves end, where the server tells. In memory; asked once a day, and of each new secret; where
 * that takes a bearer, at the first look that finds one.
 */
final class SecretExpiries {

    private static final Logger LOGGER = Logger.getLogger(SecretExpiries.class.getName());

    private static final Duration PERIOD = Duration.ofDays(1);
    private static final Duration PERIOD_AFTER_FAILURE = Duration.ofHours(1);

    private final Map<Place, Answer> answers = new ConcurrentHashMap<>();

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
    Instant of(StoredCredential stored) {
        Answer answer = last(stored);
        return answer == null ? null : answer.expires();
    }

    /** The last answer for what is stored now, or null. */
    @CheckForNull
    private Answer last(StoredCredential stored) {
        Answer answer = answers.get(stored.place());
        return answer != null && isSame(answer.of(), stored.credential()) ? answer : null;
    }

    /** Whether it is what was asked for, or differs by its rotated token alone: else each rotation would ask again. */
    private static boolean isSame(VcfCredentials asked, VcfCredentials now) {
        if (asked == now) {
            return true;
        }
        String before = asked.storedSecret().getPlainText();
        String after = now.storedSecret().getPlainText();
        VcfTokens tokens = VcfTokens.get();
        try {
            return !before.equals(after)
                    && asked.clientId().equals(now.clientId())
                    && asked.endpoint().isSameAs(now.endpoint())
                    && tokens.hasLedger()
                    && tokens.administration().areRelated(now.endpoint(), before, after);
        } catch (IllegalArgumentException | IOException | FamilyException e) {
            LOGGER.log(Level.FINE, e, () -> "Not known whether the secret of " + now.getId() + " is a new one");
            return false;
        }
    }

    /** Asks the servers about all that is not personal; blocks on each. */
    void ask(List<StoredCredential> shared, Instant now) {
        List<Place> places = shared.stream().map(StoredCredential::place).toList();
        answers.keySet().removeIf(place -> !CredentialHomes.isPersonal(place) && !places.contains(place));
        shared.forEach(stored -> askIfDue(stored, now));
    }

    /** Has the servers asked, for their owner, who looks at them. Does not block; what they tell is seen by the next look. */
    synchronized void askSoon(List<StoredCredential> personal, Instant now) {
        List<StoredCredential> due =
                personal.stream().filter(stored -> isDue(stored, now)).toList();
        if (!due.isEmpty()) {
            // Who looks again meanwhile does not ask again.
            due.forEach(stored -> answers.put(
                    stored.place(), new Answer(stored.credential(), of(stored), now.plus(PERIOD_AFTER_FAILURE))));
            Computer.threadPoolForRemoting.execute(() ->
                    due.forEach(stored -> answers.put(stored.place(), ask(stored.credential(), last(stored), now))));
        }
    }

    private void askIfDue(StoredCredential stored, Instant now) {
        Answer last = last(stored);
        answers.put(
                stored.place(),
                last == null || last.isOld(now)
                        ? ask(stored.credential(), last, now)
                        : new Answer(stored.credential(), last.expires(), last.askAgain()));
    }

    private boolean isDue(StoredCredential stored, Instant now) {
        Answer last = last(stored);
        return last == null || last.isOld(now);
    }

    /** @param last what is known, where nobody can be asked now */
    private static Answer ask(VcfCredentials credential, @CheckForNull Answer last, Instant now) {
        try {
            SecretExpiry told = VcfTokens.get().secretExpiry(credential);
            return told.asked()
                    ? new Answer(credential, told.ends(), now.plus(PERIOD))
                    : new Answer(credential, last == null ? null : last.expires(), now);
        } catch (FamilyException | RuntimeException e) {
            // The others are to be looked at all the same, whatever another plugin's store or proxy does.
            LOGGER.log(Level.FINE, e, () -> "Not known when the secret of " + credential.getId() + " ends");
            return new Answer(credential, null, now.plus(PERIOD_AFTER_FAILURE));
        }
    }
}
