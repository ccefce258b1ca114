package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/**
 * Whom an access token says it is for, fit to be shown. Nothing is admitted because of it.
 *
 * @param name of the user, service account or app; null where the access token does not tell
 * @param organization its name, or its ID where that is all there is; null where the access token does not tell
 */
public record TokenSubject(
        @CheckForNull String name, @CheckForNull String organization) {

    /** The first of these that is there: VCF Automation's, Cloud Services', SDDC Manager's, then what any JWT may have. */
    private static final String[] NAMES = {
        "preferred_username", "acct", "username", "user", "name", "email", "azp", "client_id", "sub"
    };

    private static final String[] ORGANIZATIONS = {"org_name", "org_display_name", "context_name", "org_id"};

    public static TokenSubject of(AccessToken accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        return new TokenSubject(first(claims, NAMES), first(claims, ORGANIZATIONS));
    }

    @CheckForNull
    private static String first(JwtClaims claims, String... names) {
        for (String name : names) {
            String text = claims.text(name);
            if (text != null) {
                return SecretRedactor.redact(text, "");
            }
        }
        return null;
    }
}
