package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Durable records of token families. Thread-safe; shared by all processes on one Jenkins home directory. */
public interface TokenLedger {

    /** @throws IOException when the record cannot be read; it is not changed */
    Optional<TokenFamily> load(String id) throws IOException;

    /** Returns after the record was forced to disk. */
    void save(TokenFamily family) throws IOException;

    /**
     * Saves a family before its token is sent. Also reserves disk space for the next {@link #save} of the family, so
     * that the response can be saved if the disk fills up during the request.
     *
     * @throws IOException when the disk has too little space for both
     */
    default void saveRequest(TokenFamily family) throws IOException {
        save(family);
    }

    /** Does nothing without such a record. */
    void delete(String id) throws IOException;

    default void saveTombstone(Tombstone tombstone) throws IOException {}

    /** @param hash of the last token of a deleted record */
    default Optional<Tombstone> findTombstone(String hash) throws IOException {
        return Optional.empty();
    }

    /** All readable records. */
    default List<TokenFamily> loadAll() throws IOException {
        return contents().readable();
    }

    Contents contents() throws IOException;

    /**
     * Loads the records that have changed since the last call with the same map.
     *
     * @param seen the versions that were returned; empty at first, updated by the ledger
     */
    default List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        return loadAll();
    }

    /**
     * Finds a record that belongs to the token and cannot be read, for example one written by a newer version of the
     * plugin. Checks only records that could not be read before.
     *
     * @param hash of the token
     */
    default Optional<UnreadableRecord> findUnreadable(String token, String hash) {
        return Optional.empty();
    }

    /**
     * Locks a family against other threads and processes.
     *
     * @throws IOException when the lock is not acquired within the limit
     */
    Lock lock(String id, Duration limit) throws IOException, InterruptedException;

    record Contents(List<TokenFamily> readable, List<UnreadableRecord> unreadable) {
        public Contents {
            readable = List.copyOf(readable);
            unreadable = List.copyOf(unreadable);
        }
    }

    /**
     * A record that is damaged, has a newer format, or is encrypted with another controller's key. It is not changed.
     *
     * @param familyId from the file name
     * @param file path
     * @param cause without secrets
     */
    record UnreadableRecord(String familyId, String file, String cause) {}

    /**
     * The server of the last token of a deleted record. Prevents that a copy of the encrypted token is stored with the
     * address of another server and sent there. Never deleted.
     *
     * @param hash of the last token
     * @param host {@link io.jenkins.plugins.vcftoken.oauth.Account#host}
     * @param owner description of the account, for messages
     */
    record Tombstone(String hash, String host, String owner) {}

    interface Lock extends AutoCloseable {
        @Override
        void close();
    }
}
