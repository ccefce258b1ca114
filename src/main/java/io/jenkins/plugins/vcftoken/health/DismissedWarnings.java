package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.XmlFile;
import java.io.File;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;

/**
 * Stores the keys of dismissed warnings in a file of the Jenkins home directory. Jenkins can only disable a whole
 * monitor, which would hide later warnings about other credentials.
 */
@Extension
public final class DismissedWarnings {

    private static final Logger LOGGER = Logger.getLogger(DismissedWarnings.class.getName());

    private final XmlFile file = new XmlFile(
            new File(Jenkins.get().getRootDir(), "io.jenkins.plugins.vcftoken.health.DismissedWarnings.xml"));

    private final Set<String> keys = new TreeSet<>();

    public DismissedWarnings() {
        try {
            if (file.exists() && file.read() instanceof String[] stored) {
                keys.addAll(List.of(stored));
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, () -> file.getFile() + " cannot be read; dismissed warnings are shown again");
        }
    }

    static DismissedWarnings get() {
        return ExtensionList.lookupSingleton(DismissedWarnings.class);
    }

    synchronized boolean contains(HealthWarning warning) {
        return keys.contains(warning.key());
    }

    synchronized void add(Collection<HealthWarning> warnings) throws IOException {
        if (keys.addAll(keysOf(warnings))) {
            save();
        }
    }

    /**
     * Removes dismissed warnings that are no longer present, so that they are shown if they recur. Expiry warnings
     * remain dismissed: their expiry time can be temporarily unknown, and the warning of a new secret has another key.
     */
    synchronized void retain(Collection<HealthWarning> present) {
        Set<String> presentKeys = keysOf(present);
        if (keys.removeIf(key -> !key.startsWith(HealthWarning.Kind.EXPIRY.name()) && !presentKeys.contains(key))) {
            try {
                save();
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, e, () -> file.getFile() + " cannot be written");
            }
        }
    }

    private void save() throws IOException {
        file.write(keys.toArray(new String[0]));
    }

    private static Set<String> keysOf(Collection<HealthWarning> warnings) {
        return warnings.stream().map(HealthWarning::key).collect(Collectors.toSet());
    }
}
