package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.XmlFile;
import hudson.model.Saveable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;

/**
 * What administrators have read and do not want to read again. One monitor speaks of all credentials, so turning it off,
 * which is Jenkins' own way, would silence the next credential's trouble as well.
 */
@Extension
public final class DismissedWarnings implements Saveable {

    private static final Logger LOGGER = Logger.getLogger(DismissedWarnings.class.getName());

    /** In the Jenkins home directory. */
    private static final String FILE = "io.jenkins.plugins.vcftoken.health.DismissedWarnings.xml";

    private final Set<String> keys = new TreeSet<>();

    /** Read when first asked for. */
    private boolean loaded;

    static DismissedWarnings get() {
        return ExtensionList.lookupSingleton(DismissedWarnings.class);
    }

    synchronized boolean has(HealthWarning warning) {
        load();
        return keys.contains(warning.key());
    }

    synchronized void add(Collection<HealthWarning> warnings) throws IOException {
        load();
        if (keys.addAll(keysOf(warnings))) {
            save();
        }
    }

    /**
     * Forgets what has ended, so that it is told when it comes back. The end of a secret is not always known, and its
     * finding may come back without news: that stays, since another secret has another end.
     */
    synchronized void keep(Collection<HealthWarning> present) {
        load();
        Set<String> there = keysOf(present);
        if (keys.removeIf(key -> !key.startsWith(HealthWarning.Kind.EXPIRY.name()) && !there.contains(key))) {
            try {
                save();
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, e, () -> path() + " cannot be written");
            }
        }
    }

    @Override
    public synchronized void save() throws IOException {
        file().write(List.copyOf(keys).toArray(new String[0]));
    }

    private void load() {
        if (loaded) {
            return;
        }
        loaded = true;
        try {
            if (file().exists() && file().read() instanceof String[] stored) {
                keys.addAll(List.of(stored));
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, () -> path() + " cannot be read; what was dismissed is told again");
        }
    }

    private static Set<String> keysOf(Collection<HealthWarning> warnings) {
        return warnings.stream().map(HealthWarning::key).collect(Collectors.toSet());
    }

    private static XmlFile file() {
        return new XmlFile(path().toFile());
    }

    private static Path path() {
        return Jenkins.get().getRootDir().toPath().resolve(FILE);
    }
}
