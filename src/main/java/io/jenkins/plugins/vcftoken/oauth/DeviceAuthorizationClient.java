package io.jenkins.plugins.vcftoken.oauth;

import java.util.Map;

/**
 * The two requests of the device flow (<a href="https://www.rfc-editor.org/rfc/rfc8628">RFC 8628</a>) for service
 * accounts of VCF Automation. Immutable and thread-safe; calls block.
 */
public final class DeviceAuthorizationClient {

    private final OneShotHttpClient client;
    private final Account account;
    private final String clientId;

    /**
     * @param clientId the ID of the service account
     * @throws IllegalArgumentException when the address of the account is rejected by {@link Account#address}
     */
    public DeviceAuthorizationClient(OneShotHttpClient client, Account account, String clientId) {
        this.client = client;
        this.account = account;
        this.clientId = clientId;
        account.base();
    }

    public Account account() {
        return account;
    }

    public String clientId() {
        return clientId;
    }

    /** Requests codes. A further request gives further codes, and the former ones stay valid. */
    public DeviceAuthorizationResponse requestCodes() throws TokenRequestException {
        try {
            return DeviceAuthorizationResponse.of(
                    post("device_authorization", Map.of("client_id", clientId), clientId));
        } catch (TokenRequestException e) {
            throw e.forNonRotatingSecret();
        }
    }

    /** Polls once. The response of an approved request is the only copy of the refresh token. */
    TokenResponseParser poll(DeviceAuthorizationResponse codes) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:device_code",
                "client_id",
                clientId,
                "device_code",
                codes.deviceCode());
        return post("token", form, codes.deviceCode());
    }

    private TokenResponseParser post(String endpoint, Map<String, String> form, String secret)
            throws TokenRequestException {
        return VcfaTokenClient.post(client, account, endpoint, form, secret, DeviceAuthorizationClient::classify);
    }

    private static TokenError classify(int status, String code, String message) {
        return code.equals("invalid_client") || status == 401 ? TokenError.UNKNOWN_CLIENT : TokenError.ofStatus(status);
    }
}
