package io.jenkins.plugins.vcftoken.binding;

import io.jenkins.plugins.vcftoken.Messages;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/** Permissions of token files, most restrictive first. The names are saved in jobs and builds, and used in scripts. */
public enum TokenFileMode {
    /** The user of the agent process. */
    OWNER("0600", "rw-------", "rwx------"),

    /** The user of the agent process and its primary group. */
    GROUP("0640", "rw-r-----", "rwxr-x---"),

    /** All users of the node. */
    EVERYONE("0644", "rw-r--r--", "rwxr-xr-x");

    private final String octal;
    private final String filePermissions;
    private final String directoryPermissions;

    TokenFileMode(String octal, String filePermissions, String directoryPermissions) {
        this.octal = octal;
        this.filePermissions = filePermissions;
        this.directoryPermissions = directoryPermissions;
    }

    /** Called by forms. */
    public String getLabel() {
        return switch (this) {
            case OWNER -> Messages.TokenFileMode_owner();
            case GROUP -> Messages.TokenFileMode_group();
            case EVERYONE -> Messages.TokenFileMode_everyone();
        };
    }

    String octal() {
        return octal;
    }

    /** @return least restrictive mode; {@link #OWNER} for an empty stream */
    static TokenFileMode widest(Stream<TokenFileMode> modes) {
        return modes.max(Comparator.naturalOrder()).orElse(OWNER);
    }

    Set<PosixFilePermission> filePermissions() {
        return PosixFilePermissions.fromString(filePermissions);
    }

    Set<PosixFilePermission> directoryPermissions() {
        return PosixFilePermissions.fromString(directoryPermissions);
    }
}
