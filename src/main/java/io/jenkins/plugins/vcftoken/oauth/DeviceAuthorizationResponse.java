package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * The device authorization response
 * (<a href="https://www.rfc-editor.org/rfc/rfc8628#section-3.2">RFC 8628 section 3.2</a>).
 *
 * @param deviceCode a secret, which is exchanged for the refresh token after the approval; empty in final states
 * @param userCode the code that the user enters or compares
 * @param verificationUri the http or https URL of the approval page; null if the response has no valid one
 * @param completeUri the https URL of the approval page including the user code; null if the response has no valid one
 * @param interval the time between two polls
 */
public record DeviceAuthorizationResponse(
        String deviceCode,
        String userCode,
        @CheckForNull String verificationUri,
        @CheckForNull String completeUri,
        Instant expiresAt,
        Duration interval) {

    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(5);
    private static final Duration MAX_INTERVAL = Duration.ofMinutes(5);
    private static final Duration DEFAULT_LIFETIME = Duration.ofMinutes(10);
    private static final Duration MAX_LIFETIME = Duration.ofDays(1);
    private static final int MAX_URI_LENGTH = 2_000;

    static DeviceAuthorizationResponse of(TokenResponseParser response) throws TokenRequestException {
        JsonNode json = response.object();
        String deviceCode = TokenResponseParser.text(json, "device_code");
        String userCode = TokenResponseParser.text(json, "user_code");
        if (deviceCode == null || userCode == null) {
            throw response.invalid("without a device code and a user code", null);
        }
        return new DeviceAuthorizationResponse(
                deviceCode,
                SecretRedactor.redact(userCode, ""),
                link(TokenResponseParser.text(json, "verification_uri"), deviceCode, "https", "http"),
                link(TokenResponseParser.text(json, "verification_uri_complete"), deviceCode, "https"),
                response.requestedAt().plus(seconds(json.path("expires_in"), DEFAULT_LIFETIME, MAX_LIFETIME)),
                seconds(json.path("interval"), DEFAULT_INTERVAL, MAX_INTERVAL));
    }

    private static Duration seconds(JsonNode value, Duration defaultValue, Duration max) {
        long seconds = value.asLong();
        return seconds <= 0 ? defaultValue : Duration.ofSeconds(Math.min(seconds, max.toSeconds()));
    }

    /**
     * @return the URL if it is safe to display as a link; null if it has user information or contains the device code
     */
    @CheckForNull
    static String link(@CheckForNull String text, String deviceCode, String... schemes) {
        if (text == null || text.length() > MAX_URI_LENGTH || text.contains(deviceCode)) {
            return null;
        }
        try {
            URI uri = new URI(text);
            boolean isAllowed = uri.getScheme() != null
                    && List.of(schemes).contains(uri.getScheme().toLowerCase(Locale.ROOT));
            return isAllowed && uri.getHost() != null && uri.getUserInfo() == null ? uri.toASCIIString() : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    DeviceAuthorizationResponse withoutDeviceCode() {
        return new DeviceAuthorizationResponse("", userCode, verificationUri, completeUri, expiresAt, interval);
    }

    /** Omits the device code. */
    @Override
    public String toString() {
        return "DeviceAuthorizationResponse[" + userCode + ", until " + expiresAt + "]";
    }
}
