package io.jenkins.plugins.vcftoken.rotation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * JSON format of the ledger's files. Written field by field, since the JSON names are frozen and class names are not.
 */
final class TokenFamilyJson {

    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileTokenLedger.Cipher cipher;

    TokenFamilyJson(FileTokenLedger.Cipher cipher) {
        this.cipher = cipher;
    }

    byte[] write(TokenFamily record) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", VERSION);
        root.put("id", record.id());
        root.put("system", record.account().system());
        root.put("url", record.account().url().toString());
        root.put("organization", record.account().organization());
        root.put("account", record.account().name());
        root.put("status", record.state().name());
        root.put("changed", record.changed().toString());
        root.put("error", record.error());
        Instant notBefore = record.notBefore();
        if (notBefore != null) {
            root.put("notBefore", notBefore.toString());
        }
        Instant orphaned = record.orphaned();
        root.put("orphaned", orphaned == null ? null : orphaned.toString());
        String sharedRevision = record.sharedRevision();
        if (sharedRevision != null) {
            root.put("sharedRevision", sharedRevision);
        }
        RefreshTokenHistory tokens = record.tokens();
        root.put("current", cipher.seal(tokens.current()));
        root.put("generation", tokens.generation());
        root.put("nonRotating", tokens.nonRotating());
        Instant expiresAt = tokens.expiresAt();
        if (expiresAt != null) {
            root.put("expiresAt", expiresAt.toString());
        }
        root.put("initialTokenHash", tokens.initialTokenHash());
        AccessToken accessToken = record.accessToken();
        if (accessToken != null) {
            ObjectNode node = root.putObject("accessToken");
            node.put("value", cipher.seal(accessToken.value()));
            node.put("issuedAt", accessToken.issuedAt().toString());
            node.put("expiresAt", accessToken.expiresAt().toString());
        }
        ArrayNode locations = root.putArray("locations");
        for (CredentialLocation location : record.locations()) {
            locations.addObject().put("context", location.context()).put("credentialsId", location.credentialsId());
        }
        ArrayNode former = root.putArray("formerHashes");
        tokens.formerHashes().forEach(former::add);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    TokenFamily read(String text) throws IOException {
        try {
            JsonNode root = JSON.readTree(text);
            int written = root.path("format").asInt();
            if (written > VERSION) {
                throw new IOException("written by a newer version of the plugin, in format " + written);
            }
            if (written != VERSION) {
                throw new IOException("not a token record of format " + VERSION);
            }
            return new TokenFamily(
                    required(root, "id"),
                    new Account(
                            required(root, "system"),
                            URI.create(required(root, "url")),
                            required(root, "organization"),
                            root.path("account").asText()),
                    TokenFamily.Status.valueOf(required(root, "status")),
                    new RefreshTokenHistory(
                            required(root, "initialTokenHash"),
                            cipher.open(required(root, "current")),
                            hashes(root.path("formerHashes")),
                            root.path("generation").asLong(),
                            root.path("nonRotating").asBoolean(),
                            instant(root, "expiresAt")),
                    root.has("accessToken") ? accessToken(root.path("accessToken")) : null,
                    locations(root.path("locations")),
                    root.path("error").textValue(),
                    Instant.parse(required(root, "changed")),
                    instant(root, "notBefore"),
                    instant(root, "orphaned"),
                    root.path("sharedRevision").textValue());
        } catch (JsonProcessingException e) {
            // The message of the cause quotes the text.
            throw new IOException("damaged: not JSON");
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("damaged: " + e.getClass().getSimpleName());
        }
    }

    byte[] write(TokenLedger.Tombstone tombstone) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("host", tombstone.host());
        root.put("owner", tombstone.owner());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    TokenLedger.Tombstone readTombstone(String text, String hash) throws IOException {
        try {
            JsonNode root = JSON.readTree(text);
            return new TokenLedger.Tombstone(hash, required(root, "host"), required(root, "owner"));
        } catch (JsonProcessingException e) {
            throw new IOException("damaged: not JSON");
        }
    }

    /**
     * Whether a record of any format version belongs to this token: the fields used here have the same names in all
     * versions. False for text that is not JSON, and for the empty token, which belongs to many families.
     */
    boolean isOf(String text, String token, String hash) {
        if (token.isBlank()) {
            return false;
        }
        try {
            JsonNode root = JSON.readTree(text);
            List<String> known = hashes(root.path("formerHashes"));
            known.add(root.path("initialTokenHash").asText());
            return known.contains(hash)
                    || known.contains(TokenHasher.brief(hash))
                    || token.equals(cipher.open(required(root, "current")));
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    @CheckForNull
    private static Instant instant(JsonNode node, String field) {
        String text = node.path(field).textValue();
        return text == null ? null : Instant.parse(text);
    }

    private AccessToken accessToken(JsonNode node) throws IOException {
        return new AccessToken(
                cipher.open(required(node, "value")),
                Instant.parse(required(node, "issuedAt")),
                Instant.parse(required(node, "expiresAt")));
    }

    private static Set<CredentialLocation> locations(JsonNode nodes) throws IOException {
        Set<CredentialLocation> locations = new LinkedHashSet<>();
        for (JsonNode node : nodes) {
            locations.add(new CredentialLocation(required(node, "context"), required(node, "credentialsId")));
        }
        return locations;
    }

    private static List<String> hashes(JsonNode nodes) {
        List<String> hashes = new ArrayList<>();
        nodes.forEach(node -> hashes.add(node.asText()));
        return hashes;
    }

    private static String required(JsonNode node, String field) throws IOException {
        String value = node.path(field).textValue();
        if (value == null) {
            throw new IOException("damaged: no " + field);
        }
        return value;
    }
}
