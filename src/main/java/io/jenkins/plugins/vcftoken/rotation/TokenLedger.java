package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The durable record of the families. Thread-safe; shared with every other process on the same home. */
public interface TokenLedger {

    /** @throws IOException when there is a record that cannot be read; it stays where it is */
    Optional<TokenFamily> load(String id) throws IOException;

    /** Returns only when the record would survive a power failure. */
    void save(TokenFamily record) throws IOException;

    /**
     * Sets space aside for the next {@link #saveReserved} of a family, which the server's response is to go to: a disk
     * that fills up in between must not refuse that.
     *
     * @throws IOException when the disk has not that much
     */
    default void reserve(TokenFamily record) throws IOException {}

    /** Like {@link #save}, into the space that was set aside, if any was. */
    default void saveReserved(TokenFamily record) throws IOException {
        save(record);
    }

    /** Does nothing when there is none. */
    void delete(String id) throws IOException;

    /** Remembers whose a token was, for good. */
    default void saveForgotten(FamilyTombstone forgotten) throws IOException {}

    /** What is remembered of a token of which there is no record any more. */
    default Optional<FamilyTombstone> forgotten(String hash) throws IOException {
        return Optional.empty();
    }

    /** Every record that can be read. */
    default List<TokenFamily> loadAll() throws IOException {
        return contents().readable();
    }

    /** Every record, read once. */
    Contents contents() throws IOException;

    /**
     * Like {@link #loadAll}, but may leave out records that the same reader has had and that are still the same.
     *
     * @param seen what the reader has had; empty at first, kept between calls, understood by the ledger alone
     */
    default List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        return loadAll();
    }

    /**
     * A record that is there, cannot be used, and yet is known to be of this token: written by a newer version, for
     * example. Looks only at records that were found unreadable before.
     *
     * @param hash of the token
     */
    default Optional<UnreadableRecord> unusable(String token, String hash) {
        return Optional.empty();
    }

    /**
     * Keeps every other thread and process out of one family.
     *
     * @throws IOException when it was not to be had in time
     */
    Lock lock(String id, Duration limit) throws IOException, InterruptedException;

    /**
     * @param readable what can be used
     * @param unreadable what cannot, and stays where it is
     */
    record Contents(List<TokenFamily> readable, List<UnreadableRecord> unreadable) {}

    /** Held until closed. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }
}
