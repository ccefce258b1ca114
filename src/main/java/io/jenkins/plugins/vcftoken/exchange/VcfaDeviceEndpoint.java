package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import okhttp3.HttpUrl;

/** The two requests of VCF Automation's device authorization (RFC 8628), as a service account makes them. */
public final class VcfaDeviceEndpoint {

    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(5);
    private static final Duration MAX_INTERVAL = Duration.ofMinutes(5);
    private static final Duration MAX_LIFETIME = Duration.ofDays(1);

    private final TokenClient client;
    private final Endpoint endpoint;
    private final HttpUrl base;
    private final String clientId;

    /**
     * @param clientId the service account's own ID, which only these two requests need
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public VcfaDeviceEndpoint(TokenClient client, Endpoint endpoint, String clientId) {
        this.client = client;
        this.endpoint = endpoint;
        this.base = endpoint.base();
        this.clientId = clientId;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** Asks for codes. Asking again gives further ones and takes nothing away. */
    public DeviceCodes codes() throws ExchangeException {
        Map<String, String> form = Map.of("client_id", clientId);
        HostFacts hosts = client.hosts();
        boolean behindTm = hosts.isBehindTm(base);
        TokenClient.Answer answer = client.postForm(url(behindTm, "device_authorization"), form);
        if (answer.status() == 404 || answer.status() == 405) {
            TokenClient.Answer second = client.postForm(url(!behindTm, "device_authorization"), form);
            if (second.status() != 404 && second.status() != 405) {
                hosts.setBehindTm(base, !behindTm);
                answer = second;
            }
        }
        return read(answer);
    }

    private DeviceCodes read(TokenClient.Answer given) throws ExchangeException {
        ServerAnswer answer = new ServerAnswer(given, clientId);
        if (!answer.isSuccess()) {
            throw answer.failure(VcfaDeviceEndpoint::meaning).harmless();
        }
        JsonNode json = answer.object();
        String deviceCode = ServerAnswer.text(json, "device_code");
        String userCode = ServerAnswer.text(json, "user_code");
        if (deviceCode == null || userCode == null) {
            throw answer.unintelligible("without a device code and a user code", null)
                    .harmless();
        }
        Duration lifetime = seconds(json.path("expires_in"), Duration.ofMinutes(10), MAX_LIFETIME);
        return new DeviceCodes(
                deviceCode,
                Redaction.redact(userCode, ""),
                DeviceCodes.link(ServerAnswer.text(json, "verification_uri"), deviceCode, "https", "http"),
                DeviceCodes.link(ServerAnswer.text(json, "verification_uri_complete"), deviceCode, "https"),
                given.askedAt().plus(lifetime),
                seconds(json.path("interval"), DEFAULT_INTERVAL, MAX_INTERVAL));
    }

    /** One question. The answer that says yes is the only copy of the refresh token. */
    OAuthAnswer poll(DeviceCodes codes) throws ExchangeException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:device_code",
                "client_id",
                clientId,
                "device_code",
                codes.deviceCode());
        return new OAuthAnswer(
                client.postForm(url(client.hosts().isBehindTm(base), "token"), form),
                codes.deviceCode(),
                VcfaDeviceEndpoint::meaning);
    }

    private HttpUrl url(boolean behindTm, String what) throws ExchangeException {
        return VcfaRefresh.url(base, endpoint.organization(), behindTm, what);
    }

    private static Duration seconds(JsonNode value, Duration standard, Duration most) {
        long seconds = value.asLong();
        if (seconds <= 0) {
            return standard;
        }
        return Duration.ofSeconds(Math.min(seconds, most.toSeconds()));
    }

    private static Problem meaning(int status, String code, String message) {
        if (code.equals("invalid_client") || status == 401) {
            return Problem.UNKNOWN_CLIENT;
        }
        return switch (status) {
            case 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }
}
