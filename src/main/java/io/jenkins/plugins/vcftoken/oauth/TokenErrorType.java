package io.jenkins.plugins.vcftoken.oauth;

/** Causes of failed token requests, with explanation and advice for messages. The names are part of the audit log. */
public enum TokenErrorType {
    REFRESH_TOKEN_REJECTED(
            "the server rejects the stored refresh token: it is expired, revoked, already replaced by another client, "
                    + "or was issued for another organization",
            "Check the organization. If it is right, re-authorize the account, or store a new refresh token in the "
                    + "credential."),
    API_TOKEN_REJECTED(
            "the server rejects the stored API token: it is expired, revoked, or was issued at another address",
            "Check the address. If it is right, generate a new API token and store it in the credential."),
    API_TOKEN_REJECTED_OR_SERVER_ERROR(
            "the server failed, which is also its response to an API token that is expired or revoked, or of a user who "
                    + "has not signed in for a long time",
            "Sign in once as the user of the API token. If that does not help, generate a new one in VCF Operations "
                    + "(Manage > Fleet Management > Identity & Access > VCF SSO Overview > the broker > API Access > "
                    + "Generate API Token) and store it in the credential. If the server fails for other clients, too, "
                    + "run again when it works."),
    REGENERATION_REJECTED(
            "the server does not issue another API token in place of the stored one, which stays in use",
            "Check that the API token is neither expired nor revoked, and that its API client or user may regenerate it. "
                    + "Else generate a new one in VCF Operations and store it in the credential before the stored one "
                    + "expires."),
    REGENERATION_UNKNOWN(
            "the request for another API token was sent, but no valid response was received, so the server may have "
                    + "replaced the stored one, which is kept",
            "No action is needed while builds get access tokens. If they do not, generate a new API token in VCF "
                    + "Operations and store it in the credential."),
    WRONG_SECRET(
            "the server rejected the credentials",
            "Correct the username and password, the API key, or the app ID and secret in the credential, and check "
                    + "that the account has a role on the server."),
    PASSWORD_NOT_ACCEPTED(
            "the server accepts no password of this account: it signs in through VCF SSO or another identity provider",
            "Use a VCF SSO API token (the kind vcfSsoApiToken) for it, or a local user of the server."),
    UNKNOWN_CLIENT(
            "the server knows no service account with this client ID in this organization",
            "Check the client ID and the organization."),
    LOCKED_OUT(
            "the server has locked the account",
            "Wait for the lock to end or have the account unlocked, and find out who else logs in with a wrong "
                    + "password."),
    WRONG_ORGANIZATION(
            "organization not found, or the account is not a member",
            "Check the spelling of the organization, and that the account may use it."),
    PROVIDER_TOKEN_REJECTED(
            "the server rejects the access token of the provider's account, with which the organization's is obtained",
            "Run again. If that does not help, check the role and the state of the provider's account on the server."),
    PARENT_TOKEN_REJECTED(
            "the server rejects the access token of the credential, with which this one is requested",
            "Run again. If that does not help, check that the account has a role on this server, and that the server "
                    + "accepts access tokens of the system that the credential is for."),
    UNKNOWN_SERVICE_KEY(
            "the server issues no access tokens for a service with this key",
            "Check the key. GET /suite-api/api/integrations/services lists those that the server knows."),
    FORBIDDEN(
            "the server knows the secret but does not allow it to be used here",
            "Check the role and the state of the account on the server."),
    REJECTED(
            "the server rejects the request",
            "Check the address and the organization, and that the stored secret is a refresh token or API token."),
    TOKEN_ENDPOINT_NOT_FOUND(
            "there is no token service of this kind at this address and organization",
            "Check the address (the server's own name, not an IP address) and the organization's name."),
    REDIRECTED(
            "the server redirects to another address, and secrets are never sent after a redirect",
            "Store the server's own address in the credential."),
    UNREACHABLE(
            "the server cannot be reached; nothing was sent",
            "Check the address, the name resolution, firewalls, and the proxy settings of Jenkins, then run again."),
    NOT_TRUSTED(
            "the server's certificate is not trusted; nothing was sent",
            "Store the certificate of the authority that signed it in the credential, or correct the address so that "
                    + "it matches the certificate."),
    THROTTLED("the server asks for a later retry", "Run again later."),
    OUTCOME_UNKNOWN(
            "the request was sent, but no valid response was received, so the server may have replaced the refresh token; "
                    + "the stored one is kept",
            "Choose “Retry with the stored token” on the page “Token status” of the credential. If the server "
                    + "rejects it, re-authorize the account there."),
    NO_RESPONSE(
            "the request was sent, but no valid response was received",
            "Check that the server and what is between it and Jenkins is healthy, then run again."),
    INVALID_RESPONSE_OUTCOME_UNKNOWN(
            "the response of the server is invalid, so it may have replaced the refresh token; the stored one is kept",
            "Check that the address is that of the token service and not of a portal or proxy. Then choose “Retry "
                    + "with the stored token” on the page “Token status” of the credential. If the server rejects it, "
                    + "re-authorize the account there."),
    INVALID_RESPONSE(
            "the response of the server is invalid",
            "Check that the address is that of the token service and not of a portal or proxy, then run again.");

    private final String explanation;
    private final String nextStep;

    TokenErrorType(String explanation, String nextStep) {
        this.explanation = explanation;
        this.nextStep = nextStep;
    }

    /** Default error for a rejection with the given HTTP status. */
    static TokenErrorType ofStatus(int status) {
        return switch (status) {
            case 401, 403 -> FORBIDDEN;
            case 404, 405 -> TOKEN_ENDPOINT_NOT_FOUND;
            default -> REJECTED;
        };
    }

    public String explanation() {
        return explanation;
    }

    public String nextStep() {
        return nextStep;
    }

    /** Whether sending the same secret again after this error cannot succeed, or may lock the account. */
    boolean isFinal() {
        return switch (this) {
            case REFRESH_TOKEN_REJECTED, API_TOKEN_REJECTED, WRONG_SECRET, PASSWORD_NOT_ACCEPTED, LOCKED_OUT -> true;
            default -> false;
        };
    }

    /**
     * Whether this error probably, but not certainly, is a rejection of the secret. The same secret may succeed later,
     * and the explanation is more specific than that of {@link #NO_RESPONSE}.
     */
    public boolean isProbablyRejection() {
        return this == API_TOKEN_REJECTED_OR_SERVER_ERROR;
    }

    /** Whether the server rejected the parent token instead of a stored secret, so a new parent token may succeed. */
    public boolean isParentTokenRejected() {
        return this == PROVIDER_TOKEN_REJECTED || this == PARENT_TOKEN_REJECTED;
    }

    /** The corresponding error for a secret that does not rotate, which a request cannot consume. */
    public TokenErrorType forNonRotatingSecret() {
        return switch (this) {
            case OUTCOME_UNKNOWN -> NO_RESPONSE;
            case INVALID_RESPONSE_OUTCOME_UNKNOWN -> INVALID_RESPONSE;
            default -> this;
        };
    }
}
