package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Store with compare-and-set and injectable faults, shared by the controllers of a test. */
public final class InMemoryVersionedSecret implements VersionedSecret {

    enum Fault {
        NONE,
        DOWN,
        READ_ONLY,
        /** Writes succeed, but throw an exception. */
        WRITE_RESPONSE_LOST,
        /** Another client changes the version before the next write. */
        CHANGED_ONCE,
        /** Another client changes the version before each write. */
        CHANGED_ALWAYS
    }

    /** Limit for the number of changes that {@link #lastKnown} is outdated by. */
    private static final int MAX_STALENESS = 3;

    private final List<Content> contents = new ArrayList<>();
    private Content content;
    private int reads;
    private int staleness;
    private long version;
    private Fault fault = Fault.NONE;
    private Waiting waiting = limit -> {};
    private Runnable afterWrite = () -> {};
    private boolean acceptsAccessTokens = true;

    @FunctionalInterface
    interface Waiting {
        void await(Duration limit) throws InterruptedException;
    }

    public InMemoryVersionedSecret(String secret) {
        put(secret, null);
    }

    synchronized void setFault(Fault other) {
        fault = other;
    }

    synchronized void setOnWait(Waiting other) {
        waiting = other;
    }

    /** Writes without a condition, as a user does. */
    synchronized void put(String secret, String state) {
        content = new Content("v" + ++version, secret, state);
        contents.add(content);
    }

    synchronized int reads() {
        return reads;
    }

    /** @param changes number of changes that the next {@link #lastKnown} is outdated by */
    synchronized void setStaleness(int changes) {
        staleness = changes;
    }

    /** Returns contents that are 0, 1 and 2 changes old, in turn. */
    @Override
    public synchronized Content lastKnown() {
        return contents.get(Math.max(0, contents.size() - 1 - staleness++ % MAX_STALENESS));
    }

    public synchronized Content content() {
        return content;
    }

    synchronized void setAfterWrite(Runnable other) {
        afterWrite = other;
    }

    /** Writer of a credential that comes from this store. */
    CredentialWriter writer() {
        return new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean force) {
                throw new AssertionError("written to the credentials store");
            }

            @Override
            public VersionedSecret versionedSecret() {
                return InMemoryVersionedSecret.this;
            }
        };
    }

    synchronized void refuseAccessTokens() {
        acceptsAccessTokens = false;
    }

    @Override
    public String description() {
        return "The secret of the test";
    }

    @Override
    public synchronized Content read() throws IOException {
        reads++;
        failIfDown();
        return content;
    }

    @Override
    public synchronized Optional<Content> replace(Content expected, String secret, String state) throws IOException {
        failIfDown();
        if (fault == Fault.READ_ONLY) {
            throw new ReadOnlyException("forbidden", null);
        }
        if (fault == Fault.CHANGED_ONCE || fault == Fault.CHANGED_ALWAYS) {
            put(content.secret(), content.state());
            fault = fault == Fault.CHANGED_ONCE ? Fault.NONE : fault;
        }
        if (!expected.version().equals(content.version())) {
            return Optional.empty();
        }
        put(secret, state);
        afterWrite.run();
        if (fault == Fault.WRITE_RESPONSE_LOST) {
            throw new IOException("connection reset");
        }
        return Optional.of(content);
    }

    private void failIfDown() throws IOException {
        if (fault == Fault.DOWN) {
            throw new IOException("connection refused");
        }
    }

    @Override
    public synchronized void checkWritable() throws IOException {
        failIfDown();
        if (fault == Fault.READ_ONLY) {
            throw new ReadOnlyException("forbidden", null);
        }
    }

    @Override
    public boolean acceptsAccessTokens() {
        return acceptsAccessTokens;
    }

    @Override
    public void awaitChange(Content seen, Duration limit) throws InterruptedException {
        waiting.await(limit);
    }
}
