package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The environment variables that a block sets, as somebody configured them. */
public final class TokenVariables implements Serializable {

    public static final String DEFAULT_TOKEN = "VCF_TOKEN";
    public static final String DEFAULT_URL = "VCF_URL";

    /** What is appended to the token's variable for the one that tells when the token expires. */
    private static final String EXPIRES_AT = "_EXPIRES_AT";

    @Serial
    private static final long serialVersionUID = 1;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** What shells, loaders and Jenkins take orders from. An access token or an address in there is a mistake, or worse. */
    private static final Pattern TAKEN = Pattern.compile(
            "(?i)PATH|PATHEXT|HOME|SHELL|COMSPEC|SYSTEMROOT|IFS|ENV|BASH_ENV|PS4|WORKSPACE|JAVA_TOOL_OPTIONS|"
                    + "(LD|DYLD|JENKINS|HUDSON)_.*");

    private final String token;
    private final String url;

    @CheckForNull
    private final String tokenFile;

    @CheckForNull
    private final String headerFile;

    /**
     * @param token blank for the default
     * @param url blank for the default
     * @param tokenFile blank for no such file
     * @param headerFile blank for no such file
     */
    public TokenVariables(
            @CheckForNull String token,
            @CheckForNull String url,
            @CheckForNull String tokenFile,
            @CheckForNull String headerFile) {
        this.token = orDefault(token, DEFAULT_TOKEN);
        this.url = orDefault(url, DEFAULT_URL);
        this.tokenFile = Util.fixEmptyAndTrim(tokenFile);
        this.headerFile = Util.fixEmptyAndTrim(headerFile);
    }

    private static String orDefault(@CheckForNull String name, String standard) {
        String given = Util.fixEmptyAndTrim(name);
        return given == null ? standard : given;
    }

    public String token() {
        return token;
    }

    public String url() {
        return url;
    }

    /** Holds seconds since 1970. */
    public String expiresAt() {
        return token + EXPIRES_AT;
    }

    @CheckForNull
    public String tokenFile() {
        return tokenFile;
    }

    @CheckForNull
    public String headerFile() {
        return headerFile;
    }

    public boolean wantFiles() {
        return tokenFile != null || headerFile != null;
    }

    /** @return what is wrong with these names, fit to be shown; null when all is well */
    @CheckForNull
    public String tokenError() {
        List<String> names = new ArrayList<>(List.of(token, url, expiresAt()));
        if (tokenFile != null) {
            names.add(tokenFile);
        }
        if (headerFile != null) {
            names.add(headerFile);
        }
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (!NAME.matcher(name).matches()) {
                return Messages.TokenVariables_bad(name);
            }
            if (TAKEN.matcher(name).matches()) {
                return Messages.TokenVariables_taken(name);
            }
            if (names.indexOf(name) < i) {
                return Messages.TokenVariables_twice(name);
            }
        }
        return null;
    }
}
