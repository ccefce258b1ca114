package io.jenkins.plugins.vcftoken.admin;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.family.FamilyAdministration;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import java.time.Instant;
import java.util.stream.Collectors;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A record to which no stored token leads any more. For administrators. */
@ExportedBean(defaultVisibility = TokenHealth.ALWAYS)
public final class Orphan {

    private final FamilyRecord family;

    Orphan(FamilyRecord family) {
        this.family = family;
    }

    /** The name of its file, which is a keyed hash and leads to nothing else. */
    @Exported
    public String getRecord() {
        return family.id();
    }

    @Exported
    public String getAccount() {
        return family.endpoint().description();
    }

    /** Where its credential stood. Whose personal ones is not told. */
    @Exported
    public String getPlaces() {
        return family.places().stream().map(Orphan::words).distinct().sorted().collect(Collectors.joining(", "));
    }

    @Exported
    public long getGeneration() {
        return family.tokens().generation();
    }

    /** When it will be removed; null until the hourly upkeep has found that no credential leads to it. */
    @CheckForNull
    @Exported
    public String getRemovedAt() {
        Instant since = family.orphaned();
        return since == null ? null : FamilyAdministration.endOf(since).toString();
    }

    private static String words(Place place) {
        return CredentialHomes.isPersonal(place)
                ? Messages.Orphan_personal()
                : place.context() + '/' + place.credentialsId();
    }
}
