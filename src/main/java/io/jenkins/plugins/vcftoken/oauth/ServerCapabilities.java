package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import okhttp3.HttpUrl;

/**
 * Remembers paths, API versions and missing features of each server, so that only the first request probes for them.
 * Stored in a JSON file without secrets, which can be deleted. Thread-safe; the first call reads the file, and changes
 * write it.
 */
public final class ServerCapabilities {

    /** After this time, a missing token list is requested again, because the server may have been upgraded. */
    static final Duration ABSENCE_RECHECK_INTERVAL = Duration.ofDays(30);

    /** Maximum number of servers, and of rejected secrets; the oldest entry is removed first. */
    static final int MAX_ENTRIES = 1_000;

    private static final Logger LOGGER = Logger.getLogger(ServerCapabilities.class.getName());

    private static final String BEHIND_TM = "behindTm";
    private static final String API_BEHIND_TM = "apiBehindTm";
    private static final String API_VERSION = "apiVersion";
    private static final String TOKEN_LIST_ABSENT = "tokenListAbsentSince";

    private final Path file;
    private final InstantSource clock;
    private final UnaryOperator<String> hash;

    /** Null until the first call, so that Jenkins startup does not read the file. */
    @CheckForNull
    private ObjectNode content;

    /**
     * @param file read by the first call; written if its directory exists
     * @param hash keyed hash for the rejected secrets in the file
     */
    public ServerCapabilities(Path file, InstantSource clock, UnaryOperator<String> hash) {
        this.file = file;
        this.clock = clock;
        this.hash = hash;
    }

    /** Whether the OAuth endpoints of VCF Automation are below {@code /tm}. */
    synchronized boolean isBehindTm(HttpUrl url) {
        return server(url).path(BEHIND_TM).asBoolean();
    }

    synchronized void setBehindTm(HttpUrl url, boolean value) {
        put(url, BEHIND_TM, BooleanNode.valueOf(value));
    }

    /** Whether the cloud API of VCF Automation is below {@code /tm}; defaults to {@link #isBehindTm}. */
    synchronized boolean isApiBehindTm(HttpUrl url) {
        return server(url).path(API_BEHIND_TM).asBoolean(isBehindTm(url));
    }

    synchronized void setApiBehindTm(HttpUrl url, boolean value) {
        put(url, API_BEHIND_TM, BooleanNode.valueOf(value));
    }

    /** @return the last accepted version of the cloud API of VCF Automation, or null */
    @CheckForNull
    synchronized String apiVersion(HttpUrl url) {
        return TokenResponseParser.text(server(url), API_VERSION);
    }

    synchronized void setApiVersion(HttpUrl url, String version) {
        put(url, API_VERSION, TextNode.valueOf(version));
    }

    /** Whether VCF Automation had no list of API tokens within the last {@link #ABSENCE_RECHECK_INTERVAL}. */
    synchronized boolean hasNoTokenList(HttpUrl url) {
        String since = TokenResponseParser.text(server(url), TOKEN_LIST_ABSENT);
        try {
            return since != null
                    && clock.instant().isBefore(Instant.parse(since).plus(ABSENCE_RECHECK_INTERVAL));
        } catch (DateTimeException e) {
            return false;
        }
    }

    synchronized void setNoTokenList(HttpUrl url) {
        put(url, TOKEN_LIST_ABSENT, TextNode.valueOf(clock.instant().toString()));
    }

    /** Whether the server has rejected the secret and not accepted it since then. */
    synchronized boolean isRejected(Account account, String secret) {
        return content().path("refused").has(key(account, secret));
    }

    synchronized void setRejected(Account account, String secret, boolean value) {
        if (isRejected(account, secret) == value) {
            return;
        }
        ObjectNode rejected = content().withObject("/refused");
        if (value) {
            removeOldest(rejected);
            rejected.put(key(account, secret), clock.instant().toString());
        } else {
            rejected.remove(key(account, secret));
        }
        save();
    }

    private String key(Account account, String secret) {
        return hash.apply("refused\n" + account.identity() + '\n' + secret);
    }

    private JsonNode server(HttpUrl url) {
        return content().path("hosts").path(host(url));
    }

    private void put(HttpUrl url, String name, JsonNode value) {
        if (value.equals(server(url).get(name))) {
            return;
        }
        ObjectNode hosts = content().withObject("/hosts");
        if (hosts.get(host(url)) instanceof ObjectNode server) {
            server.set(name, value);
        } else {
            removeOldest(hosts);
            hosts.putObject(host(url)).set(name, value);
        }
        save();
    }

    /** The fields of an {@code ObjectNode} are in insertion order. */
    private static void removeOldest(ObjectNode entries) {
        while (entries.size() >= MAX_ENTRIES) {
            Iterator<String> names = entries.fieldNames();
            names.next();
            names.remove();
        }
    }

    private static String host(HttpUrl url) {
        return url.host() + ':' + url.port();
    }

    private ObjectNode content() {
        ObjectNode current = content;
        if (current == null) {
            current = read();
            content = current;
        }
        return current;
    }

    private ObjectNode read() {
        try {
            if (AtMostOnceHttpClient.JSON.readTree(Files.readString(file)) instanceof ObjectNode read
                    && isObjectOrMissing(read.path("hosts"))
                    && isObjectOrMissing(read.path("refused"))) {
                return read;
            }
        } catch (NoSuchFileException e) {
            LOGGER.log(Level.FINEST, "There is no file yet", e);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> file + " cannot be read; its content is determined again");
        }
        return JsonNodeFactory.instance.objectNode();
    }

    private static boolean isObjectOrMissing(JsonNode node) {
        return node.isObject() || node.isMissingNode();
    }

    private void save() {
        if (!Files.isDirectory(file.resolveSibling(""))) {
            return;
        }
        try {
            Path written = Files.writeString(
                    file.resolveSibling(file.getFileName() + ".tmp"),
                    AtMostOnceHttpClient.JSON.writeValueAsString(content()));
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOGGER.log(
                    Level.FINE, e, () -> file + " cannot be written; its content is determined again after a restart");
        }
    }
}
