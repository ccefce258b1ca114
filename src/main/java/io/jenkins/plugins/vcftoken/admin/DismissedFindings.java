package io.jenkins.plugins.vcftoken.admin;

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
public final class DismissedFindings implements Saveable {

    private static final Logger LOGGER = Logger.getLogger(DismissedFindings.class.getName());

    /** In the Jenkins home directory. */
    private static final String FILE = "io.jenkins.plugins.vcftoken.admin.DismissedFindings.xml";

    private final Set<String> keys = new TreeSet<>();

    /** Read when first asked for. */
    private boolean loaded;

    static DismissedFindings get() {
        return ExtensionList.lookupSingleton(DismissedFindings.class);
    }

    synchronized boolean has(Finding finding) {
        load();
        return keys.contains(finding.key());
    }

    synchronized void add(Collection<Finding> findings) throws IOException {
        load();
        if (keys.addAll(keysOf(findings))) {
            save();
        }
    }

    /**
     * Forgets what has ended, so that it is told when it comes back. The end of a secret is not always known, and its
     * finding may come back without news: that stays, since another secret has another end.
     */
    synchronized void keep(Collection<Finding> present) {
        load();
        Set<String> there = keysOf(present);
        if (keys.removeIf(key -> !key.startsWith(Finding.Kind.EXPIRY.name()) && !there.contains(key))) {
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

    private static Set<String> keysOf(Collection<Finding> findings) {
        return findings.stream().map(Finding::key).collect(Collectors.toSet());
    }

    private static XmlFile file() {
        return new XmlFile(path().toFile());
    }

    private static Path path() {
        return Jenkins.get().getRootDir().toPath().resolve(FILE);
    }
}
