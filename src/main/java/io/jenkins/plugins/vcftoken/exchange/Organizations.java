package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** What VCF Automation's bearers say about the organization they are for. */
final class Organizations {

    private static final String URN = "urn:vcloud:org:";

    private Organizations() {}

    /** The ID without the prefix that some answers give it: what the tenant context header wants. */
    static String bareId(String id) {
        return id.startsWith(URN) ? id.substring(URN.length()) : id;
    }

    /**
     * @param wanted the organization's name, or its ID
     * @return why the bearer does not look like that organization's; null where it does, or does not tell
     */
    @CheckForNull
    static String doubt(String wanted, Bearer bearer) {
        JwtClaims claims = JwtClaims.of(bearer.value());
        String name = claims.text("org_name");
        if (name == null || name.equalsIgnoreCase(wanted)) {
            return null;
        }
        String id = claims.text("org_id");
        if (id != null && bareId(id).equalsIgnoreCase(bareId(wanted))) {
            return null;
        }
        return "The bearer is for the organization '" + Redaction.redact(name, "") + "', and not for '" + wanted
                + "' as the credential says.";
    }
}
