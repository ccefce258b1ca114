package io.jenkins.plugins.vcftoken.admin;

import hudson.model.AdministrativeMonitor;
import java.util.List;

/** Tells administrators what {@link TokenWatch} has found of one kind. Each kind can be dismissed alone. */
public abstract class TokenMonitor extends AdministrativeMonitor {

    /** More make nobody wiser, and the page has them all. */
    private static final int SHOWN = 10;

    private final Finding.Kind kind;

    TokenMonitor(Finding.Kind kind) {
        this.kind = kind;
    }

    /** From memory, since it is asked for each page. */
    @Override
    public final boolean isActivated() {
        return !found().isEmpty();
    }

    public final List<Finding> getFindings() {
        List<Finding> all = found();
        return all.subList(0, Math.min(SHOWN, all.size()));
    }

    public final int getMore() {
        return Math.max(0, found().size() - SHOWN);
    }

    /** From the root of this Jenkins. */
    public final String getPage() {
        return TokensPage.controller();
    }

    private List<Finding> found() {
        return TokenWatch.get().findings(kind);
    }
}
