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
import java.util.Objects;
import java.util.Set;
import jenkins.MasterToSlaveFileCallable;

/**
 * Puts an access token into the files of a block, on the node whose steps read them. A reader sees the old access token or the new
 * one and never a part: each file is replaced as a whole. Answers whether the file system knows the mode; where it does
 * not, as on Windows, files have the permissions of what is above them.
 */
final class WriteTokenFiles extends MasterToSlaveFileCallable<Boolean> {

    static final String TOKEN = "token";
    static final String HEADER = "header";

    @Serial
    private static final long serialVersionUID = 1;

    private final String accessToken;
    private final TokenFileMode mode;

    WriteTokenFiles(String accessToken, TokenFileMode mode) {
        this.accessToken = accessToken;
        this.mode = mode;
    }

    @Override
    public Boolean invoke(File target, VirtualChannel channel) throws IOException {
        return write(target.toPath(), accessToken, mode);
    }

    static boolean write(Path directory, String accessToken, TokenFileMode mode) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        // A link there is somebody else's: then making the directory fails.
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            // Above it, other things may be for other eyes; of these directories this is the last.
            Files.createDirectories(Objects.requireNonNull(directory.getParent()));
            Files.createDirectory(directory, only(posix, TokenFileMode.OWNER.ofDirectory()));
            if (posix) {
                // What it is created with, the user's mask may take away from.
                Files.setPosixFilePermissions(directory, mode.ofDirectory());
            }
        }
        replace(directory, TOKEN, accessToken, posix, mode);
        replace(directory, HEADER, "Authorization: Bearer " + accessToken + "\n", posix, mode);
        return posix;
    }

    private static void replace(Path directory, String name, String content, boolean posix, TokenFileMode mode)
            throws IOException {
        Path fresh = Files.createTempFile(directory, name, ".new", only(posix, TokenFileMode.OWNER.ofFile()));
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

    private static FileAttribute<?>[] only(boolean posix, Set<PosixFilePermission> permissions) {
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }
}
