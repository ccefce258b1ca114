package io.jenkins.plugins.vcftoken.rotation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import okio.ByteString;

/**
 * A token family in the state of a {@link VersionedSecret}, as all controllers see it. Its JSON names are frozen.
 *
 * @param family the newest token, its history hashed with {@link #HASHES}, and the access token; without ID and locations
 * @param revision of the last claim, chosen by the controller that made it; null before the first one. The same while
 *     that controller requests and when it publishes the result, since its ledger knows either
 * @param controllers all controllers that have ever claimed a token of the secret
 * @param deadline when a claim ends whose controller has not published a result; null when nothing is claimed
 */
record SharedTokenState(
        TokenFamily family,
        @CheckForNull String revision,
        Set<String> controllers,
        @CheckForNull Instant deadline) {

    private static final int FORMAT = 1;

    /** Ten days of constant use. Bounds the size of the store's entry. */
    private static final int MAX_FORMER = 500;

    /** Without a key, since each controller has its own; the store has the current token itself. */
    static final TokenHash HASHES = text -> ByteString.encodeUtf8(text).sha256().hex();

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TokenFamilyJson FAMILY_JSON = new TokenFamilyJson(new FileTokenLedger.Cipher() {
        @Override
        public String seal(String plain) {
            return plain;
        }

        @Override
        public String open(String sealed) {
            return sealed;
        }
    });

    SharedTokenState {
        controllers = Set.copyOf(controllers);
    }

    /**
     * The state of a content. A token that neither the state nor its history has was stored by a person, and begins
     * another family; so does each token of another account. A former token that a file restored changes nothing.
     */
    static SharedTokenState of(VersionedSecret.Content content, Account account, Instant now) throws IOException {
        String text = content.state();
        Set<String> controllers = Set.of();
        if (text != null && !text.isEmpty()) {
            SharedTokenState state = parse(text);
            controllers = state.controllers;
            TokenHistory tokens = state.family.tokens();
            boolean isOfFamily =
                    content.secret().equals(tokens.current()) || tokens.isFormer(HASHES.ofToken(content.secret()));
            if (isOfFamily && state.family.account().isSameAs(account)) {
                return state;
            }
        }
        TokenFamily created = TokenFamily.created(account, content.secret(), HASHES, now);
        return new SharedTokenState(created, null, controllers, null);
    }

    private static SharedTokenState parse(String text) throws IOException {
        try {
            JsonNode root = JSON.readTree(text);
            if (root.path("format").asInt() != FORMAT) {
                throw new IOException("its state is not of format " + FORMAT);
            }
            Set<String> controllers = new TreeSet<>();
            root.path("controllers").forEach(node -> controllers.add(node.asText()));
            String deadline = root.path("deadline").textValue();
            return new SharedTokenState(
                    FAMILY_JSON.read(root.path("family").toString()),
                    root.path("revision").textValue(),
                    controllers,
                    deadline == null ? null : Instant.parse(deadline));
        } catch (JsonProcessingException | DateTimeException e) {
            // The message quotes the text.
            throw new IOException("its state is damaged");
        }
    }

    /** @param withAccessToken whether the text contains the access token, or only when it ends */
    String write(boolean withAccessToken) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("revision", revision);
        controllers.forEach(root.putArray("controllers")::add);
        root.put("deadline", deadline == null ? null : deadline.toString());
        AccessToken accessToken = family.accessToken();
        TokenFamily written = accessToken == null || withAccessToken
                ? family
                : family.withAccessToken(new AccessToken("", accessToken.issuedAt(), accessToken.expiresAt()));
        root.set("family", JSON.readTree(FAMILY_JSON.write(written)));
        return JSON.writeValueAsString(root);
    }

    /** Whether no controller but this one has ever claimed the token. */
    boolean isUnknownToOthersThan(String controller) {
        return Set.of(controller).containsAll(controllers);
    }

    /** Whether the family has replaced this token. */
    boolean hasReplaced(String token) {
        TokenHistory tokens = family.tokens();
        return !token.equals(tokens.current()) && tokens.isFormer(HASHES.ofToken(token));
    }

    /**
     * The same state with the newest token and access token of a controller.
     *
     * @param local the family in that controller's ledger
     * @param claim when the claim of a request ends; null after the request
     */
    SharedTokenState with(TokenFamily local, String newRevision, String controller, @CheckForNull Instant claim) {
        TokenHistory own = local.tokens();
        TokenHistory tokens = family.tokens().current().equals(own.current())
                ? family.tokens()
                : family.tokens().rotatedTo(own.current(), HASHES);
        List<String> former = tokens.formerHashes();
        TokenHistory merged = new TokenHistory(
                tokens.initialTokenHash(),
                tokens.current(),
                former.subList(Math.max(0, former.size() - MAX_FORMER), former.size()),
                Math.max(tokens.generation(), own.generation()),
                own.nonRotating(),
                own.expiresAt());
        Set<String> all = new TreeSet<>(controllers);
        all.add(controller);
        return new SharedTokenState(local.published(merged), newRevision, all, claim);
    }

    @Override
    public String toString() {
        return "SharedTokenState[" + family + ", revision " + revision + "]";
    }
}
