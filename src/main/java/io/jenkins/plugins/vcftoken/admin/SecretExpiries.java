package io.jenkins.plugins.vcftoken.admin;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Computer;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.StoredCredential;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** When stored secrets themselves end, where the server tells. In memory; asked once a day, and of each new secret. */
final class SecretExpiries {

    private static final Logger LOGGER = Logger.getLogger(SecretExpiries.class.getName());

    private static final Duration PERIOD = Duration.ofDays(1);
    private static final Duration PERIOD_AFTER_FAILURE = Duration.ofHours(1);

    private final Map<Place, Answer> answers = new ConcurrentHashMap<>();

    /**
     * @param of the very object that was asked for, which each change of the credential replaces
     * @param expires null when the server does not tell, or could not be asked
     */
    private record Answer(VcfCredentials of, @CheckForNull Instant expires, Instant askAgain) {}

    @CheckForNull
    Instant of(StoredCredential stored) {
        Answer answer = answers.get(stored.place());
        return answer == null || answer.of() != stored.credential() ? null : answer.expires();
    }

    /** Asks the servers about all that is not personal; blocks on each. */
    void ask(List<StoredCredential> shared, Instant now) {
        List<Place> places = shared.stream().map(StoredCredential::place).toList();
        answers.keySet().removeIf(place -> !CredentialHomes.isPersonal(place) && !places.contains(place));
        shared.stream()
                .filter(stored -> isDue(stored, now))
                .forEach(stored -> answers.put(stored.place(), ask(stored.credential(), now)));
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
                    due.forEach(stored -> answers.put(stored.place(), ask(stored.credential(), now))));
        }
    }

    private boolean isDue(StoredCredential stored, Instant now) {
        Answer answer = answers.get(stored.place());
        return answer == null || answer.of() != stored.credential() || !now.isBefore(answer.askAgain());
    }

    private static Answer ask(VcfCredentials credential, Instant now) {
        try {
            return new Answer(credential, VcfTokens.get().secretExpiry(credential), now.plus(PERIOD));
        } catch (FamilyException e) {
            LOGGER.log(Level.FINE, e, () -> "Not known when the secret of " + credential.getId() + " ends");
            return new Answer(credential, null, now.plus(PERIOD_AFTER_FAILURE));
        }
    }
}
