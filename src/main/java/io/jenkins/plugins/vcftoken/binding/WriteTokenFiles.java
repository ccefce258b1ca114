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
 * Writes the files of a block on the node where its steps read them. Each file is replaced as a whole: a reader sees
 * the old contents or the new ones. Returns whether the file system has POSIX permissions; where it has not, as on
 * Windows, files inherit the permissions of the directory above.
 */
final class WriteTokenFiles extends MasterToSlaveFileCallable<Boolean> {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the map that is in it is serializable, which newer compilers doubt
    private final Map<String, Content> contents;

    /** One file. */
    record Content(String text, TokenFileMode mode) implements Serializable {

        /** Without the text, which is secret. */
        @Override
        public String toString() {
            return "Content[" + mode + "]";
        }
    }

    /** @param contents by file name; a serializable map */
    WriteTokenFiles(Map<String, Content> contents) {
        this.contents = contents;
    }

    @Override
    public Boolean invoke(File target, VirtualChannel channel) throws IOException {
        return write(target.toPath(), contents);
    }

    static boolean write(Path directory, Map<String, Content> contents) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        // A symbolic link there is not the plugin's. Then creating the directory fails.
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            // The directories above may be for other users. Only the last one is restricted.
            Files.createDirectories(Objects.requireNonNull(directory.getParent()));
            Files.createDirectory(directory, permissions(posix, TokenFileMode.OWNER.ofDirectory()));
            if (posix) {
                // The umask may have removed some from the permissions at creation.
                Files.setPosixFilePermissions(directory, widest(contents).ofDirectory());
            }
        }
        for (Map.Entry<String, Content> file : contents.entrySet()) {
            replace(directory.resolve(file.getKey()), file.getValue(), posix);
        }
        return posix;
    }

    private static TokenFileMode widest(Map<String, Content> contents) {
        return TokenFileMode.widest(contents.values().stream().map(Content::mode));
    }

    private static void replace(Path file, Content content, boolean posix) throws IOException {
        Path fresh = Files.createTempFile(
                Objects.requireNonNull(file.getParent()),
                "file",
                ".new",
                permissions(posix, TokenFileMode.OWNER.ofFile()));
        try {
            Files.writeString(fresh, content.text(), StandardCharsets.UTF_8);
            if (posix) {
                Files.setPosixFilePermissions(fresh, content.mode().ofFile());
            }
            AtomicFileReplacement.replace(fresh, file);
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
