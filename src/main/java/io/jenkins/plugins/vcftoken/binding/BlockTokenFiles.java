package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.EnvVars;
import hudson.Extension;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.TaskListener;
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
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepEnvironmentContributor;

/**
 * Token files of one block, on each node that its steps run on. The threads of {@link TokenFileRegistry} read and write
 * the files. Methods that do not throw {@link InterruptedException} do no I/O and do not block.
 */
public final class BlockTokenFiles implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(BlockTokenFiles.class.getName());

    private static final long WRITE_TIMEOUT_SECONDS = 60;

    /** Delay before a failed write of a renewed token is repeated on a node that is online. */
    private static final long RETRY_SECONDS = 10;

    private static final String PREFIX = "vcf-token-";

    private final String name = PREFIX + UUID.randomUUID();
    private final String run;

    /** Widest mode of the files that contain a token. */
    private final TokenFileMode mode;

    /** Guarded by {@code this} for writes; Pipeline serializes it without the lock. */
    @SuppressWarnings("serial") // the list implementation is serializable
    private final List<TokenFileLocation> locations = new CopyOnWriteArrayList<>();

    private volatile boolean deleted;

    private transient Map<TokenFileLocation, CompletableFuture<Void>> firstWrites = new ConcurrentHashMap<>();

    private transient volatile Supplier<Map<String, WriteTokenFiles.Content>> contents;
    private transient volatile Consumer<String> log;

    /**
     * @param run external ID of the build
     * @param mode widest mode of the files that contain a token
     */
    BlockTokenFiles(String run, TokenFileMode mode) {
        this.run = run;
        this.mode = mode;
    }

    @Serial
    private Object readResolve() {
        firstWrites = new ConcurrentHashMap<>();
        return this;
    }

    /**
     * Enables writing. Files from before a restart are not rewritten earlier, because they may contain a newer access
     * token than the saved one.
     *
     * @param contents called for each write; returns the contents by file name, or null while there is no access token
     * @param log build log
     * @return completes when the files from before a restart contain the current access token on all nodes that are
     *     online
     */
    CompletableFuture<Void> start(Supplier<Map<String, WriteTokenFiles.Content>> contents, Consumer<String> log) {
        this.log = log;
        this.contents = contents;
        return CompletableFuture.allOf(locations().stream().map(this::rewrite).toArray(CompletableFuture[]::new));
    }

    /** @return whether the last segment of the path is a name that this class generates */
    static boolean isTokenDirectory(String path) {
        return path.substring(path.lastIndexOf(separator(path)) + 1).startsWith(PREFIX);
    }

    /** @param tempDir temporary directory of the workspace */
    String directory(String tempDir) {
        return tempDir + separator(tempDir) + name;
    }

    String path(String tempDir, String file) {
        String directory = directory(tempDir);
        return directory + separator(directory) + file;
    }

    private static char separator(String path) {
        return path.indexOf('\\') >= 0 && path.indexOf('/') < 0 ? '\\' : '/';
    }

    /** @param tempDir temporary directory of the workspace */
    TokenFileLocation location(String node, String tempDir) {
        return new TokenFileLocation(run, node, directory(tempDir));
    }

    /**
     * @param directory directory of the files according to the variables of a step
     * @return null if the script has changed the variable to a directory that is not of this block
     */
    @CheckForNull
    TokenFileLocation findLocation(String node, String directory) {
        return directory.endsWith(separator(directory) + name) ? new TokenFileLocation(run, node, directory) : null;
    }

    /**
     * Writes the files unless they were written before.
     *
     * @return completes when the files exist
     */
    CompletableFuture<Void> ensureWritten(TokenFileLocation location) {
        return firstWrites.compute(
                location, (key, known) -> known == null || known.isCompletedExceptionally() ? writeFirst(key) : known);
    }

    private CompletableFuture<Void> writeFirst(TokenFileLocation location) {
        boolean isKnown;
        synchronized (this) {
            if (deleted) {
                return CompletableFuture.failedFuture(new IOException("the block has ended"));
            }
            isKnown = locations.contains(location);
            if (!isKnown) {
                locations.add(location);
            }
        }
        return TokenFileRegistry.get().submit(location.node(), () -> {
            TokenFileRegistry.get().add(location);
            // After a restart, the existing file remains in use until the block has a lease again.
            boolean keepsExistingFile = isKnown && contents == null;
            Boolean hasMode = write(location);
            if (hasMode == null && !keepsExistingFile) {
                throw new IOException("the node is offline");
            }
            if (hasMode != null && !isKnown && mode != TokenFileMode.OWNER) {
                log.accept(
                        hasMode
                                ? Messages.BlockTokenFiles_mode(location, mode.octal(), mode.getLabel())
                                : Messages.BlockTokenFiles_noMode(location, mode.octal()));
            }
        });
    }

    /** Waits until the files exist. Blocks at most once per block and node. */
    void await(TokenFileLocation location) throws IOException, InterruptedException {
        await(ensureWritten(location), location);
    }

    /** Waits until the files contain the current access token. */
    void awaitCurrent(TokenFileLocation location) throws IOException, InterruptedException {
        await(location);
        await(TokenFileRegistry.get().submit(location.node(), () -> write(location)), location);
    }

    /**
     * Waits for pending writes of all locations on a node. Ignores failed writes: the step that uses the location
     * reports them.
     */
    void awaitNode(String node) throws IOException, InterruptedException {
        for (TokenFileLocation location : locations) {
            CompletableFuture<Void> writing = firstWrites.get(location);
            if (location.node().equals(node) && (writing == null || !writing.isDone())) {
                await(location);
            }
        }
    }

    private static void await(CompletableFuture<Void> writing, TokenFileLocation location)
            throws IOException, InterruptedException {
        Throwable cause;
        try {
            writing.get(WRITE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            return;
        } catch (ExecutionException e) {
            cause = e.getCause();
        } catch (TimeoutException e) {
            cause = e;
        }
        throw new IOException(Messages.BlockTokenFiles_notWritten(location, cause), cause);
    }

    /** Writes the files at all locations after a renewal. */
    void rewriteAll() {
        locations.forEach(this::rewrite);
    }

    /**
     * Writes the files of a node that has reconnected, because its access token may have expired while it was offline.
     */
    void rewriteNode(String node) {
        locations.stream().filter(location -> location.node().equals(node)).forEach(this::rewrite);
    }

    private CompletableFuture<Void> rewrite(TokenFileLocation location) {
        return TokenFileRegistry.get()
                .submit(location.node(), () -> write(location))
                .whenComplete((done, failure) -> {
                    if (failure != null && !deleted) {
                        LOGGER.log(
                                Level.WARNING,
                                failure,
                                () -> "The token file in " + location + " could not be renewed");
                        Timer.get().schedule(() -> rewrite(location), RETRY_SECONDS, TimeUnit.SECONDS);
                    }
                });
    }

    /**
     * Writes the token that is current when the thread of the node runs, so that the last write has the newest token.
     *
     * @return whether the files have the requested mode; null if nothing was written, because the node is offline (its
     *     files are written when it reconnects), there is no access token yet, or the block has ended
     */
    @CheckForNull
    private Boolean write(TokenFileLocation location) throws IOException, InterruptedException {
        FilePath path = location.findPath();
        Supplier<Map<String, WriteTokenFiles.Content>> source = contents;
        Map<String, WriteTokenFiles.Content> newest = source == null ? null : source.get();
        if (path == null || newest == null || deleted) {
            return null;
        }
        boolean[] hasMode = new boolean[1];
        TokenFileRegistry.runWithTimeout(() -> hasMode[0] = path.act(new WriteTokenFiles(newest)));
        return hasMode[0];
    }

    /** Stops all writes, and deletes the files as soon as their nodes are online. */
    void delete() {
        synchronized (this) {
            deleted = true;
        }
        locations.forEach(TokenFileRegistry.get()::deleteAsync);
    }

    List<TokenFileLocation> locations() {
        return List.copyOf(locations);
    }

    /**
     * Starts writing the token files when the first step of a block on a node gets its environment. Jenkins calls this
     * on the thread of the Pipeline. Adds no variables and does not block.
     */
    @Extension
    public static final class EnvironmentContributor extends StepEnvironmentContributor {

        @Override
        public void buildEnvironmentFor(
                @NonNull StepContext context, @NonNull EnvVars env, @NonNull TaskListener listener) {
            try {
                for (TokenBlock block = context.get(TokenBlock.class); block != null; block = block.outer()) {
                    BlockTokenFiles files = block.files();
                    FilePath workspace = files == null ? null : context.get(FilePath.class);
                    Computer computer = workspace == null ? null : workspace.toComputer();
                    TokenFileLocation location = computer == null ? null : block.findLocation(computer.getName(), env);
                    if (files != null && location != null) {
                        files.ensureWritten(location);
                    }
                }
            } catch (IOException | InterruptedException | RuntimeException e) {
                // The node is offline; the step itself reports that.
                LOGGER.log(Level.FINE, "No node for token files", e);
            }
        }
    }
}
