package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.LedgerKeys;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyStatus;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
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
public final class AuditLog implements VcfTokenListener {

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
     * @param location of the credential; null for a record without one
     * @param familyId null where there is no record yet
     */
    public void acted(String act, @CheckForNull CredentialLocation location, @CheckForNull String familyId) {
        log(location(new AuditLogLine(act).add("by", VcfTokenService.currentUser()), location)
                .add("family", familyId == null ? null : shortened(familyId)));
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        String sent = before.tokens().current();
        String now = after.tokens().current();
        AccessToken accessToken = after.accessToken();
        log(of("granted", handle, handle.service().account())
                .add("family", shortened(after.id()))
                .add("generation", after.tokens().generation())
                .add("token", hash(sent))
                .add("next", now.equals(sent) ? null : hash(now))
                .add("accessToken", accessToken == null ? null : hash(accessToken.value()))
                .add("ms", took.toMillis()));
        if (before.state() == TokenFamilyStatus.UNKNOWN) {
            log(of("healed", handle, handle.service().account())
                    .add("family", shortened(after.id()))
                    .add("since", before.changed())
                    .add("why", before.error()));
        }
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException why, Duration took) {
        log(of("failed", handle, handle.service().account())
                .add("family", shortened(after.id()))
                .add("generation", after.tokens().generation())
                .add("token", hash(after.tokens().current()))
                .add("problem", why.tokenError())
                .add("state", after.state())
                .add("why", why.detail())
                .add("ms", took.toMillis()));
    }

    @Override
    public void leaseOpened(TokenIssuedEvent handout, Duration waited) {
        use(() -> handout("given", handout));
    }

    @Override
    public void renewed(TokenIssuedEvent handout) {
        use(() -> handout("renewed", handout));
    }

    @Override
    public void leaseClosed(TokenIssuedEvent handout) {
        use(() -> handout("returned", handout));
    }

    @Override
    public void authorized(CredentialLocation location, TokenFamily record, String by) {
        AuditLogLine line = new AuditLogLine("authorized").add("by", by);
        log(account(location(line, location), record.account())
                .add("family", shortened(record.id()))
                .add("token", hash(record.tokens().current())));
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException why) {
        AuditLogLine line = new AuditLogLine("denied").add("to", owner);
        log(of(line, handle, handle.service().account()).add("why", why.getMessage()));
    }

    private static AuditLogLine handout(String event, TokenIssuedEvent handout) {
        AuditLogLine line = new AuditLogLine(event).add("to", handout.owner());
        return of(line, handout.handle(), handout.account())
                .add("accessToken", hash(handout.accessToken().value()))
                .add("until", handout.accessToken().expiresAt());
    }

    private static AuditLogLine of(String event, CredentialHandle handle, Account account) {
        return of(new AuditLogLine(event), handle, account);
    }

    private static AuditLogLine of(AuditLogLine line, CredentialHandle handle, Account account) {
        return account(location(line, handle.location()), account);
    }

    static AuditLogLine location(AuditLogLine line, @CheckForNull CredentialLocation location) {
        return line.add("credential", location == null ? null : location.credentialsId())
                .add("store", location == null ? null : location.context());
    }

    private static AuditLogLine account(AuditLogLine line, Account account) {
        return line.add("system", account.system())
                .add("url", account.url())
                .add("organization", account.organization())
                .add("account", account.name());
    }

    private static String hash(String token) {
        return shortened(LedgerKeys.HASH.ofToken(token));
    }

    private static String shortened(String hash) {
        return hash.length() <= HASH_LENGTH ? hash : hash.substring(0, HASH_LENGTH);
    }

    /** What happens with each block: not even put together where the level is not logged. */
    static void use(Supplier<AuditLogLine> line) {
        if (LOGGER.isLoggable(Level.FINE)) {
            log(Level.FINE, line.get());
        }
    }

    private static void log(AuditLogLine line) {
        log(Level.INFO, line);
    }

    /** Says where it comes from; for each line the logger would otherwise walk the stack to find out. */
    private static void log(Level level, AuditLogLine line) {
        LOGGER.logp(level, AuditLog.class.getName(), "log", line.toString());
    }
}
