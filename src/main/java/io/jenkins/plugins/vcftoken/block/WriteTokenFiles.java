package io.jenkins.plugins.vcftoken.block;

import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.vcftoken.store.FileReplacement;
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
 * Puts a bearer into the files of a block, on the node whose steps read them. A reader sees the old bearer or the new
 * one and never a part: each file is replaced as a whole. For its owner's eyes only, where the system knows owners.
 */
final class WriteTokenFiles extends MasterToSlaveFileCallable<Void> {

    static final String TOKEN = "token";
    static final String HEADER = "header";

    @Serial
    private static final long serialVersionUID = 1;

    private final String bearer;

    WriteTokenFiles(String bearer) {
        this.bearer = bearer;
    }

    @Override
    public Void invoke(File target, VirtualChannel channel) throws IOException {
        write(target.toPath(), bearer);
        return null;
    }

    /** On Windows, which does not know these permissions, they are those of what is above. */
    static void write(Path directory, String bearer) throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        // A link there is somebody else's: then making the directory fails.
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            // Above it, other things may be for other eyes; of these directories this is the last.
            Files.createDirectories(Objects.requireNonNull(directory.getParent()));
            Files.createDirectory(directory, only(posix, "rwx------"));
        }
        replace(directory, TOKEN, bearer, posix);
        replace(directory, HEADER, "Authorization: Bearer " + bearer + "\n", posix);
    }

    private static void replace(Path directory, String name, String content, boolean posix) throws IOException {
        Path fresh = Files.createTempFile(directory, name, ".new", only(posix, "rw-------"));
        try {
            Files.writeString(fresh, content, StandardCharsets.UTF_8);
            FileReplacement.replace(fresh, directory.resolve(name));
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static FileAttribute<?>[] only(boolean posix, String permissions) {
        if (!posix) {
            return new FileAttribute<?>[0];
        }
        Set<PosixFilePermission> set = PosixFilePermissions.fromString(permissions);
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(set)};
    }
}
