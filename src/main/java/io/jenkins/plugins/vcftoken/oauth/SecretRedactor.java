package io.jenkins.plugins.vcftoken.oauth;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the text of a server fit for messages: one short line without secrets. Some servers quote the token they
 * reject.
 */
final class SecretRedactor {

    private static final int MAX_LENGTH = 200;

    /** UUIDs of requests, names of errors such as IDENTITY_UNAUTHORIZED_ENTITY, and names of Java's exceptions. */
    private static final Pattern HARMLESS = Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}"
            + "|[A-Z]+(_[A-Z]+)+"
            + "|([a-z][a-z0-9]{1,15}\\.){2,8}[A-Z][A-Za-z0-9]{0,50}(Exception|Error)");

    /** Longer than words, shorter than every known format of tokens (the shortest has 32 characters). */
    private static final int TOKEN_LENGTH = 24;

    private static final Pattern TOKEN_LIKE = Pattern.compile("[A-Za-z0-9._~+/=%-]{" + TOKEN_LENGTH + ",}");

    /** Up to the query, where tokens are. */
    private static final Pattern ADDRESS = Pattern.compile("https?://[A-Za-z0-9._~:/%-]+");

    /** A label of a host name or a segment of a path that is as long as a token. */
    private static final Pattern TOKEN_LIKE_PART = Pattern.compile("[^.:/]{" + TOKEN_LENGTH + ",}");

    private static final Pattern SUSPECT = Pattern.compile(ADDRESS + "|" + TOKEN_LIKE);

    private SecretRedactor() {}

    /** @param secret the secret that was sent, removed whatever its form; may be empty */
    static String redact(String text, String secret) {
        String withoutSecret = secret.isEmpty() ? text : text.replace(secret, "****");
        String oneLine =
                withoutSecret.replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ").trim();
        String clean = SUSPECT.matcher(oneLine).replaceAll(found -> {
            boolean isAddress = ADDRESS.matcher(found.group()).matches();
            return Matcher.quoteReplacement(redactMatches(isAddress ? TOKEN_LIKE_PART : TOKEN_LIKE, found.group()));
        });
        return clean.length() <= MAX_LENGTH ? clean : clean.substring(0, MAX_LENGTH) + "…";
    }

    private static String redactMatches(Pattern suspect, String text) {
        return suspect.matcher(text)
                .replaceAll(found ->
                        HARMLESS.matcher(found.group()).matches() ? Matcher.quoteReplacement(found.group()) : "****");
    }
}
