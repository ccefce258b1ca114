package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.Util;
import io.jenkins.plugins.vcftoken.DerivedToken;
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
 * The environment variables and files of a block, by name: the token variable, its expiry, the URL, and what bindings
 * add. Has templates and no access token. Immutable once the block is open. Saved with the build.
 */
final class BlockVariables implements Serializable {

    static final String DEFAULT_TOKEN = "VCF_TOKEN";
    static final String DEFAULT_URL = "VCF_URL";

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

    /** Most blocks have no more files. */
    private static final int FEW = 2;

    private final String tokenVariable;
    private final Map<String, TokenTemplate> values = new LinkedHashMap<>();

    /** Names of files by the variables that hold their paths. */
    private final Map<String, String> paths = new LinkedHashMap<>(FEW);

    /** What follows the directory of the files in a variable, by variable. */
    private final Map<String, String> directories = new LinkedHashMap<>(FEW);

    private final Map<String, FileTemplate> files = new LinkedHashMap<>(FEW);

    /** Null in builds of versions before it. */
    @CheckForNull
    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<DerivedToken> derivedTokens = new ArrayList<>();

    /**
     * @param token the variable for the access token; blank for {@value #DEFAULT_TOKEN}
     * @param urlVariable blank for {@value #DEFAULT_URL}
     * @throws AbortException when a name is unusable
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
        // The same in all blocks with the same bindings.
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

    /** @return the token alone */
    TokenTemplate addDerivedToken(DerivedToken token) {
        List<DerivedToken> tokens = Objects.requireNonNull(derivedTokens, "the block is open");
        tokens.add(token);
        return TokenTemplate.ofToken(TokenTemplate.ACCESS_TOKEN + tokens.size());
    }

    /** In the order of their numbers, which begin after {@link TokenTemplate#ACCESS_TOKEN}. */
    List<DerivedToken> derivedTokens() {
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

    /** @return a message when a variable cannot have this name; null when it can */
    @CheckForNull
    static String findNameError(String name) {
        if (!NAME.matcher(name).matches()) {
            return Messages.BlockVariables_bad(name);
        }
        return RESERVED.matcher(name).matches() ? Messages.BlockVariables_taken(name) : null;
    }

    /** The variables whose values contain the access token. */
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

    /** Who may read the files with the access token. */
    TokenFileMode tokenFileMode() {
        return TokenFileMode.widest(
                files.values().stream().filter(file -> file.content.isSecret()).map(file -> file.mode));
    }

    /**
     * @param tokens the current tokens by number; null where there is none
     * @return all files by name, as a serializable map; null while a token of one of them is missing
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
     * Adds the variables, without those that hold paths.
     *
     * @param tokens the current tokens by number; null where there is none: adds only what does not contain it
     * @param expiresAt of the access token, in seconds since 1970
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
     * Whether an environment has the variables of this block with tokens that are no longer its current ones.
     *
     * @param tokens the current tokens by number
     * @param issued all tokens that the block has had
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
     * Adds the variables that hold paths.
     *
     * @param temporary the directory for temporary files that belongs to a workspace
     */
    void contributePaths(Map<String, String> env, BlockTokenFiles location, String temporary) {
        paths.forEach((name, file) -> env.put(name, location.path(temporary, file)));
        directories.forEach((name, suffix) -> env.put(name, location.directory(temporary) + suffix));
    }

    /** @return the directory of the files in a step's environment; null when it has none */
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

    /** A file, whatever the access token is. Not a record, for Pipeline's way to save builds. */
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
