package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
 * What was found out about each server, so that only the first request to it has to try, also after a restart: one small
 * JSON file, which may be lost. Has no secrets in it. Thread-safe.
 */
public final class ServerCapabilities {

    /** A server may be upgraded to one that has what it had not. */
    static final Duration ABSENCE_HOLDS = Duration.ofDays(30);

    /** Of each sort; the oldest goes first. */
    static final int MAX_ENTRIES = 1_000;

    private static final Logger LOGGER = Logger.getLogger(ServerCapabilities.class.getName());

    private static final String BEHIND_TM = "behindTm";
    private static final String API_BEHIND_TM = "apiBehindTm";
    private static final String API_VERSION = "apiVersion";
    private static final String TOKEN_LIST_ABSENT = "tokenListAbsentSince";

    @CheckForNull
    private final Path file;

    private final InstantSource clock;
    private final UnaryOperator<String> hash;

    /** Null until it is needed, so that no start waits for it. */
    @CheckForNull
    private ObjectNode known;

    /** For as long as the process lives. */
    ServerCapabilities(InstantSource clock) {
        this.file = null;
        this.clock = clock;
        this.hash = text -> Integer.toHexString(text.hashCode());
    }

    /**
     * @param file read when first needed, and written where its directory is there
     * @param hash keyed, so that the file does not tell which secret was refused
     */
    public ServerCapabilities(Path file, InstantSource clock, UnaryOperator<String> hash) {
        this.file = file;
        this.clock = clock;
        this.hash = hash;
    }

    /** Whether VCF Automation answers there under {@code /tm} alone. */
    synchronized boolean isBehindTm(HttpUrl url) {
        return of(url).path(BEHIND_TM).asBoolean();
    }

    synchronized void setBehindTm(HttpUrl url, boolean is) {
        if (isBehindTm(url) != is) {
            forChange(url).put(BEHIND_TM, is);
            save();
        }
    }

    /** The same of its cloud API, which is elsewhere on some; as the tokens are until it is known. */
    synchronized boolean isApiBehindTm(HttpUrl url) {
        return of(url).path(API_BEHIND_TM).asBoolean(isBehindTm(url));
    }

    synchronized void setApiBehindTm(HttpUrl url, boolean is) {
        if (!of(url).path(API_BEHIND_TM).isBoolean() || isApiBehindTm(url) != is) {
            forChange(url).put(API_BEHIND_TM, is);
            save();
        }
    }

    /** The version of VCF Automation's cloud API that was accepted last. */
    @CheckForNull
    synchronized String apiVersion(HttpUrl url) {
        return HttpResponseParser.text(of(url), API_VERSION);
    }

    synchronized void setApiVersion(HttpUrl url, String version) {
        if (!version.equals(apiVersion(url))) {
            forChange(url).put(API_VERSION, version);
            save();
        }
    }

    /** Whether VCF Automation was lately found to have no list of API tokens. */
    synchronized boolean hasNoTokenList(HttpUrl url) {
        String since = HttpResponseParser.text(of(url), TOKEN_LIST_ABSENT);
        try {
            return since != null
                    && clock.instant().isBefore(Instant.parse(since).plus(ABSENCE_HOLDS));
        } catch (DateTimeException e) {
            return false;
        }
    }

    synchronized void setNoTokenList(HttpUrl url) {
        forChange(url).put(TOKEN_LIST_ABSENT, clock.instant().toString());
        save();
    }

    /** Whether the server has refused a secret, and not accepted it since. */
    synchronized boolean isRefused(Account account, String secret) {
        return known().path("refused").has(key(account, secret));
    }

    synchronized void setRefused(Account account, String secret, boolean is) {
        if (isRefused(account, secret) == is) {
            return;
        }
        ObjectNode refused = known().withObject("/refused");
        if (is) {
            makeRoom(refused);
            refused.put(key(account, secret), clock.instant().toString());
        } else {
            refused.remove(key(account, secret));
        }
        save();
    }

    private String key(Account account, String secret) {
        return hash.apply("refused\n" + account.identity() + '\n' + secret);
    }

    private JsonNode of(HttpUrl url) {
        return known().path("hosts").path(host(url));
    }

    private ObjectNode forChange(HttpUrl url) {
        ObjectNode hosts = known().withObject("/hosts");
        if (hosts.get(host(url)) instanceof ObjectNode facts) {
            return facts;
        }
        makeRoom(hosts);
        return hosts.putObject(host(url));
    }

    /** Fields stand in the order in which they were added. */
    private static void makeRoom(ObjectNode entries) {
        while (entries.size() >= MAX_ENTRIES) {
            Iterator<String> names = entries.fieldNames();
            names.next();
            names.remove();
        }
    }

    private static String host(HttpUrl url) {
        return url.host() + ':' + url.port();
    }

    private ObjectNode known() {
        ObjectNode facts = known;
        if (facts == null) {
            facts = read();
            known = facts;
        }
        return facts;
    }

    private ObjectNode read() {
        try {
            if (file != null
                    && WipingJson.MAPPER.readTree(Files.readString(file)) instanceof ObjectNode facts
                    && isObjectOrMissing(facts.path("hosts"))
                    && isObjectOrMissing(facts.path("refused"))) {
                return facts;
            }
        } catch (NoSuchFileException e) {
            LOGGER.log(Level.FINEST, "Nothing is known yet", e);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> file + " cannot be read; what is in it is found out again");
        }
        return WipingJson.MAPPER.createObjectNode();
    }

    private static boolean isObjectOrMissing(JsonNode node) {
        return node.isObject() || node.isMissingNode();
    }

    private void save() {
        if (file == null || !Files.isDirectory(file.resolveSibling(""))) {
            return;
        }
        try {
            Path written =
                    Files.writeString(file.resolveSibling(file.getFileName() + ".tmp"), WipingJson.text(known()));
            Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> file + " cannot be written; it is found out again after a restart");
        }
    }
}
