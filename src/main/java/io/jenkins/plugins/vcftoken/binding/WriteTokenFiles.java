package io.jenkins.plugins.vcftoken.binding;

import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.vcftoken.rotation.AtomicFileReplacement;
import java.io.File;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;
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
 * Writes the files of a block on a node. Replaces each file atomically, so that a reader sees either the old or the new
 * contents. Returns whether the file system has POSIX permissions; without them, as on Windows, files inherit the
 * permissions of the parent directory.
 */
final class WriteTokenFiles extends MasterToSlaveFileCallable<Boolean> {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the map implementation is serializable
    private final Map<String, Content> contents;

    record Content(String text, TokenFileMode mode) implements Serializable {

        /** Omits the text, which is secret. */
        @Override
        public String toString() {
            return "Content[" + mode + "]";
        }
    }

    /** @param contents contents by file name; must be serializable */
    WriteTokenFiles(Map<String, Content> contents) {
        this.contents = contents;
    }

    @Override
    public Boolean invoke(File target, VirtualChannel channel) throws IOException {
        return write(target.toPath(), contents);
    }

    static boolean write(Path directory, Map<String, Content> contents) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        // A symbolic link was not created by the plugin; creating the directory then fails.
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            // Other users may need the parent directories. Only the last directory is restricted.
            Files.createDirectories(Objects.requireNonNull(directory.getParent()));
            Files.createDirectory(directory, permissions(posix, TokenFileMode.OWNER.directoryPermissions()));
            if (posix) {
                // The umask may have removed permissions at creation.
                TokenFileMode widest =
                        TokenFileMode.widest(contents.values().stream().map(Content::mode));
                Files.setPosixFilePermissions(directory, widest.directoryPermissions());
            }
        }
        for (Map.Entry<String, Content> file : contents.entrySet()) {
            replace(directory.resolve(file.getKey()), file.getValue(), posix);
        }
        return posix;
    }

    private static void replace(Path file, Content content, boolean posix) throws IOException {
        Path replacement = Files.createTempFile(
                Objects.requireNonNull(file.getParent()),
                "file",
                ".new",
                permissions(posix, TokenFileMode.OWNER.filePermissions()));
        try {
            Files.writeString(replacement, content.text(), StandardCharsets.UTF_8);
            if (posix) {
                Files.setPosixFilePermissions(replacement, content.mode().filePermissions());
            }
            AtomicFileReplacement.replace(replacement, file);
        } finally {
            Files.deleteIfExists(replacement);
        }
    }

    private static FileAttribute<?>[] permissions(boolean posix, Set<PosixFilePermission> permissions) {
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }
}
