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
 * The files of one block on each node that its steps run on. The threads of {@link TokenFileRegistry} read and write
 * them. Methods that do not throw {@link InterruptedException} do no I/O and do not wait.
 */
public final class BlockTokenFiles implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(BlockTokenFiles.class.getName());

    private static final long WRITE_TIMEOUT_SECONDS = 60;

    /** Pause before a renewed token is written again to a node that is online. */
    private static final long RETRY_SECONDS = 10;

    private static final String PREFIX = "vcf-token-";

    private final String name = PREFIX + UUID.randomUUID();
    private final String run;

    /** Of the files with the access token. */
    private final TokenFileMode mode;

    /** Changed under the lock of this; saved by Pipeline without it. */
    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<TokenFileLocation> locations = new CopyOnWriteArrayList<>();

    private volatile boolean deleted;

    /** The first write at each location. */
    private transient Map<TokenFileLocation, CompletableFuture<Void>> first = new ConcurrentHashMap<>();

    private transient volatile Supplier<Map<String, WriteTokenFiles.Content>> contents;
    private transient volatile Consumer<String> log;

    /**
     * @param run the external ID of the build
     * @param mode of the files with the access token
     */
    BlockTokenFiles(String run, TokenFileMode mode) {
        this.run = run;
        this.mode = mode;
    }

    @Serial
    private Object readResolve() {
        first = new ConcurrentHashMap<>();
        return this;
    }

    /**
     * Enables writing. Files from before a restart are left until then: they may hold a newer access token than the one
     * that was saved.
     *
     * @param contents called at each write; returns the contents by file name, or null while there is no access token
     * @param log of the build
     * @return done when the files from before a restart hold this access token, where their nodes are online
     */
    CompletableFuture<Void> start(Supplier<Map<String, WriteTokenFiles.Content>> contents, Consumer<String> log) {
        this.log = log;
        this.contents = contents;
        return CompletableFuture.allOf(locations().stream().map(this::rewrite).toArray(CompletableFuture[]::new));
    }

    /** Whether the last name in a path is one that this class chooses. */
    static boolean isDirectory(String path) {
        return path.substring(path.lastIndexOf(separator(path)) + 1).startsWith(PREFIX);
    }

    /** @param temporary the directory for temporary files that belongs to a workspace */
    String directory(String temporary) {
        return temporary + separator(temporary) + name;
    }

    String path(String temporary, String file) {
        String directory = directory(temporary);
        return directory + separator(directory) + file;
    }

    private static char separator(String path) {
        return path.indexOf('\\') >= 0 && path.indexOf('/') < 0 ? '\\' : '/';
    }

    /** @param temporary the directory for temporary files that belongs to a workspace */
    TokenFileLocation location(String node, String temporary) {
        return new TokenFileLocation(run, node, directory(temporary));
    }

    /**
     * @param directory of the files, as the variables of a step name it
     * @return null when it is not that of this block: the script has changed the variable
     */
    @CheckForNull
    TokenFileLocation findLocation(String node, String directory) {
        return directory.endsWith(separator(directory) + name) ? new TokenFileLocation(run, node, directory) : null;
    }

    /**
     * Writes the files unless they were written before.
     *
     * @return done when they exist
     */
    CompletableFuture<Void> ensure(TokenFileLocation location) {
        return first.compute(
                location, (key, known) -> known == null || known.isCompletedExceptionally() ? writeFirst(key) : known);
    }

    private CompletableFuture<Void> writeFirst(TokenFileLocation location) {
        boolean known;
        synchronized (this) {
            if (deleted) {
                return CompletableFuture.failedFuture(new IOException("the block has ended"));
            }
            known = locations.contains(location);
            if (!known) {
                locations.add(location);
            }
        }
        return TokenFileRegistry.get().submit(location.node(), () -> {
            TokenFileRegistry.get().add(location);
            // The file of before a restart serves until the block has its lease back.
            boolean mayStay = known && contents == null;
            Boolean hasMode = write(location);
            if (hasMode == null && !mayStay) {
                throw new IOException("the node is offline");
            }
            if (hasMode != null && !known && mode != TokenFileMode.OWNER) {
                log.accept(
                        hasMode
                                ? Messages.BlockTokenFiles_mode(location, mode.octal(), mode.getLabel())
                                : Messages.BlockTokenFiles_noMode(location, mode.octal()));
            }
        });
    }

    /** Waits until the files exist, which takes time once per block and node. */
    void await(TokenFileLocation location) throws IOException, InterruptedException {
        await(ensure(location), location);
    }

    /** Waits until the files hold the current access token. */
    void awaitCurrent(TokenFileLocation location) throws IOException, InterruptedException {
        await(location);
        await(TokenFileRegistry.get().submit(location.node(), () -> write(location)), location);
    }

    /**
     * Waits for all known locations on a node. A write that has failed is not awaited: the step that has that location
     * reports it.
     */
    void awaitNode(String node) throws IOException, InterruptedException {
        for (TokenFileLocation location : locations) {
            CompletableFuture<Void> writing = first.get(location);
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

    /** After a renewal: writes the access token at all locations. */
    void rewriteAll() {
        locations.forEach(this::rewrite);
    }

    /** After a node reconnects, since its files may hold an access token that has expired meanwhile. */
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
     * Writes the access token that is current when the node's thread gets to it, so the last write has the newest
     * one.
     *
     * @return whether the files have the mode; null when nothing was written: the node is offline and gets its files
     *     when it is back, or there is no access token yet, or the block has ended
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

    /**
     * At the end of the block: nothing is written any more, and files are deleted as soon as their nodes are online.
     */
    void delete() {
        synchronized (this) {
            deleted = true;
        }
        locations.forEach(TokenFileRegistry.get()::deleteLater);
    }

    List<TokenFileLocation> locations() {
        return List.copyOf(locations);
    }

    /**
     * Starts writing token files when the first step of a block on a node, of any kind, gets its environment. Jenkins
     * calls this on the Pipeline's thread with the environment and the node. Adds no variable and does not wait.
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
                        files.ensure(location);
                    }
                }
            } catch (IOException | InterruptedException | RuntimeException e) {
                // The node is offline. The step itself reports that.
                LOGGER.log(Level.FINE, "No node for token files", e);
            }
        }
    }
}
