package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/**
 * Whom a bearer says it is for, fit to be shown. Nothing is admitted because of it.
 *
 * @param name of the user, service account or app; null where the bearer does not tell
 * @param organization its name, or its ID where that is all there is; null where the bearer does not tell
 */
public record Identity(
        @CheckForNull String name, @CheckForNull String organization) {

    /** The first of these that is there: VCF Automation's, Cloud Services', SDDC Manager's, then what any JWT may have. */
    private static final String[] NAMES = {
        "preferred_username", "acct", "username", "user", "name", "email", "azp", "client_id", "sub"
    };

    private static final String[] ORGANIZATIONS = {"org_name", "org_display_name", "context_name", "org_id"};

    public static Identity of(Bearer bearer) {
        JwtClaims claims = JwtClaims.of(bearer.value());
        return new Identity(first(claims, NAMES), first(claims, ORGANIZATIONS));
    }

    @CheckForNull
    private static String first(JwtClaims claims, String... names) {
        for (String name : names) {
            String text = claims.text(name);
            if (text != null) {
                return Redaction.redact(text, "");
            }
        }
        return null;
    }
}
