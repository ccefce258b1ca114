package io.jenkins.plugins.vcftoken.binding;

import io.jenkins.plugins.vcftoken.Messages;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which users of a node may read token files, fewest first. The names are saved in jobs and builds and written in
 * scripts.
 */
public enum TokenFileMode {
    /** The user that the agent runs as. */
    OWNER("0600", "rw-------", "rwx------"),

    /** Also that user's primary group. */
    GROUP("0640", "rw-r-----", "rwxr-x---"),

    /** All users. */
    EVERYONE("0644", "rw-r--r--", "rwxr-xr-x");

    private final String octal;
    private final String ofFile;
    private final String ofDirectory;

    TokenFileMode(String octal, String ofFile, String ofDirectory) {
        this.octal = octal;
        this.ofFile = ofFile;
        this.ofDirectory = ofDirectory;
    }

    /** For forms. */
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

    /** @return the mode with the most readers; {@link #OWNER} for none */
    static TokenFileMode widest(Stream<TokenFileMode> modes) {
        return modes.max(Comparator.naturalOrder()).orElse(OWNER);
    }

    Set<PosixFilePermission> ofFile() {
        return PosixFilePermissions.fromString(ofFile);
    }

    Set<PosixFilePermission> ofDirectory() {
        return PosixFilePermissions.fromString(ofDirectory);
    }
}
