package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.AsyncPeriodicWork;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Replaces secrets that expire soon by new ones from the server, for the credentials that enable it. Runs twice a day;
 * the next run retries after an error.
 */
@Extension
public final class SecretRegenerationWork extends AsyncPeriodicWork {

    /** Not persisted, since each run retries. */
    private final Map<CredentialLocation, String> errors = new ConcurrentHashMap<>();

    public SecretRegenerationWork() {
        super("VCF token regeneration of secrets");
    }

    public static SecretRegenerationWork get() {
        return ExtensionList.lookupSingleton(SecretRegenerationWork.class);
    }

    /**
     * The error of the last run for the secret at a location.
     *
     * @return null if it was replaced, was not due, or is not replaced automatically
     */
    @CheckForNull
    public String findError(CredentialLocation location) {
        return errors.get(location);
    }

    @Override
    public long getInitialDelay() {
        return TimeUnit.MINUTES.toMillis(15);
    }

    @Override
    public long getRecurrencePeriod() {
        return TimeUnit.HOURS.toMillis(12);
    }

    @Override
    protected void execute(TaskListener listener) throws InterruptedException {
        List<LocatedCredential> regenerated = Stream.concat(
                        CredentialScanner.shared().stream(), CredentialScanner.personal().stream())
                .filter(found -> found.credential().regeneratedBeforeExpiry() != null)
                .toList();
        errors.keySet()
                .retainAll(regenerated.stream().map(LocatedCredential::location).toList());
        for (LocatedCredential found : regenerated) {
            regenerate(found, listener);
        }
    }

    private void regenerate(LocatedCredential found, TaskListener listener) throws InterruptedException {
        try {
            if (VcfTokenService.get().regenerateIfDue(found.credential())) {
                listener.getLogger().println("Regenerated: " + found.location());
            }
            errors.remove(found.location());
        } catch (TokenUnavailableException e) {
            errors.put(found.location(), e.getMessage());
            listener.error(e.getMessage());
        } catch (RuntimeException e) {
            // Includes exceptions of stores and proxies of other plugins: the other credentials are still processed.
            errors.put(found.location(), e.toString());
            listener.error(e.toString());
        }
    }
}
