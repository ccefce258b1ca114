package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** What VCF Automation's access tokens say about the organization they are for. */
final class OrganizationCheck {

    private static final String URN = "urn:vcloud:org:";

    private OrganizationCheck() {}

    /** The ID without the prefix that some answers give it: what the tenant context header wants. */
    static String bareId(String id) {
        return id.startsWith(URN) ? id.substring(URN.length()) : id;
    }

    /**
     * @param wanted the organization's name, or its ID
     * @return why the access token does not look like that organization's; null where it does, or does not tell
     */
    @CheckForNull
    static String warning(String wanted, AccessToken accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String name = claims.text("org_name");
        if (name == null || name.equalsIgnoreCase(wanted)) {
            return null;
        }
        String id = claims.text("org_id");
        if (id != null && bareId(id).equalsIgnoreCase(bareId(wanted))) {
            return null;
        }
        return "The access token is for the organization '" + SecretRedactor.redact(name, "") + "', and not for '"
                + wanted + "' as the credential says.";
    }
}
