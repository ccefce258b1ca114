package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A store with compare-and-set that fails as it is told. Shared by the controllers of a test. */
public final class InMemoryVersionedSecret implements VersionedSecret {

    /** What happens to the calls. */
    enum Fault {
        NONE,
        DOWN,
        READ_ONLY,
        /** Writes arrive, and their answers do not. */
        WRITES_WITHOUT_ANSWER,
        /** Another client changes the labels of the object before each write. */
        CHANGED_BY_OTHERS,
        /** The same, without end. */
        CHANGED_EACH_TIME
    }

    /** How far what a controller knows may be behind, in changes. */
    private static final int MAX_BEHIND = 3;

    private final List<Content> contents = new ArrayList<>();
    private Content content;
    private int reads;
    private int behind;
    private long version;
    private Fault fault = Fault.NONE;
    private Waiting waiting = limit -> {};
    private Runnable afterWrite = () -> {};
    private boolean acceptsAccessTokens = true;

    /** Called where a caller waits for another controller. */
    @FunctionalInterface
    interface Waiting {
        void await(Duration limit) throws InterruptedException;
    }

    public InMemoryVersionedSecret(String secret) {
        store(secret, null);
    }

    synchronized void set(Fault other) {
        fault = other;
    }

    synchronized void onWait(Waiting other) {
        waiting = other;
    }

    /** As a person or a file does: without any condition. */
    synchronized void store(String secret, String state) {
        content = new Content("v" + ++version, secret, state);
        contents.add(content);
    }

    synchronized int reads() {
        return reads;
    }

    /** @param changes how far what is known next is behind */
    synchronized void know(int changes) {
        behind = changes;
    }

    /** The present content first, then an outdated one, and so on in turns. */
    @Override
    public synchronized Content lastKnown() {
        return contents.get(Math.max(0, contents.size() - 1 - behind++ % MAX_BEHIND));
    }

    public synchronized Content content() {
        return content;
    }

    synchronized void afterWrite(Runnable other) {
        afterWrite = other;
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
        if (fault == Fault.CHANGED_BY_OTHERS || fault == Fault.CHANGED_EACH_TIME) {
            store(content.secret(), content.state());
            fault = fault == Fault.CHANGED_BY_OTHERS ? Fault.NONE : fault;
        }
        if (!expected.version().equals(content.version())) {
            return Optional.empty();
        }
        store(secret, state);
        afterWrite.run();
        if (fault == Fault.WRITES_WITHOUT_ANSWER) {
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
