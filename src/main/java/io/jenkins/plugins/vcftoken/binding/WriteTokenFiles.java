package io.jenkins.plugins.vcftoken.binding;

import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.vcftoken.rotation.AtomicFileReplacement;
import java.io.File;
import java.io.IOException;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import jenkins.MasterToSlaveFileCallable;

/**
 * Writes the files of a block on the node where its steps read them. Each file is replaced as a whole: a reader sees
 * the old contents or the new ones. Returns whether the file system has POSIX permissions; where it has not, as on
 * Windows, files inherit the permissions of the directory above.
 */
final class WriteTokenFiles extends MasterToSlaveFileCallable<Boolean> {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the map that is in it is serializable, which newer compilers doubt
    private final Map<String, String> contents;

    private final TokenFileMode mode;

    /** @param contents by file name; a serializable map */
    WriteTokenFiles(Map<String, String> contents, TokenFileMode mode) {
        this.contents = contents;
        this.mode = mode;
    }

    @Override
    public Boolean invoke(File target, VirtualChannel channel) throws IOException {
        return write(target.toPath(), contents, mode);
    }

    static boolean write(Path directory, Map<String, String> contents, TokenFileMode mode) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        // A symbolic link there is not the plugin's. Then creating the directory fails.
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            // The directories above may be for other users. Only the last one is restricted.
            Files.createDirectories(Objects.requireNonNull(directory.getParent()));
            Files.createDirectory(directory, permissions(posix, TokenFileMode.OWNER.ofDirectory()));
            if (posix) {
                // The umask may have removed some from the permissions at creation.
                Files.setPosixFilePermissions(directory, mode.ofDirectory());
            }
        }
        for (Map.Entry<String, String> file : contents.entrySet()) {
            replace(directory, file.getKey(), file.getValue(), posix, mode);
        }
        return posix;
    }

    private static void replace(Path directory, String name, String content, boolean posix, TokenFileMode mode)
            throws IOException {
        Path fresh = Files.createTempFile(directory, "file", ".new", permissions(posix, TokenFileMode.OWNER.ofFile()));
        try {
            Files.writeString(fresh, content, StandardCharsets.UTF_8);
            if (posix) {
                Files.setPosixFilePermissions(fresh, mode.ofFile());
            }
            AtomicFileReplacement.replace(fresh, directory.resolve(name));
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static FileAttribute<?>[] permissions(boolean posix, Set<PosixFilePermission> permissions) {
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }
}
