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
 * Directories of token files on all nodes, each recorded in {@code JENKINS_HOME/vcf-token/files} before it is written
 * and until it is deleted, so that it is deleted however the controller, the node or the build ends. Owns the threads
 * that write and delete: one for each node that has work. The records have no secrets.
 */
@Extension
public final class TokenFileRegistry {

    private static final Logger LOGGER = Logger.getLogger(TokenFileRegistry.class.getName());

    /** Queue of work that waits for the controller's disk alone. No node has this name. */
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

    /** Files of the records. Changed by the threads of the nodes. */
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
     * Runs work on the thread of a node, after the work that was submitted for it before. Does not block.
     *
     * @param node empty for the built-in node
     */
    CompletableFuture<Void> submit(String node, PerNodeExecutor.Work work) {
        return executor.submit(node, () -> {
            // The caller may be any user. Which builds exist does not depend on permissions here.
            try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
                work.run();
            }
        });
    }

    /** Interrupts the work of this thread after {@value #NODE_TIMEOUT_SECONDS} seconds, for a node that hangs. */
    static void runWithTimeout(PerNodeExecutor.Work work) throws IOException, InterruptedException {
        Thread worker = Thread.currentThread();
        var alarm = Timer.get().schedule(worker::interrupt, NODE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        try {
            work.run();
        } finally {
            alarm.cancel(false);
        }
    }

    /** Records a directory on disk. Does nothing when it is recorded. */
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

    /** Deletes a directory and its record on the thread of its node. Does not block. */
    void deleteLater(TokenFileLocation location) {
        submit(location.node(), () -> delete(location));
    }

    /**
     * Deletes, on the threads of their nodes, the directories of builds that have ended. Does not block.
     *
     * @param which called on another thread
     */
    void deleteUnused(Predicate<TokenFileLocation> which) {
        if (!records.isEmpty()) {
            // A running build may be recorded under a name that it no longer has, so callers exclude open blocks.
            submit(CONTROLLER, () -> findUnused(which).forEach(this::deleteLater));
        }
    }

    List<TokenFileLocation> findUnused(Predicate<TokenFileLocation> which) {
        return records.keySet().stream()
                .filter(location -> which.test(location) && !location.isOfRunningBuild())
                .toList();
    }

    /**
     * Keeps the record where the directory cannot be deleted now, because its node is offline or hangs, for example.
     */
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
            LOGGER.log(Level.WARNING, e, () -> location + " did not answer; its token files are deleted later");
        }
    }

    /** Strict, because the directory that a record names is deleted with all its contents. */
    private static TokenFileLocation read(Reader reader) throws IOException {
        Properties properties = new Properties();
        properties.load(reader);
        String run = properties.getProperty("run");
        String node = properties.getProperty("node");
        String directory = properties.getProperty("directory");
        if (run == null || node == null || directory == null || !BlockTokenFiles.isDirectory(directory)) {
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

    /** Waits a moment for work that runs. What is left has its records. */
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
