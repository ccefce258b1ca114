package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * Ledger in a directory with one small file per family.
 *
 * <p>A record is replaced atomically: it is written to another file, forced to disk, and moved over the old one; then
 * the directory is forced to disk. {@code XmlFile} is not used, so that history and backup plugins that listen to saves
 * make no copies of tokens.
 */
public final class FileTokenLedger implements TokenLedger {

    /** Encrypts the tokens in the files. */
    public interface Cipher {

        String seal(String secret);

        /** @throws IOException when the text was not encrypted with this controller's key */
        String open(String sealed) throws IOException;
    }

    private static final Logger LOGGER = Logger.getLogger(FileTokenLedger.class.getName());
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8,128}");
    private static final String SUFFIX = ".json";
    private static final String UNFINISHED = ".tmp";
    private static final String RESERVED = ".reserved";
    private static final String TOMBSTONE = ".forgotten";

    /** Twice the size of the largest known access token and refresh token, encrypted. */
    private static final int RESPONSE_RESERVE_BYTES = 32 << 10;

    private final Path directory;
    private final TokenFamilyJson format;
    private final InterProcessLocks locks;

    /** Records that could not be read, and have been logged. */
    private final Set<Path> unreadable = ConcurrentHashMap.newKeySet();

    /** @throws IOException when the directory does not exist and cannot be created */
    public FileTokenLedger(Path directory, Cipher cipher) throws IOException {
        this.directory = directory;
        createDirectory();
        removeLeftovers();
        this.format = new TokenFamilyJson(cipher);
        this.locks = new InterProcessLocks(directory.resolve("ledger.lock"));
    }

    /** Does not change the permissions of an existing directory. */
    private void createDirectory() throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, onlyForOwner(directory, "rwx------"));
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null) {
                force(parent);
            }
        }
    }

    /** Deletes unfinished files of killed processes. Recent files may belong to a running process. */
    private void removeLeftovers() throws IOException {
        FileTime recent = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + UNFINISHED)) {
            for (Path file : files) {
                try {
                    if (Files.getLastModifiedTime(file).compareTo(recent) < 0) {
                        Files.deleteIfExists(file);
                    }
                } catch (IOException e) {
                    LOGGER.log(Level.FINE, e, () -> file + " is not changed");
                }
            }
        }
    }

    @Override
    public Optional<TokenFamily> load(String id) throws IOException {
        Path file = file(id);
        try {
            return Optional.of(format.read(Files.readString(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new IOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Contents contents() throws IOException {
        return readChanged(new HashMap<>());
    }

    @Override
    public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        return readChanged(seen).readable();
    }

    @Override
    public Optional<UnreadableRecord> findUnreadable(String token, String hash) {
        return unreadable.stream()
                .flatMap(file -> findUnreadable(file, token, hash).stream())
                .findFirst();
    }

    private Optional<UnreadableRecord> findUnreadable(Path file, String token, String hash) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, "Deleted since, or still not readable", e);
            return Optional.empty();
        }
        try {
            if (format.isOf(text, token, hash)) {
                format.read(text);
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(unreadable(file, e));
        }
    }

    private static UnreadableRecord unreadable(Path file, IOException e) {
        String name = String.valueOf(file.getFileName());
        return new UnreadableRecord(name.substring(0, name.length() - SUFFIX.length()), file.toString(), reason(e));
    }

    private Contents readChanged(Map<String, Object> seen) throws IOException {
        List<TokenFamily> records = new ArrayList<>();
        List<UnreadableRecord> failures = new ArrayList<>();
        Map<String, Version> versions = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                try {
                    Version version = Version.of(file);
                    if (!version.equals(seen.get(name))) {
                        records.add(format.read(Files.readString(file)));
                        if (version.isSettled()) {
                            versions.put(name, version);
                        }
                    }
                } catch (NoSuchFileException e) {
                    LOGGER.log(Level.FINE, "Deleted since it was listed", e);
                } catch (IOException e) {
                    Level level = unreadable.add(file) ? Level.WARNING : Level.FINE;
                    LOGGER.log(level, e, () -> "The token record " + file + " cannot be read; it is not changed");
                    failures.add(unreadable(file, e));
                }
            }
        }
        // After the loop, so that a caller that gets an exception gets all records again.
        seen.putAll(versions);
        return new Contents(records, failures);
    }

    /** Messages of the operating system may contain arbitrary text, and are not returned. */
    private static String reason(IOException e) {
        return e instanceof FileSystemException ? e.getClass().getSimpleName() : String.valueOf(e.getMessage());
    }

    private record Version(String key, long size, long modified) {

        /** Coarsest resolution of file times. */
        private static final long COARSEST_CLOCK_MILLIS = 2000;

        static Version of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(
                    String.valueOf(attributes.fileKey()),
                    attributes.size(),
                    attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        }

        /** Whether a later replacement of the file is certain to have another modification time. */
        boolean isSettled() {
            return System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(modified) > COARSEST_CLOCK_MILLIS;
        }
    }

    @Override
    public void save(TokenFamily record) throws IOException {
        Path reserved = reserved(record.id());
        Path fresh = Files.exists(reserved) ? reserved : createUnfinished(record.id());
        replace(file(record.id()), format.write(record), fresh);
    }

    @Override
    public void saveRequest(TokenFamily record) throws IOException {
        byte[] bytes = format.write(record);
        reserve(record.id(), bytes.length + RESPONSE_RESERVE_BYTES);
        replace(file(record.id()), bytes, createUnfinished(record.id()));
    }

    private void reserve(String id, int length) throws IOException {
        Path reserved = reserved(id);
        try {
            Files.deleteIfExists(reserved);
            createDirectory();
            Files.createFile(reserved, onlyForOwner(directory, "rw-------"));
            write(reserved, new byte[length]);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(reserved);
            throw e;
        }
    }

    private Path createUnfinished(String id) throws IOException {
        createDirectory();
        return Files.createTempFile(directory, id, UNFINISHED, onlyForOwner(directory, "rw-------"));
    }

    /** Overwrites the existing blocks of the file, which needs no more disk space. */
    private static void write(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.truncate(bytes.length);
            channel.force(true);
        }
    }

    private void replace(Path file, byte[] bytes, Path fresh) throws IOException {
        try {
            write(fresh, bytes);
            AtomicFileReplacement.replace(fresh, file);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
        force(directory);
    }

    @Override
    public void delete(String id) throws IOException {
        Files.deleteIfExists(file(id));
        Files.deleteIfExists(reserved(id));
        force(directory);
    }

    @Override
    public void saveTombstone(Tombstone tombstone) throws IOException {
        replace(tombstone(tombstone.hash()), format.write(tombstone), createUnfinished(tombstone.hash()));
    }

    @Override
    public Optional<Tombstone> findTombstone(String hash) throws IOException {
        try {
            return Optional.of(format.readTombstone(Files.readString(tombstone(hash)), hash));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public Lock lock(String id, Duration limit) throws IOException, InterruptedException {
        return locks.acquire(id, limit);
    }

    /** Whether the file system of the directory is known to have no locks, so that other processes are not excluded. */
    public boolean hasOnlyThreadLocks() {
        return locks.areThreadOnly();
    }

    private Path file(String id) {
        return directory.resolve(requireValid(id) + SUFFIX);
    }

    private Path reserved(String id) {
        return directory.resolve(requireValid(id) + RESERVED);
    }

    private Path tombstone(String hash) {
        return directory.resolve(requireValid(hash) + TOMBSTONE);
    }

    private static String requireValid(String hash) {
        if (!ID.matcher(hash).matches()) {
            throw new IllegalArgumentException("Not a family's ID");
        }
        return hash;
    }

    /**
     * Forces the entries of a directory to disk: without this, a power failure may undo a move. Windows has no such
     * call and does not need it.
     */
    private static void force(Path directory) throws IOException {
        if (isPosix(directory)) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static FileAttribute<?>[] onlyForOwner(Path path, String permissions) {
        return isPosix(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
