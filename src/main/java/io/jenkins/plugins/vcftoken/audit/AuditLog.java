package io.jenkins.plugins.vcftoken.audit;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.controller.TokenObserver;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.FamilyState;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.ControllerKeys;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Who got what, one line per event. What servers, people and failures bring about is logged at INFO. What each block, item
 * or node does is logged at FINE, since a busy controller's main log would fill with it. Of tokens there is a keyed hash,
 * the same in each line about the same token, from which nothing can be guessed.
 */
@Extension
public final class AuditLog implements TokenObserver {

    /** The logger's name, a promise to those who configure where it writes. */
    public static final String NAME = "io.jenkins.plugins.vcftoken.audit";

    private static final Logger LOGGER = Logger.getLogger(NAME);

    /** Hexadecimal digits: enough to tell tokens apart. */
    private static final int HASH_LENGTH = 12;

    public static AuditLog get() {
        return ExtensionList.lookupSingleton(AuditLog.class);
    }

    /**
     * A person does something to a token. Says who from the current authentication; what comes of it is for other lines.
     *
     * @param act one word: "renew", "vouch", "forget", "authorize", "cancel"
     * @param place of the credential; null for a record without one
     * @param familyId null where there is no record yet
     */
    public void acted(String act, @CheckForNull Place place, @CheckForNull String familyId) {
        log(place(new AuditLine(act).add("by", VcfTokens.whoAsks()), place)
                .add("family", familyId == null ? null : shortened(familyId)));
    }

    @Override
    public void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {
        String sent = before.tokens().current();
        String now = after.tokens().current();
        Bearer bearer = after.bearer();
        log(of("granted", holder, holder.service().endpoint())
                .add("family", shortened(after.id()))
                .add("generation", after.tokens().generation())
                .add("token", hash(sent))
                .add("next", now.equals(sent) ? null : hash(now))
                .add("bearer", bearer == null ? null : hash(bearer.value()))
                .add("ms", took.toMillis()));
        if (before.state() == FamilyState.UNKNOWN) {
            log(of("healed", holder, holder.service().endpoint())
                    .add("family", shortened(after.id()))
                    .add("since", before.changed())
                    .add("why", before.trouble()));
        }
    }

    @Override
    public void failed(Holder holder, FamilyRecord after, ExchangeException why, Duration took) {
        log(of("failed", holder, holder.service().endpoint())
                .add("family", shortened(after.id()))
                .add("generation", after.tokens().generation())
                .add("token", hash(after.tokens().current()))
                .add("problem", why.problem())
                .add("state", after.state())
                .add("why", why.detail())
                .add("ms", took.toMillis()));
    }

    @Override
    public void gave(Handout handout, Duration waited) {
        use(() -> handout("given", handout));
    }

    @Override
    public void renewed(Handout handout) {
        use(() -> handout("renewed", handout));
    }

    @Override
    public void returned(Handout handout) {
        use(() -> handout("returned", handout));
    }

    @Override
    public void authorized(Place place, FamilyRecord record, String by) {
        AuditLine line = new AuditLine("authorized").add("by", by);
        log(endpoint(place(line, place), record.endpoint())
                .add("family", shortened(record.id()))
                .add("token", hash(record.tokens().current())));
    }

    @Override
    public void denied(String tenant, Holder holder, FamilyException why) {
        AuditLine line = new AuditLine("denied").add("to", tenant);
        log(of(line, holder, holder.service().endpoint()).add("why", why.getMessage()));
    }

    private static AuditLine handout(String event, Handout handout) {
        AuditLine line = new AuditLine(event).add("to", handout.tenant());
        return of(line, handout.holder(), handout.endpoint())
                .add("bearer", hash(handout.bearer().value()))
                .add("until", handout.bearer().expiresAt());
    }

    private static AuditLine of(String event, Holder holder, Endpoint endpoint) {
        return of(new AuditLine(event), holder, endpoint);
    }

    private static AuditLine of(AuditLine line, Holder holder, Endpoint endpoint) {
        return endpoint(place(line, holder.place()), endpoint);
    }

    static AuditLine place(AuditLine line, @CheckForNull Place place) {
        return line.add("credential", place == null ? null : place.credentialsId())
                .add("store", place == null ? null : place.context());
    }

    private static AuditLine endpoint(AuditLine line, Endpoint endpoint) {
        return line.add("system", endpoint.system())
                .add("url", endpoint.url())
                .add("organization", endpoint.organization())
                .add("account", endpoint.account());
    }

    private static String hash(String token) {
        return shortened(ControllerKeys.HASH.ofToken(token));
    }

    private static String shortened(String hash) {
        return hash.length() <= HASH_LENGTH ? hash : hash.substring(0, HASH_LENGTH);
    }

    /** What happens with each block: not even put together where the level is not logged. */
    static void use(Supplier<AuditLine> line) {
        if (LOGGER.isLoggable(Level.FINE)) {
            log(Level.FINE, line.get());
        }
    }

    private static void log(AuditLine line) {
        log(Level.INFO, line);
    }

    /** Says where it comes from; for each line the logger would otherwise walk the stack to find out. */
    private static void log(Level level, AuditLine line) {
        LOGGER.logp(level, AuditLog.class.getName(), "log", line.toString());
    }
}
