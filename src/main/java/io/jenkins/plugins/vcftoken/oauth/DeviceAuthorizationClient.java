package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import okhttp3.HttpUrl;

/** The two requests of VCF Automation's device authorization (RFC 8628), as a service account makes them. */
public final class DeviceAuthorizationClient {

    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(5);
    private static final Duration MAX_INTERVAL = Duration.ofMinutes(5);
    private static final Duration MAX_LIFETIME = Duration.ofDays(1);

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;
    private final String clientId;

    /**
     * @param clientId the service account's own ID, which only these two requests need
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public DeviceAuthorizationClient(OneShotHttpClient client, Account account, String clientId) {
        this.client = client;
        this.account = account;
        this.base = account.base();
        this.clientId = clientId;
    }

    public Account account() {
        return account;
    }

    /** Asks for codes. Asking again gives further ones and takes nothing away. */
    public DeviceAuthorizationResponse codes() throws TokenRequestException {
        Map<String, String> form = Map.of("client_id", clientId);
        ServerCapabilities hosts = client.hosts();
        boolean behindTm = hosts.isBehindTm(base);
        OneShotHttpClient.Answer answer = client.postForm(url(behindTm, "device_authorization"), form);
        if (answer.status() == 404 || answer.status() == 405) {
            OneShotHttpClient.Answer second = client.postForm(url(!behindTm, "device_authorization"), form);
            if (second.status() != 404 && second.status() != 405) {
                hosts.setBehindTm(base, !behindTm);
                answer = second;
            }
        }
        return read(answer);
    }

    private DeviceAuthorizationResponse read(OneShotHttpClient.Answer given) throws TokenRequestException {
        HttpResponseParser answer = new HttpResponseParser(given, clientId);
        if (!answer.isSuccess()) {
            throw answer.failure(DeviceAuthorizationClient::classify).forNonRotatingSecret();
        }
        JsonNode json = answer.object();
        String deviceCode = HttpResponseParser.text(json, "device_code");
        String userCode = HttpResponseParser.text(json, "user_code");
        if (deviceCode == null || userCode == null) {
            throw answer.unintelligible("without a device code and a user code", null)
                    .forNonRotatingSecret();
        }
        Duration lifetime = seconds(json.path("expires_in"), Duration.ofMinutes(10), MAX_LIFETIME);
        return new DeviceAuthorizationResponse(
                deviceCode,
                SecretRedactor.redact(userCode, ""),
                DeviceAuthorizationResponse.link(
                        HttpResponseParser.text(json, "verification_uri"), deviceCode, "https", "http"),
                DeviceAuthorizationResponse.link(
                        HttpResponseParser.text(json, "verification_uri_complete"), deviceCode, "https"),
                given.askedAt().plus(lifetime),
                seconds(json.path("interval"), DEFAULT_INTERVAL, MAX_INTERVAL));
    }

    /** One question. The answer that says yes is the only copy of the refresh token. */
    TokenResponseParser poll(DeviceAuthorizationResponse codes) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:device_code",
                "client_id",
                clientId,
                "device_code",
                codes.deviceCode());
        return new TokenResponseParser(
                client.postForm(url(client.hosts().isBehindTm(base), "token"), form),
                codes.deviceCode(),
                DeviceAuthorizationClient::classify);
    }

    private HttpUrl url(boolean behindTm, String what) throws TokenRequestException {
        return VcfaTokenClient.url(base, account.organization(), behindTm, what);
    }

    private static Duration seconds(JsonNode value, Duration standard, Duration most) {
        long seconds = value.asLong();
        if (seconds <= 0) {
            return standard;
        }
        return Duration.ofSeconds(Math.min(seconds, most.toSeconds()));
    }

    private static TokenError classify(int status, String code, String message) {
        if (code.equals("invalid_client") || status == 401) {
            return TokenError.UNKNOWN_CLIENT;
        }
        return switch (status) {
            case 403 -> TokenError.FORBIDDEN;
            case 404, 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
