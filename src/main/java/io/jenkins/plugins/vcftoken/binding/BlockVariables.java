package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.Util;
import io.jenkins.plugins.vcftoken.DerivedTokenClientFactory;
import io.jenkins.plugins.vcftoken.Messages;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * Environment variables and files of a block by name: token, expiry, URL, and those of the bindings. Contains
 * templates, no tokens. Immutable after the block has opened. Saved with the build.
 */
final class BlockVariables implements Serializable {

    static final String DEFAULT_TOKEN = "VCF_TOKEN";
    static final String DEFAULT_URL = "VCF_URL";

    private static final String EXPIRES_AT_SUFFIX = "_EXPIRES_AT";

    @Serial
    private static final long serialVersionUID = 1;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** Variables that control shells, loaders and Jenkins; a token or URL in one of these is an error or an attack. */
    private static final Pattern RESERVED = Pattern.compile(
            "(?i)PATH|PATHEXT|HOME|SHELL|COMSPEC|SYSTEMROOT|IFS|ENV|BASH_ENV|PS4|WORKSPACE|JAVA_TOOL_OPTIONS|"
                    + "(LD|DYLD|JENKINS|HUDSON)_.*");

    /** Sufficient for most blocks. */
    private static final int INITIAL_CAPACITY = 2;

    private final String tokenVariable;
    private final Map<String, TokenTemplate> values = new LinkedHashMap<>();

    /** File names by the variable that contains the path. */
    private final Map<String, String> paths = new LinkedHashMap<>(INITIAL_CAPACITY);

    /** Suffixes by the variable that contains the directory of the files and the suffix. */
    private final Map<String, String> directories = new LinkedHashMap<>(INITIAL_CAPACITY);

    private final Map<String, FileTemplate> files = new LinkedHashMap<>(INITIAL_CAPACITY);

    /** Null in builds that were saved by earlier versions. */
    @CheckForNull
    @SuppressWarnings("serial") // the list implementation is serializable
    private final List<DerivedTokenClientFactory> derivedTokens = new ArrayList<>();

    /**
     * @param token variable for the access token; blank for {@value #DEFAULT_TOKEN}
     * @param urlVariable blank for {@value #DEFAULT_URL}
     * @throws AbortException if a name is invalid
     */
    BlockVariables(@CheckForNull String token, @CheckForNull String urlVariable, String url) throws AbortException {
        this.tokenVariable = orDefault(token, DEFAULT_TOKEN);
        addValue(tokenVariable, TokenTemplate.of("", ""));
        addValue(orDefault(urlVariable, DEFAULT_URL), TokenTemplate.of(url));
    }

    static String orDefault(@CheckForNull String name, String defaultName) {
        return Objects.requireNonNullElse(Util.fixEmptyAndTrim(name), defaultName);
    }

    void addValue(String name, TokenTemplate value) throws AbortException {
        checkName(name);
        // Shared by all blocks with the same bindings.
        values.put(name.intern(), value);
    }

    void addPath(String name, String file) throws AbortException {
        checkName(name);
        paths.put(name, file);
    }

    void addDirectory(String name, String suffix) throws AbortException {
        checkName(name);
        directories.put(name, suffix);
    }

    void addFile(String name, TokenTemplate content, TokenFileMode mode) throws AbortException {
        // Some file systems ignore case.
        if (files.keySet().stream().anyMatch(name::equalsIgnoreCase)) {
            throw new AbortException(Messages.BlockVariables_twice(name));
        }
        files.put(name, new FileTemplate(content, mode));
    }

    /** @return template that consists of the token only */
    TokenTemplate addDerivedToken(DerivedTokenClientFactory token) {
        List<DerivedTokenClientFactory> tokens = Objects.requireNonNull(derivedTokens, "the block is open");
        tokens.add(token);
        return TokenTemplate.ofToken(TokenTemplate.ACCESS_TOKEN + tokens.size());
    }

    /** @return tokens in the order of their numbers, which start after {@link TokenTemplate#ACCESS_TOKEN} */
    List<DerivedTokenClientFactory> derivedTokens() {
        return List.copyOf(Util.fixNull(derivedTokens));
    }

    private void checkName(String name) throws AbortException {
        String error = findNameError(name);
        if (error != null) {
            throw new AbortException(error);
        }
        boolean isTaken = values.containsKey(name)
                || paths.containsKey(name)
                || directories.containsKey(name)
                || name.equals(tokenVariable + EXPIRES_AT_SUFFIX);
        if (isTaken) {
            throw new AbortException(Messages.BlockVariables_twice(name));
        }
    }

    /** @return error message if the name is invalid for a variable, or null */
    @CheckForNull
    static String findNameError(String name) {
        if (!NAME.matcher(name).matches()) {
            return Messages.BlockVariables_bad(name);
        }
        return RESERVED.matcher(name).matches() ? Messages.BlockVariables_taken(name) : null;
    }

    /** @return names of the variables that contain a token */
    Set<String> secretVariables() {
        Set<String> secret = new HashSet<>();
        values.forEach((name, value) -> {
            if (value.isSecret()) {
                secret.add(name);
            }
        });
        return secret;
    }

    boolean hasFiles() {
        return !files.isEmpty();
    }

    /** @return widest mode of the files that contain a token */
    TokenFileMode tokenFileMode() {
        return TokenFileMode.widest(
                files.values().stream().filter(file -> file.content.isSecret()).map(file -> file.mode));
    }

    /**
     * @param tokens returns the current token by number, or null if there is none
     * @return all files by name, in a serializable map; null if a token of one of them is missing
     */
    @CheckForNull
    Map<String, WriteTokenFiles.Content> fillFiles(IntFunction<String> tokens) {
        Map<String, WriteTokenFiles.Content> filled = new HashMap<>();
        for (Map.Entry<String, FileTemplate> file : files.entrySet()) {
            String content = file.getValue().content.fill(tokens);
            if (content == null) {
                return null;
            }
            filled.put(file.getKey(), new WriteTokenFiles.Content(content, file.getValue().mode));
        }
        return filled;
    }

    /**
     * Adds all variables except those that contain paths.
     *
     * @param tokens returns the current token by number, or null if there is none; variables that contain a
     *     missing token are skipped
     * @param expiresAt expiry of the access token in seconds since 1970
     */
    void contribute(Map<String, String> env, IntFunction<String> tokens, long expiresAt) {
        values.forEach((name, value) -> {
            String filled = value.fill(tokens);
            if (filled != null) {
                env.put(name, filled);
            }
        });
        if (tokens.apply(TokenTemplate.ACCESS_TOKEN) != null) {
            env.put(tokenVariable + EXPIRES_AT_SUFFIX, Long.toString(expiresAt));
        }
    }

    /**
     * @param tokens returns the current token by number
     * @param issued all tokens that the block has had
     * @return whether a variable in the environment contains a former token of this block
     */
    boolean isOutdated(Map<String, String> env, IntFunction<String> tokens, Collection<String> issued) {
        return values.entrySet().stream().anyMatch(variable -> {
            TokenTemplate template = variable.getValue();
            String value = env.get(variable.getKey());
            return value != null
                    && template.isSecret()
                    && !value.equals(template.fill(tokens))
                    && issued.stream().anyMatch(former -> value.equals(template.fill(number -> former)));
        });
    }

    /**
     * Adds the variables that contain paths.
     *
     * @param tempDir temporary directory of the workspace
     */
    void contributePaths(Map<String, String> env, BlockTokenFiles location, String tempDir) {
        paths.forEach((name, file) -> env.put(name, location.path(tempDir, file)));
        directories.forEach((name, suffix) -> env.put(name, location.directory(tempDir) + suffix));
    }

    /** @return directory of the files in the environment of a step, or null */
    @CheckForNull
    String findDirectory(Map<String, String> env) {
        for (Map.Entry<String, String> path : paths.entrySet()) {
            String value = env.get(path.getKey());
            if (value != null
                    && value.endsWith(path.getValue())
                    && value.length() > path.getValue().length()) {
                return value.substring(0, value.length() - path.getValue().length() - 1);
            }
        }
        for (Map.Entry<String, String> directory : directories.entrySet()) {
            String value = env.get(directory.getKey());
            if (value != null && value.endsWith(directory.getValue())) {
                return value.substring(0, value.length() - directory.getValue().length());
            }
        }
        return null;
    }

    /** Not a record, because JBoss Marshalling supports only public records. */
    private static final class FileTemplate implements Serializable {

        @Serial
        private static final long serialVersionUID = 1;

        private final TokenTemplate content;
        private final TokenFileMode mode;

        FileTemplate(TokenTemplate content, TokenFileMode mode) {
            this.content = content;
            this.mode = mode;
        }
    }
}
