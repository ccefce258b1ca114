package io.jenkins.plugins.vcftoken.rotation;

import com.fasterxml.jackson.databind.ObjectMapper;
import edu.umd.cs.findbugs.annotations.CheckForNull;
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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * The ledger as a directory with one small file per family.
 *
 * <p>A record is replaced as a whole: written beside the old one, forced to disk, moved over it, and the directory
 * forced too. After a crash there is the old record or the new one, never half of one. Plain files and not
 * {@code XmlFile}, so that history and backup plugins that listen to saves do not make copies of tokens.
 */
public final class FileTokenLedger implements TokenLedger {

    private static final Logger LOGGER = Logger.getLogger(FileTokenLedger.class.getName());
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8,128}");
    private static final String SUFFIX = ".json";
    private static final String UNFINISHED = ".tmp";
    private static final String RESERVED = ".reserved";
    private static final String FORGOTTEN = ".forgotten";

    /** An access token and a refresh token of the largest size that is known, encrypted, twice over. */
    private static final int ROOM_FOR_RESPONSE = 32 << 10;

    private final Path directory;
    private final TokenFamilyJson format;
    private final InterProcessLocks locks;

    /** Unreadable records that the log has named. */
    private final Set<Path> logged = ConcurrentHashMap.newKeySet();

    /** @throws IOException when the directory is not there and cannot be made */
    public FileTokenLedger(Path directory, SecretCipher cipher) throws IOException {
        this.directory = directory;
        createDirectory();
        removeLeftovers();
        this.format = new TokenFamilyJson(new ObjectMapper(), cipher);
        this.locks = new InterProcessLocks(directory.resolve("ledger.lock"));
    }

    /** When it is there already, nothing happens, whatever its permissions are. */
    private void createDirectory() throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, onlyForOwner(directory, "rwx------"));
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null) {
                force(parent);
            }
        }
    }

    /** What a process that was killed had begun to write. What another one is writing right now is younger. */
    private void removeLeftovers() throws IOException {
        FileTime recent = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + UNFINISHED)) {
            for (Path file : files) {
                try {
                    if (Files.getLastModifiedTime(file).compareTo(recent) < 0) {
                        Files.deleteIfExists(file);
                    }
                } catch (IOException e) {
                    LOGGER.log(Level.FINE, e, () -> file + " is left alone");
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
        return changed(new HashMap<>());
    }

    @Override
    public List<TokenFamily> loadChanged(Map<String, Object> seen) throws IOException {
        return changed(seen).readable();
    }

    @Override
    public Optional<UnreadableRecord> unusable(String token, String hash) {
        return logged.stream()
                .map(file -> unusable(file, token, hash))
                .filter(Objects::nonNull)
                .findFirst();
    }

    @CheckForNull
    private UnreadableRecord unusable(Path file, String token, String hash) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, "Gone by now, or it tells nothing", e);
            return null;
        }
        if (format.isOf(text, token, hash)) {
            try {
                format.read(text);
            } catch (IOException e) {
                return unreadable(file, e);
            }
        }
        return null;
    }

    private static UnreadableRecord unreadable(Path file, IOException e) {
        String name = String.valueOf(file.getFileName());
        return new UnreadableRecord(name.substring(0, name.length() - SUFFIX.length()), file.toString(), reason(e));
    }

    private Contents changed(Map<String, Object> seen) throws IOException {
        List<TokenFamily> records = new ArrayList<>();
        List<UnreadableRecord> unreadable = new ArrayList<>();
        Map<String, Version> had = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                try {
                    Version version = Version.of(file);
                    if (!version.equals(seen.get(name))) {
                        records.add(format.read(Files.readString(file)));
                        if (version.isSettled()) {
                            had.put(name, version);
                        }
                    }
                } catch (NoSuchFileException e) {
                    LOGGER.log(Level.FINE, "Gone since it was listed", e);
                } catch (IOException e) {
                    Level level = logged.add(file) ? Level.WARNING : Level.FINE;
                    LOGGER.log(level, e, () -> "The token record " + file + " cannot be read; it is left alone");
                    unreadable.add(unreadable(file, e));
                }
            }
        }
        // All or none: what an exception kept from the reader is not marked as read.
        seen.putAll(had);
        return new Contents(records, unreadable);
    }

    /** What this class and its format say of a record; what the operating system says may be in any form. */
    private static String reason(IOException e) {
        return e instanceof FileSystemException ? e.getClass().getSimpleName() : String.valueOf(e.getMessage());
    }

    /** What a file's replacement changes. */
    private record Version(String key, long size, long modified) {

        /** No file system's clock is coarser. */
        private static final long COARSEST_CLOCK_MILLIS = 2000;

        static Version of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(
                    String.valueOf(attributes.fileKey()),
                    attributes.size(),
                    attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        }

        /** Whether another replacement from now on would show. */
        boolean isSettled() {
            return System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(modified) > COARSEST_CLOCK_MILLIS;
        }
    }

    @Override
    public void save(TokenFamily record) throws IOException {
        replace(file(record.id()), format.write(record), create(record.id(), UNFINISHED));
    }

    @Override
    public void reserve(TokenFamily record) throws IOException {
        Path reserved = reserved(record.id());
        byte[] room = new byte[format.write(record).length + ROOM_FOR_RESPONSE];
        try {
            Files.deleteIfExists(reserved);
            createDirectory();
            Files.createFile(reserved, onlyForOwner(directory, "rw-------"));
            write(reserved, room);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(reserved);
            throw e;
        }
    }

    @Override
    public void saveReserved(TokenFamily record) throws IOException {
        Path reserved = reserved(record.id());
        Path fresh = Files.exists(reserved) ? reserved : create(record.id(), UNFINISHED);
        replace(file(record.id()), format.write(record), fresh);
    }

    private Path create(String id, String suffix) throws IOException {
        createDirectory();
        return Files.createTempFile(directory, id, suffix, onlyForOwner(directory, "rw-------"));
    }

    /** Over blocks that the file has already, if it has any: these need no more space. */
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
        forceDirectory();
    }

    @Override
    public void delete(String id) throws IOException {
        Files.deleteIfExists(file(id));
        Files.deleteIfExists(reserved(id));
        forceDirectory();
    }

    @Override
    public void saveForgotten(FamilyTombstone forgotten) throws IOException {
        replace(
                directory.resolve(checked(forgotten.hash()) + FORGOTTEN),
                format.write(forgotten),
                create(forgotten.hash(), UNFINISHED));
    }

    @Override
    public Optional<FamilyTombstone> forgotten(String hash) throws IOException {
        try {
            return Optional.of(
                    format.readForgotten(Files.readString(directory.resolve(checked(hash) + FORGOTTEN)), hash));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public Lock lock(String id, Duration limit) throws IOException, InterruptedException {
        return locks.acquire(id, limit);
    }

    /** Whether a second process on this directory is known not to be kept out, because its file system has no locks. */
    public boolean isLockedForThreadsAlone() {
        return locks.areOfThreadsAlone();
    }

    private Path file(String id) {
        return directory.resolve(checked(id) + SUFFIX);
    }

    private Path reserved(String id) {
        return directory.resolve(checked(id) + RESERVED);
    }

    private static String checked(String hash) {
        if (!ID.matcher(hash).matches()) {
            throw new IllegalArgumentException("Not a family's ID");
        }
        return hash;
    }

    /** Without it the move may be undone by a power failure. */
    private void forceDirectory() throws IOException {
        force(directory);
    }

    /** Of a directory, that is the names in it. Windows has no such call and needs none. */
    private static void force(Path names) throws IOException {
        if (isPosix(names)) {
            try (FileChannel channel = FileChannel.open(names, StandardOpenOption.READ)) {
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
        Set<String> views = path.getFileSystem().supportedFileAttributeViews();
        return views.contains("posix");
    }
}
