package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** No bearer can be had. The message is complete: which credential, which system, what it means, what to do. */
public final class FamilyException extends Exception {

    private static final long serialVersionUID = 1;

    public FamilyException(String message, @CheckForNull Throwable cause) {
        super(message, cause);
    }
}
