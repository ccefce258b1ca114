package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import java.time.Instant;
import java.util.stream.Collectors;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** Ledger record without a stored secret, shown to administrators. */
@ExportedBean(defaultVisibility = CredentialHealth.ALWAYS)
public final class OrphanedRecord {

    private final TokenFamily family;

    OrphanedRecord(TokenFamily family) {
        this.family = family;
    }

    /** File name without {@code .json}: a keyed hash. */
    @Exported
    public String getRecord() {
        return family.id();
    }

    @Exported
    public String getAccount() {
        return family.account().description();
    }

    /** Credential locations, without the owners of personal credentials. */
    @Exported
    public String getLocations() {
        return family.locations().stream()
                .map(OrphanedRecord::describe)
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
    }

    @Exported
    public long getGeneration() {
        return family.tokens().generation();
    }

    /** Time of the scheduled removal; null until the hourly cleanup marks the record as orphaned. */
    @CheckForNull
    @Exported
    public String getRemovedAt() {
        Instant since = family.orphaned();
        return since == null ? null : TokenFamilyAdmin.removalTime(since).toString();
    }

    /** {@link #getLocations} for display: "vcfa-ci (folder team)". */
    public String getPlaces() {
        return family.locations().stream()
                .map(location -> StoreContext.isPersonal(location)
                        ? Messages.OrphanedRecord_personal()
                        : location.credentialsId() + " (" + displayName(location.context()) + ')')
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
    }

    private static String displayName(String context) {
        return context.equals("system")
                ? Messages.OrphanedRecord_global()
                : Messages.OrphanedRecord_folder(context.replaceFirst("^folder:", ""));
    }

    @CheckForNull
    public DisplayTime getRemoved() {
        Instant since = family.orphaned();
        return since == null ? null : new DisplayTime(TokenFamilyAdmin.removalTime(since));
    }

    private static String describe(CredentialLocation location) {
        return StoreContext.isPersonal(location)
                ? Messages.OrphanedRecord_personal()
                : location.context() + '/' + location.credentialsId();
    }
}
