package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a block gives to its steps for an access token: environment variables and files, by the names and with the mode
 * that the job chooses. Immutable.
 */
public final class TokenVariables implements Serializable {

    public static final String DEFAULT_TOKEN = "VCF_TOKEN";
    public static final String DEFAULT_URL = "VCF_URL";

    /** Names of the files. */
    static final String TOKEN_FILE = "token";

    static final String HEADER_FILE = "header";

    private static final String EXPIRES_AT_SUFFIX = "_EXPIRES_AT";

    @Serial
    private static final long serialVersionUID = 1;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /**
     * Variables that control shells, loaders and Jenkins. An access token or an address in these is a mistake or an
     * attack.
     */
    private static final Pattern RESERVED = Pattern.compile(
            "(?i)PATH|PATHEXT|HOME|SHELL|COMSPEC|SYSTEMROOT|IFS|ENV|BASH_ENV|PS4|WORKSPACE|JAVA_TOOL_OPTIONS|"
                    + "(LD|DYLD|JENKINS|HUDSON)_.*");

    private final String token;
    private final String url;

    @CheckForNull
    private final String tokenFile;

    @CheckForNull
    private final String headerFile;

    private final TokenFileMode fileMode;

    /** As the other constructor, with files for their owner alone. */
    public TokenVariables(
            @CheckForNull String token,
            @CheckForNull String url,
            @CheckForNull String tokenFile,
            @CheckForNull String headerFile) {
        this(token, url, tokenFile, headerFile, TokenFileMode.OWNER);
    }

    /**
     * @param token blank for {@value #DEFAULT_TOKEN}
     * @param url blank for {@value #DEFAULT_URL}
     * @param tokenFile blank for no such file
     * @param headerFile blank for no such file
     */
    TokenVariables(
            @CheckForNull String token,
            @CheckForNull String url,
            @CheckForNull String tokenFile,
            @CheckForNull String headerFile,
            TokenFileMode fileMode) {
        this.token = Objects.requireNonNullElse(Util.fixEmptyAndTrim(token), DEFAULT_TOKEN);
        this.url = Objects.requireNonNullElse(Util.fixEmptyAndTrim(url), DEFAULT_URL);
        this.tokenFile = Util.fixEmptyAndTrim(tokenFile);
        this.headerFile = Util.fixEmptyAndTrim(headerFile);
        this.fileMode = fileMode;
    }

    public String token() {
        return token;
    }

    public String url() {
        return url;
    }

    TokenFileMode fileMode() {
        return fileMode;
    }

    boolean hasFiles() {
        return tokenFile != null || headerFile != null;
    }

    /** @return the contents of all files by name, as a serializable map */
    static Map<String, String> fileContents(String accessToken) {
        Map<String, String> contents = new HashMap<>();
        contents.put(TOKEN_FILE, accessToken);
        contents.put(HEADER_FILE, "Authorization: Bearer " + accessToken + "\n");
        return contents;
    }

    /**
     * Adds the access token and its expiry.
     *
     * @param expiresAt in seconds since 1970
     */
    void contribute(Map<String, String> env, String accessToken, long expiresAt) {
        env.put(token, accessToken);
        env.put(token + EXPIRES_AT_SUFFIX, Long.toString(expiresAt));
    }

    /** Adds the paths of the files. */
    void contributeFiles(Map<String, String> env, BlockTokenFiles files, String temporary) {
        if (tokenFile != null) {
            env.put(tokenFile, files.path(temporary, TOKEN_FILE));
        }
        if (headerFile != null) {
            env.put(headerFile, files.path(temporary, HEADER_FILE));
        }
    }

    /** @return the path of a file in a step's environment; null when it has none */
    @CheckForNull
    String findFile(Map<String, String> env) {
        return Stream.of(tokenFile, headerFile)
                .filter(Objects::nonNull)
                .map(env::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** @return a message for the first unusable name; null when there is none */
    @CheckForNull
    String findError() {
        List<String> names = new ArrayList<>(List.of(token, url, token + EXPIRES_AT_SUFFIX));
        Stream.of(tokenFile, headerFile).filter(Objects::nonNull).forEach(names::add);
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (!NAME.matcher(name).matches()) {
                return Messages.TokenVariables_bad(name);
            }
            if (RESERVED.matcher(name).matches()) {
                return Messages.TokenVariables_taken(name);
            }
            if (names.indexOf(name) < i) {
                return Messages.TokenVariables_twice(name);
            }
        }
        return null;
    }
}
