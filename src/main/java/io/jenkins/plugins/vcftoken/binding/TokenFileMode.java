package io.jenkins.plugins.vcftoken.binding;

import io.jenkins.plugins.vcftoken.Messages;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Which users of a node may read token files. The names are in scripts and in saved jobs and builds. */
public enum TokenFileMode {
    /** The user that the agent runs as. */
    OWNER("0600", "rw-------", "rwx------") {
        @Override
        public String getLabel() {
            return Messages.TokenFileMode_owner();
        }
    },

    /** Also that user's primary group. */
    GROUP("0640", "rw-r-----", "rwxr-x---") {
        @Override
        public String getLabel() {
            return Messages.TokenFileMode_group();
        }
    },

    /** All users. */
    EVERYONE("0644", "rw-r--r--", "rwxr-xr-x") {
        @Override
        public String getLabel() {
            return Messages.TokenFileMode_everyone();
        }
    };

    private final String octal;
    private final String ofFile;
    private final String ofDirectory;

    TokenFileMode(String octal, String ofFile, String ofDirectory) {
        this.octal = octal;
        this.ofFile = ofFile;
        this.ofDirectory = ofDirectory;
    }

    /** For forms. */
    public abstract String getLabel();

    String octal() {
        return octal;
    }

    Set<PosixFilePermission> ofFile() {
        return PosixFilePermissions.fromString(ofFile);
    }

    Set<PosixFilePermission> ofDirectory() {
        return PosixFilePermissions.fromString(ofDirectory);
    }
}
