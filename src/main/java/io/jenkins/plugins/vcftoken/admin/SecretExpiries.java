package io.jenkins.plugins.vcftoken.admin;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Place;
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

    /** Asks the servers; blocks on each. */
    void ask(List<StoredCredential> all, Instant now) {
        answers.keySet().retainAll(all.stream().map(StoredCredential::place).toList());
        for (StoredCredential stored : all) {
            Answer answer = answers.get(stored.place());
            if (answer == null || answer.of() != stored.credential() || !now.isBefore(answer.askAgain())) {
                answers.put(stored.place(), ask(stored.credential(), now));
            }
        }
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
