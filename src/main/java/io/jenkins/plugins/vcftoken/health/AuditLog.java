package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Item;
import hudson.model.Node;
import hudson.model.Run;
import io.jenkins.plugins.vcftoken.LedgerCrypto;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenHasher;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Logs each event as one line of JSON. Token requests, failures and user actions are logged at INFO. Events of blocks
 * and uses of credentials are logged at FINE, because they would fill the main log of a busy controller. A token is
 * logged as a prefix of its keyed hash, which identifies the token across lines, but does not help to guess it.
 */
@Extension
public final class AuditLog implements VcfTokenListener, CredentialsUseListener {

    /** Logger name, which administrators use to configure level and file. */
    public static final String NAME = "io.jenkins.plugins.vcftoken.audit";

    private static final Logger LOGGER = Logger.getLogger(NAME);

    private static final int HASH_DIGITS = 12;

    /** In code points. Limits texts of servers and users. */
    private static final int MAX_VALUE_LENGTH = 500;

    /** Escapes all non-ASCII characters, including line separators and invisible characters. */
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final TokenHasher hashes = LedgerCrypto.hash();

    public static AuditLog get() {
        return ExtensionList.lookupSingleton(AuditLog.class);
    }

    /**
     * Logs an action of the current user. Called before the action, which logs its own events.
     *
     * @param action "renew", "retry", "forget", "authorize" or "cancel"
     * @param location credential location; null for a record without a credential
     * @param familyId null if there is no record yet
     */
    public void logAction(String action, @CheckForNull CredentialLocation location, @CheckForNull String familyId) {
        RecentEvents.get().add(location, RecentEvents.actionText(action, VcfTokenService.currentUser()));
        ObjectNode event = event(action).put("by", VcfTokenService.currentUser());
        log(addLocation(event, location).put("family", familyId == null ? null : shorten(familyId)));
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        String sent = before.tokens().current();
        String current = after.tokens().current();
        AccessToken accessToken = after.accessToken();
        log(addFamily(event("granted"), handle, after)
                .put("generation", after.tokens().generation())
                .put("token", hash(sent))
                .put("next", current.equals(sent) ? null : hash(current))
                .put("accessToken", accessToken == null ? null : hash(accessToken.value()))
                .put("ms", took.toMillis()));
        if (before.state() == TokenFamily.Status.UNKNOWN) {
            log(addFamily(event("healed"), handle, after)
                    .put("since", before.changed().toString())
                    .put("cause", before.error()));
        }
    }

    @Override
    public void regenerated(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        Instant expiresAt = after.tokens().expiresAt();
        log(addFamily(event("regenerated"), handle, after)
                .put("generation", after.tokens().generation())
                .put("token", hash(before.tokens().current()))
                .put("next", hash(after.tokens().current()))
                .put("until", expiresAt == null ? null : expiresAt.toString())
                .put("ms", took.toMillis()));
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
        log(addFamily(event("failed"), handle, after)
                .put("generation", after.tokens().generation())
                .put("token", hash(after.tokens().current()))
                .put("error", cause.errorType().name())
                .put("state", after.state().name())
                .put("cause", cause.detail())
                .put("ms", took.toMillis()));
    }

    @Override
    public void leaseOpened(TokenIssuedEvent issued, Duration waited) {
        logIssued("given", issued);
    }

    @Override
    public void renewed(TokenIssuedEvent issued) {
        logIssued("renewed", issued);
    }

    @Override
    public void leaseClosed(TokenIssuedEvent issued) {
        logIssued("returned", issued);
    }

    @Override
    public void authorized(CredentialLocation location, TokenFamily family, String by) {
        ObjectNode event = addLocation(event("authorized").put("by", by), location);
        log(addAccount(event, family.account())
                .put("family", shorten(family.id()))
                .put("token", hash(family.tokens().current())));
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {
        ObjectNode event = addLocation(event("denied").put("to", owner), handle.location());
        log(addAccount(event, handle.client().account()).put("cause", cause.getMessage()));
    }

    @Override
    @SuppressWarnings("rawtypes") // overridden method has a raw type
    public void onUse(Credentials credentials, Run run) {
        logUse(credentials, "build " + run.getExternalizableId(), run.getParent());
    }

    @Override
    public void onUse(Credentials credentials, Node node) {
        logUse(credentials, "node " + node.getNodeName(), null);
    }

    @Override
    public void onUse(Credentials credentials, Item item) {
        logUse(credentials, "item " + item.getFullName(), item);
    }

    private static void logUse(Credentials credentials, String user, @CheckForNull Item context) {
        if (credentials instanceof VcfCredentials used && LOGGER.isLoggable(Level.FINE)) {
            Optional<StoreCredentialWriter> found =
                    VcfTokenService.get().locator().find(used, context);
            CredentialLocation location =
                    found.map(StoreCredentialWriter::location).orElse(new CredentialLocation("", used.getId()));
            log(Level.FINE, addLocation(event("used").put("by", user), location).put("url", used.getUrl()));
        }
    }

    private void logIssued(String name, TokenIssuedEvent issued) {
        if (LOGGER.isLoggable(Level.FINE)) {
            ObjectNode event = addLocation(
                    event(name).put("to", issued.owner()), issued.handle().location());
            AccessToken accessToken = issued.accessToken();
            addAccount(event, issued.account())
                    .put("accessToken", hash(accessToken.value()))
                    .put("until", accessToken.expiresAt().toString());
            log(Level.FINE, event);
        }
    }

    static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name);
    }

    private static ObjectNode addFamily(ObjectNode event, CredentialHandle handle, TokenFamily family) {
        addAccount(addLocation(event, handle.location()), handle.client().account());
        return event.put("family", shorten(family.id()));
    }

    private static ObjectNode addLocation(ObjectNode event, @CheckForNull CredentialLocation location) {
        return event.put("credential", location == null ? null : location.credentialsId())
                .put("store", location == null ? null : location.context());
    }

    private static ObjectNode addAccount(ObjectNode event, Account account) {
        return event.put("system", account.system())
                .put("url", account.url().toString())
                .put("organization", account.organization())
                .put("account", account.name());
    }

    private String hash(String token) {
        return shorten(hashes.ofToken(token));
    }

    private static String shorten(String hash) {
        return hash.substring(0, HASH_DIGITS);
    }

    private static void log(ObjectNode event) {
        log(Level.INFO, event);
    }

    /** Passes class and method name, which the logger would otherwise infer from the stack. */
    private static void log(Level level, ObjectNode event) {
        LOGGER.logp(level, AuditLog.class.getName(), "log", toLine(event));
    }

    static String toLine(ObjectNode event) {
        event.properties().stream()
                .filter(field -> field.getValue().isTextual())
                .forEach(field -> field.setValue(
                        TextNode.valueOf(truncate(field.getValue().textValue()))));
        try {
            return JSON.writeValueAsString(event);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Also replaces DEL, the only control character that the JSON writer does not escape. */
    private static String truncate(String text) {
        String value = text.replace('\u007f', '\ufffd');
        return value.codePointCount(0, value.length()) <= MAX_VALUE_LENGTH
                ? value
                : value.substring(0, value.offsetByCodePoints(0, MAX_VALUE_LENGTH)) + '…';
    }
}
