package io.jenkins.plugins.vcftoken.exchange;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes what a server said fit to be shown: some servers quote the token they refuse. */
final class Redaction {

    private static final int MAX_LENGTH = 200;
    /** UUIDs that name requests, and names of errors such as IDENTITY_UNAUTHORIZED_ENTITY. */
    private static final Pattern HARMLESS =
            Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}|[A-Z]+(_[A-Z]+)+");
    /** Long enough to spare words, short enough for every token format known (the shortest has 32 characters). */
    private static final Pattern TOKEN_LIKE = Pattern.compile("[A-Za-z0-9._~+/=%-]{24,}");

    private Redaction() {}

    static String redact(String text, String secret) {
        String withoutSecret = secret.isEmpty() ? text : text.replace(secret, "****");
        String oneLine =
                withoutSecret.replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ").trim();
        String clean = TOKEN_LIKE
                .matcher(oneLine)
                .replaceAll(token -> HARMLESS.matcher(token.group()).matches()
                        ? Matcher.quoteReplacement(token.group())
                        : Matcher.quoteReplacement("****"));
        return clean.length() <= MAX_LENGTH ? clean : clean.substring(0, MAX_LENGTH) + "…";
    }
}
