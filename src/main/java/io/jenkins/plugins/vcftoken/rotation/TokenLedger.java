package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The durable record of the token families. Thread-safe; shared with all processes on the same Jenkins home directory.
 */
public interface TokenLedger {

    /** @throws IOException when there is a record that cannot be read; it stays as it is */
    Optional<TokenFamily> load(String id) throws IOException;

    /** Returns when the record would survive a power failure. */
    void save(TokenFamily family) throws IOException;

    /**
     * As {@link #save}, before a token is sent. Also sets disk space aside for the next {@link #save} of the family, so
     * that a disk that fills up during the request cannot refuse the response.
     *
     * @throws IOException when the disk has too little space for both
     */
    default void saveRequest(TokenFamily family) throws IOException {
        save(family);
    }

    /** Does nothing when there is no such record. */
    void delete(String id) throws IOException;

    /** Saves for good which server the last token of a deleted record belongs to. */
    default void saveTombstone(Tombstone tombstone) throws IOException {}

    /** @param hash of the last token of a record that may have been deleted */
    default Optional<Tombstone> findTombstone(String hash) throws IOException {
        return Optional.empty();
    }

    /** All records that can be read. */
    default List<TokenFamily> loadAll() throws IOException {
        return contents().readable();
    }

    /** All records, each read once. */
    Contents contents() throws IOException;

    /**
     * Like {@link #loadAll}, without records that the same reader has had and that have not changed.
     *
     * @param seen the versions that the reader has had; empty at first, kept between calls, read and written by the
     *     ledger
     */
    default List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        return loadAll();
    }

    /**
     * A record that belongs to the token and cannot be used, such as one written by a newer version of the plugin.
     * Looks only at records that could not be read before.
     *
     * @param hash of the token
     */
    default Optional<UnreadableRecord> unusable(String token, String hash) {
        return Optional.empty();
    }

    /**
     * Keeps all other threads and processes out of one family.
     *
     * @throws IOException when the lock is not free within the limit
     */
    Lock lock(String id, Duration limit) throws IOException, InterruptedException;

    /** @param unreadable records that cannot be used and stay as they are */
    record Contents(List<TokenFamily> readable, List<UnreadableRecord> unreadable) {
        public Contents {
            readable = List.copyOf(readable);
            unreadable = List.copyOf(unreadable);
        }
    }

    /**
     * A record that cannot be read: damaged, of a newer format, or encrypted with another controller's key. It stays as
     * it is.
     *
     * @param familyId from the file's name
     * @param file its path
     * @param cause without secrets
     */
    record UnreadableRecord(String familyId, String file, String cause) {}

    /**
     * Remains of a deleted record: the server of its last token. Without it, a copy of the encrypted token could be
     * stored with the address of another server, and would be sent there.
     *
     * @param hash of the last token
     * @param host {@link io.jenkins.plugins.vcftoken.oauth.Account#host}
     * @param owner description of the account, for messages
     */
    record Tombstone(String hash, String host, String owner) {}

    /** Held until closed. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }
}
