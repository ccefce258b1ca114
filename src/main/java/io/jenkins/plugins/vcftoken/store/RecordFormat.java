package io.jenkins.plugins.vcftoken.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.FamilyState;
import io.jenkins.plugins.vcftoken.family.Forgotten;
import io.jenkins.plugins.vcftoken.family.Lineage;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenHash;
import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A family's record as JSON. Spelled out field by field, because files outlive classes. */
final class RecordFormat {

    private static final int VERSION = 1;

    private final ObjectMapper json;
    private final SecretCipher cipher;

    RecordFormat(ObjectMapper json, SecretCipher cipher) {
        this.json = json;
        this.cipher = cipher;
    }

    byte[] write(FamilyRecord record) throws IOException {
        ObjectNode root = json.createObjectNode();
        root.put("format", VERSION);
        root.put("id", record.id());
        root.put("system", record.endpoint().system());
        root.put("url", record.endpoint().url().toString());
        root.put("organization", record.endpoint().organization());
        root.put("account", record.endpoint().account());
        root.put("state", record.state().name());
        root.put("changed", record.changed().toString());
        root.put("trouble", record.trouble());
        Instant notBefore = record.notBefore();
        if (notBefore != null) {
            root.put("notBefore", notBefore.toString());
        }
        Instant orphaned = record.orphaned();
        root.put("orphaned", orphaned == null ? null : orphaned.toString());
        Lineage tokens = record.tokens();
        root.put("current", cipher.seal(tokens.current()));
        root.put("generation", tokens.generation());
        root.put("steady", tokens.steady());
        root.put("seedHash", tokens.seedHash());
        Bearer bearer = record.bearer();
        if (bearer != null) {
            ObjectNode node = root.putObject("bearer");
            node.put("value", cipher.seal(bearer.value()));
            node.put("issuedAt", bearer.issuedAt().toString());
            node.put("expiresAt", bearer.expiresAt().toString());
        }
        ArrayNode places = root.putArray("places");
        for (Place place : record.places()) {
            places.addObject().put("context", place.context()).put("credentialsId", place.credentialsId());
        }
        ArrayNode former = root.putArray("formerHashes");
        tokens.formerHashes().forEach(former::add);
        return json.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    FamilyRecord read(String text) throws IOException {
        try {
            JsonNode root = json.readTree(text);
            int written = root.path("format").asInt();
            if (written > VERSION) {
                throw new IOException("written by a newer version of the plugin, in format " + written);
            }
            if (written != VERSION) {
                throw new IOException("not a token record of format " + VERSION);
            }
            return new FamilyRecord(
                    required(root, "id"),
                    new Endpoint(
                            required(root, "system"),
                            URI.create(required(root, "url")),
                            required(root, "organization"),
                            root.path("account").asText()),
                    FamilyState.valueOf(required(root, "state")),
                    new Lineage(
                            required(root, "seedHash"),
                            cipher.open(required(root, "current")),
                            hashes(root.path("formerHashes")),
                            root.path("generation").asLong(),
                            root.path("steady").asBoolean()),
                    root.has("bearer") ? bearer(root.path("bearer")) : null,
                    places(root.path("places")),
                    root.path("trouble").textValue(),
                    Instant.parse(required(root, "changed")),
                    instant(root, "notBefore"),
                    instant(root, "orphaned"));
        } catch (JsonProcessingException e) {
            // Without its message, which quotes the text.
            throw new IOException("damaged: not JSON");
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("damaged: " + e.getClass().getSimpleName());
        }
    }

    byte[] write(Forgotten forgotten) throws IOException {
        ObjectNode root = json.createObjectNode();
        root.put("host", forgotten.host());
        root.put("owner", forgotten.owner());
        return json.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    Forgotten readForgotten(String text, String hash) throws IOException {
        try {
            JsonNode root = json.readTree(text);
            return new Forgotten(hash, required(root, "host"), required(root, "owner"));
        } catch (JsonProcessingException e) {
            throw new IOException("damaged: not JSON");
        }
    }

    /**
     * Whether a record is of this token, whatever format it has: the fields asked here keep their names in all to come.
     * False where the text tells nothing, and for an empty token: most have been that once.
     */
    boolean isOf(String text, String token, String hash) {
        if (token.isBlank()) {
            return false;
        }
        try {
            JsonNode root = json.readTree(text);
            List<String> known = hashes(root.path("formerHashes"));
            known.add(root.path("seedHash").asText());
            return known.contains(hash)
                    || known.contains(TokenHash.brief(hash))
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

    private Bearer bearer(JsonNode node) throws IOException {
        return new Bearer(
                cipher.open(required(node, "value")),
                Instant.parse(required(node, "issuedAt")),
                Instant.parse(required(node, "expiresAt")));
    }

    private static Set<Place> places(JsonNode nodes) throws IOException {
        Set<Place> places = new LinkedHashSet<>();
        for (JsonNode node : nodes) {
            places.add(new Place(required(node, "context"), required(node, "credentialsId")));
        }
        return places;
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
