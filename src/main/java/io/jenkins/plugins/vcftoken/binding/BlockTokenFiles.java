package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.FilePath;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;

/**
 * The files of one block, on each node that its steps have run on. What waits for a node runs on the threads of
 * {@link TokenFileCleanup}; what is called here only looks at memory, except for {@link #await}.
 */
public final class BlockTokenFiles implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(BlockTokenFiles.class.getName());

    private static final long PATIENCE_SECONDS = 60;

    /** Between tries to write to a node that is online. One that is not gets its file when it is back. */
    private static final long RETRY_SECONDS = 10;

    private static final String PREFIX = "vcf-token-";

    private final String name = PREFIX + UUID.randomUUID();
    private final String run;

    /** Changed under this; may be saved at any time. */
    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<TokenFileLocation> locations = new CopyOnWriteArrayList<>();

    private final TokenFileMode mode;

    private boolean removed;

    /** The first writing at each place. */
    private transient Map<TokenFileLocation, CompletableFuture<Void>> ready = new ConcurrentHashMap<>();

    private transient volatile Supplier<String> accessToken;

    private transient volatile Consumer<String> log;

    /** @param run the external ID of the build */
    BlockTokenFiles(String run, TokenFileMode mode) {
        this.run = run;
        this.mode = mode;
    }

    @Serial
    private Object readResolve() {
        ready = new ConcurrentHashMap<>();
        return this;
    }

    /**
     * Until then nothing is written: after a restart the files hold a newer access token, perhaps, than the one that was saved.
     *
     * @param accessToken from memory
     * @param log of the build
     * @return done when the files that were there before a restart have this access token, where their nodes are online
     */
    CompletableFuture<Void> start(Supplier<String> accessToken, Consumer<String> log) {
        this.log = log;
        this.accessToken = accessToken;
        return CompletableFuture.allOf(locations().stream().map(this::rewrite).toArray(CompletableFuture[]::new));
    }

    /** Whether a path ends as those of token files do. */
    static boolean isDirectory(String path) {
        return path.substring(path.lastIndexOf(separator(path)) + 1).startsWith(PREFIX);
    }

    /** Where the files are for steps whose temporary directory is this one. */
    String directory(String temporary) {
        return temporary + separator(temporary) + name;
    }

    String tokenFile(String temporary) {
        return file(directory(temporary), WriteTokenFiles.TOKEN);
    }

    String headerFile(String temporary) {
        return file(directory(temporary), WriteTokenFiles.HEADER);
    }

    private static String file(String directory, String name) {
        return directory + separator(directory) + name;
    }

    private static char separator(String path) {
        return path.indexOf('\\') >= 0 && path.indexOf('/') < 0 ? '\\' : '/';
    }

    /**
     * Has the files written where they are not yet.
     *
     * @param temporary the directory for temporary files that belongs to the workspace
     * @return done when they are there
     */
    public CompletableFuture<Void> ensure(String node, String temporary) {
        return ensure(new TokenFileLocation(node, directory(temporary)));
    }

    /**
     * The same where a step looks for them.
     *
     * @param file what the variable of a file holds in the step's environment
     */
    public CompletableFuture<Void> ensureFile(String node, String file) {
        TokenFileLocation location = placeOf(node, file);
        return location == null ? CompletableFuture.completedFuture(null) : ensure(location);
    }

    /** @return null when the script has put something else into the variable */
    @CheckForNull
    private TokenFileLocation placeOf(String node, String file) {
        int end = file.lastIndexOf(separator(file));
        String directory = end < 0 ? "" : file.substring(0, end);
        return directory.endsWith(separator(directory) + name) ? new TokenFileLocation(node, directory) : null;
    }

    private CompletableFuture<Void> ensure(TokenFileLocation location) {
        return ready.compute(
                location, (key, known) -> known == null || known.isCompletedExceptionally() ? begin(key) : known);
    }

    private CompletableFuture<Void> begin(TokenFileLocation location) {
        boolean known;
        synchronized (this) {
            if (removed) {
                return CompletableFuture.failedFuture(new IOException("the block has ended"));
            }
            known = locations.contains(location);
            if (!known) {
                locations.add(location);
            }
        }
        return TokenFileCleanup.get().submit(location.node(), () -> {
            TokenFileCleanup.get().notes().add(new TokenFileRecord(run, location));
            boolean fromBefore = known && accessToken == null;
            Boolean hasMode = write(location);
            if (hasMode == null && !fromBefore) {
                throw new IOException("the node is offline");
            }
            if (hasMode != null && !known) {
                tellMode(location, hasMode);
            }
        });
    }

    /** Waits until the files are there, which is once per block and node. */
    public void await(String node, String temporary) throws IOException, InterruptedException {
        await(ensure(node, temporary), new TokenFileLocation(node, directory(temporary)));
    }

    /** The same where a step looks for them; see {@link #ensureFile}. */
    public void awaitFile(String node, String file) throws IOException, InterruptedException {
        TokenFileLocation location = placeOf(node, file);
        if (location != null) {
            await(ensure(location), location);
        }
    }

    /** Waits until the files hold the access token of now. */
    public void awaitNewest(String node, String file) throws IOException, InterruptedException {
        awaitFile(node, file);
        TokenFileLocation location = placeOf(node, file);
        if (location != null) {
            await(TokenFileCleanup.get().submit(node, () -> write(location)), location);
        }
    }

    /**
     * Waits for all directories of a node that are known, each of which a step has had before or is about to have. One whose
     * writing has failed is for the step that has it, and is not waited for again.
     */
    public void awaitAt(String node) throws IOException, InterruptedException {
        for (TokenFileLocation location : locations()) {
            CompletableFuture<Void> writing = ready.get(location);
            if (location.node().equals(node) && (writing == null || !writing.isDone())) {
                await(ensure(location), location);
            }
        }
    }

    private static void await(CompletableFuture<Void> writing, TokenFileLocation location)
            throws IOException, InterruptedException {
        Throwable why;
        try {
            writing.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return;
        } catch (ExecutionException e) {
            why = e.getCause();
        } catch (TimeoutException e) {
            why = e;
        }
        throw new IOException(Messages.BlockTokenFiles_notWritten(location, why), why);
    }

    /** There is another access token. */
    void renewed() {
        for (TokenFileLocation location : locations()) {
            rewrite(location);
        }
    }

    /** The node is back, perhaps with an access token that has expired in the meantime. */
    void reconnected(String node) {
        for (TokenFileLocation location : locations()) {
            if (location.node().equals(node)) {
                rewrite(location);
            }
        }
    }

    private CompletableFuture<Void> rewrite(TokenFileLocation location) {
        return TokenFileCleanup.get()
                .submit(location.node(), () -> write(location))
                .whenComplete((done, failure) -> {
                    if (failure != null && !isRemoved()) {
                        LOGGER.log(
                                Level.WARNING,
                                failure,
                                () -> "The token file in " + location + " could not be renewed");
                        Timer.get().schedule(() -> rewrite(location), RETRY_SECONDS, TimeUnit.SECONDS);
                    }
                });
    }

    /**
     * Whichever writing comes last writes the newest access token, since each asks when it is its turn at its node.
     *
     * @return whether the files have the mode; null when nothing was written
     */
    @CheckForNull
    private Boolean write(TokenFileLocation location) throws IOException, InterruptedException {
        FilePath path = location.path();
        Supplier<String> source = accessToken;
        String value = source == null ? null : source.get();
        if (path == null || value == null || isRemoved()) {
            return null;
        }
        boolean[] hasMode = new boolean[1];
        TokenFileCleanup.limited(() -> hasMode[0] = path.act(new WriteTokenFiles(value, mode())));
        return hasMode[0];
    }

    /** What an older version saved has none. */
    private TokenFileMode mode() {
        return mode == null ? TokenFileMode.OWNER : mode;
    }

    private void tellMode(TokenFileLocation location, boolean hasMode) {
        if (mode() != TokenFileMode.OWNER) {
            log.accept(
                    hasMode
                            ? Messages.BlockTokenFiles_mode(location, mode().octal(), mode().getLabel())
                            : Messages.BlockTokenFiles_noMode(location, mode().octal()));
        }
    }

    /** The block has ended: nothing is written any more, and what was written goes as soon as its node is there. */
    void remove() {
        List<TokenFileLocation> all;
        synchronized (this) {
            removed = true;
            all = locations();
        }
        TokenFileCleanup work = TokenFileCleanup.get();
        for (TokenFileLocation location : all) {
            work.submit(location.node(), () -> work.notes().remove(new TokenFileRecord(run, location)));
        }
    }

    private synchronized boolean isRemoved() {
        return removed;
    }

    List<TokenFileLocation> locations() {
        return List.copyOf(locations);
    }
}
