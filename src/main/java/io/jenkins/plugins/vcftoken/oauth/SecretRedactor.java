package io.jenkins.plugins.vcftoken.oauth;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reduces text of a server to one short line without secrets. Some servers repeat a rejected token in the error. */
final class SecretRedactor {

    private static final int MAX_LENGTH = 200;

    /** UUIDs of requests, error codes such as IDENTITY_UNAUTHORIZED_ENTITY, and names of Java exceptions. */
    private static final Pattern ALLOWED = Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}"
            + "|[A-Z]+(_[A-Z]+)+"
            + "|([a-z][a-z0-9]{1,15}\\.){2,8}[A-Z][A-Za-z0-9]{0,50}(Exception|Error)");

    /** Longer than words, shorter than tokens in all known formats (at least 32 characters). */
    private static final int TOKEN_LENGTH = 24;

    private static final Pattern TOKEN_LIKE = Pattern.compile("[A-Za-z0-9._~+/=%-]{" + TOKEN_LENGTH + ",}");

    /** Without the query, which may contain tokens. */
    private static final Pattern URL = Pattern.compile("https?://[A-Za-z0-9._~:/%-]+");

    /** A host name label or path segment with the length of a token. */
    private static final Pattern TOKEN_LIKE_PART = Pattern.compile("[^.:/]{" + TOKEN_LENGTH + ",}");

    private static final Pattern CANDIDATE = Pattern.compile(URL + "|" + TOKEN_LIKE);

    private SecretRedactor() {}

    /** @param secret the secret in the request, which is removed in any format; may be empty */
    static String redact(String text, String secret) {
        String withoutSecret = secret.isEmpty() ? text : text.replace(secret, "****");
        String oneLine =
                withoutSecret.replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ").trim();
        String clean = CANDIDATE.matcher(oneLine).replaceAll(found -> {
            boolean isUrl = URL.matcher(found.group()).matches();
            return Matcher.quoteReplacement(redactMatches(isUrl ? TOKEN_LIKE_PART : TOKEN_LIKE, found.group()));
        });
        return clean.length() <= MAX_LENGTH ? clean : clean.substring(0, MAX_LENGTH) + "…";
    }

    private static String redactMatches(Pattern suspect, String text) {
        return suspect.matcher(text)
                .replaceAll(found ->
                        ALLOWED.matcher(found.group()).matches() ? Matcher.quoteReplacement(found.group()) : "****");
    }
}
