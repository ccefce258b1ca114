package io.jenkins.plugins.vcftoken.binding;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.FilePath;
import hudson.init.Terminator;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.AtomicFileWriter;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import jenkins.util.Timer;

/**
 * Directories of token files on all nodes. Each is recorded in {@code JENKINS_HOME/vcf-token/files} before it is
 * written and until it is deleted, so that it is deleted even after a crash of the controller or the node. Owns the
 * threads that write and delete files, one for each node with pending work. The records contain no secrets.
 */
@Extension
public final class TokenFileRegistry {

    private static final Logger LOGGER = Logger.getLogger(TokenFileRegistry.class.getName());

    /** Queue of work that only accesses the disk of the controller. Not a valid node name. */
    private static final String CONTROLLER = "/";

    private static final int NODE_TIMEOUT_SECONDS = 20;
    private static final int SHUTDOWN_SECONDS = 5;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            new NamingThreadFactory(new DaemonThreadFactory(), "vcf-token files"));

    private final PerNodeExecutor executor = new PerNodeExecutor(threads);
    private final Path directory;

    /** Record files by location. Modified by the threads of the nodes. */
    private final Map<TokenFileLocation, Path> records = new ConcurrentHashMap<>();

    public TokenFileRegistry() {
        this(Jenkins.get().getRootDir().toPath().resolve("vcf-token").resolve("files"));
    }

    TokenFileRegistry(Path directory) {
        this.directory = directory;
        for (Path file : listRecords()) {
            try (Reader reader = Files.newBufferedReader(file)) {
                records.put(read(reader), file);
            } catch (IOException | IllegalArgumentException e) {
                LOGGER.log(Level.WARNING, e, () -> file + " cannot be read; it is ignored");
            }
        }
    }

    static TokenFileRegistry get() {
        return ExtensionList.lookupSingleton(TokenFileRegistry.class);
    }

    /**
     * Runs work on the thread of a node, after earlier work for the same node. Does not block.
     *
     * @param node name of the node; empty for the built-in node
     */
    CompletableFuture<Void> submit(String node, PerNodeExecutor.Work work) {
        return executor.submit(node, () -> {
            // The caller may lack permission to see the build.
            try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
                work.run();
            }
        });
    }

    /** Interrupts the work on this thread after {@value #NODE_TIMEOUT_SECONDS} seconds, if a node hangs. */
    static void runWithTimeout(PerNodeExecutor.Work work) throws IOException, InterruptedException {
        Thread worker = Thread.currentThread();
        var timeout = Timer.get().schedule(worker::interrupt, NODE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        try {
            work.run();
        } finally {
            timeout.cancel(false);
        }
    }

    /** Writes the record of a directory, unless it exists. */
    void add(TokenFileLocation location) throws IOException {
        if (records.containsKey(location)) {
            return;
        }
        Properties properties = new Properties();
        properties.setProperty("run", location.run());
        properties.setProperty("node", location.node());
        properties.setProperty("directory", location.directory());
        Files.createDirectories(directory);
        Path file = directory.resolve(UUID.randomUUID() + ".properties");
        try (AtomicFileWriter writer = new AtomicFileWriter(file, StandardCharsets.UTF_8)) {
            properties.store(writer, null);
            writer.commit();
        }
        records.put(location, file);
    }

    /** Deletes a directory and its record on the thread of the node. Does not block. */
    void deleteAsync(TokenFileLocation location) {
        submit(location.node(), () -> delete(location));
    }

    /**
     * Deletes the directories of completed builds on the threads of their nodes. Does not block.
     *
     * @param filter called on another thread
     */
    void deleteUnused(Predicate<TokenFileLocation> filter) {
        if (!records.isEmpty()) {
            // A running build may have been renamed since it was recorded, so callers exclude open blocks.
            submit(CONTROLLER, () -> findUnused(filter).forEach(this::deleteAsync));
        }
    }

    List<TokenFileLocation> findUnused(Predicate<TokenFileLocation> filter) {
        return records.keySet().stream()
                .filter(location -> filter.test(location) && !location.isBuildRunning())
                .toList();
    }

    /** Keeps the record if the directory cannot be deleted now, for example because the node is offline or hangs. */
    void delete(TokenFileLocation location) {
        FilePath path = location.findPath();
        try {
            if (path != null) {
                runWithTimeout(path::deleteRecursive);
            } else if (Jenkins.get().getComputer(location.node()) != null) {
                return;
            }
            Path file = records.remove(location);
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, () -> "The token files in " + location + " could not be deleted");
        } catch (InterruptedException e) {
            LOGGER.log(Level.WARNING, e, () -> location + " did not respond; its token files are deleted later");
        }
    }

    /** Validates the record strictly, because the directory is deleted recursively. */
    private static TokenFileLocation read(Reader reader) throws IOException {
        Properties properties = new Properties();
        properties.load(reader);
        String run = properties.getProperty("run");
        String node = properties.getProperty("node");
        String directory = properties.getProperty("directory");
        if (run == null || node == null || directory == null || !BlockTokenFiles.isTokenDirectory(directory)) {
            throw new IOException("not a record of token files");
        }
        return new TokenFileLocation(run, node, directory);
    }

    private List<Path> listRecords() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".properties")).toList();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, () -> directory + " cannot be read; its token files are not deleted");
            return List.of();
        }
    }

    /** Waits briefly for running work. The records of remaining directories are kept. */
    @Terminator
    public static void shutDown() throws InterruptedException {
        for (TokenFileRegistry registry : ExtensionList.lookup(TokenFileRegistry.class)) {
            registry.threads.shutdown();
            if (!registry.threads.awaitTermination(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                LOGGER.log(
                        Level.INFO,
                        "Token files are still being written; any leftovers are removed when the agents reconnect");
            }
        }
    }
}
