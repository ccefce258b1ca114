package io.jenkins.plugins.vcftoken.binding;

import hudson.FilePath;
import hudson.util.AtomicFileWriter;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import jenkins.model.Jenkins;

/**
 * Where token files are, or may be, on whichever node: noted on disk before they are written and struck out when they
 * are gone, so that they go however a controller, a node or a build ends. Holds no secrets.
 */
final class TokenFileRegistry {

    private static final Logger LOGGER = Logger.getLogger(TokenFileRegistry.class.getName());

    private final Path directory;
    private final Map<TokenFileRecord, Path> notes = new ConcurrentHashMap<>();
    private volatile boolean loaded;

    TokenFileRegistry(Path directory) {
        this.directory = directory;
    }

    synchronized void add(TokenFileRecord note) throws IOException {
        load();
        if (notes.containsKey(note)) {
            return;
        }
        Properties text = new Properties();
        text.setProperty("run", note.run());
        text.setProperty("node", note.location().node());
        text.setProperty("directory", note.location().directory());
        Files.createDirectories(directory);
        Path file = directory.resolve(UUID.randomUUID() + ".properties");
        try (AtomicFileWriter writer = new AtomicFileWriter(file, StandardCharsets.UTF_8)) {
            text.store(writer, null);
            writer.commit();
        }
        notes.put(note, file);
    }

    /** Removes what the note is about, and the note. While the node is offline, both stay. */
    void remove(TokenFileRecord note) throws IOException, InterruptedException {
        load();
        TokenFileLocation location = note.location();
        FilePath path = location.path();
        if (path != null) {
            TokenFileCleanup.limited(path::deleteRecursive);
        } else if (Jenkins.get().getComputer(location.node()) != null) {
            return;
        }
        Path file = notes.remove(note);
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }

    /** From memory: false only when there is certainly nothing to clean up. */
    boolean mayExist() {
        return !loaded || !notes.isEmpty();
    }

    /** What no build in progress needs. */
    List<TokenFileRecord> unused(Predicate<TokenFileRecord> which) {
        load();
        return notes.keySet().stream()
                .filter(note -> which.test(note) && !note.mayBeInUse())
                .toList();
    }

    /** As {@link #remove}; what cannot be removed now goes later. */
    void tryToRemove(TokenFileRecord note) {
        try {
            remove(note);
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, () -> "The token files in " + note.location() + " could not be removed");
        } catch (InterruptedException e) {
            LOGGER.log(Level.WARNING, e, () -> note.location() + " did not answer; its token files go later");
        }
    }

    /** Strict, because what a note names is deleted with everything in it. */
    private static TokenFileRecord read(Reader reader) throws IOException {
        Properties text = new Properties();
        text.load(reader);
        String run = text.getProperty("run");
        String node = text.getProperty("node");
        String directory = text.getProperty("directory");
        if (run == null || node == null || directory == null || !BlockTokenFiles.isDirectory(directory)) {
            throw new IOException("not a note about token files");
        }
        return new TokenFileRecord(run, new TokenFileLocation(node, directory));
    }

    private synchronized void load() {
        if (loaded) {
            return;
        }
        if (!Files.isDirectory(directory)) {
            loaded = true;
            return;
        }
        List<Path> files;
        try (Stream<Path> found = Files.list(directory)) {
            files = found.filter(file -> file.toString().endsWith(".properties"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Path file : files) {
            try (Reader reader = Files.newBufferedReader(file)) {
                notes.put(read(reader), file);
            } catch (IOException | IllegalArgumentException e) {
                LOGGER.log(Level.WARNING, e, () -> file + " cannot be read; it is left alone");
            }
        }
        loaded = true;
    }
}
