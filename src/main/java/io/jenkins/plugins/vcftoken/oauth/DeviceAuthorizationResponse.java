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
 * @param deviceCode secret: it brings the refresh token once a person has approved the request; empty after that
 * @param userCode the code that the person types or compares
 * @param verificationUri where the person approves, http or https; null when the server named no such address
 * @param completeUri the same with the user code in it, https; null without one
 * @param interval the pause between two polls
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
    private static final int MAX_URI = 2_000;

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
                response.askedAt().plus(seconds(json.path("expires_in"), DEFAULT_LIFETIME, MAX_LIFETIME)),
                seconds(json.path("interval"), DEFAULT_INTERVAL, MAX_INTERVAL));
    }

    private static Duration seconds(JsonNode value, Duration defaultValue, Duration max) {
        long seconds = value.asLong();
        return seconds <= 0 ? defaultValue : Duration.ofSeconds(Math.min(seconds, max.toSeconds()));
    }

    /** The address, if it is safe as a link: a web address without a user, which does not show the device code. */
    @CheckForNull
    static String link(@CheckForNull String given, String deviceCode, String... schemes) {
        if (given == null || given.length() > MAX_URI || given.contains(deviceCode)) {
            return null;
        }
        try {
            URI uri = new URI(given);
            boolean known = uri.getScheme() != null
                    && List.of(schemes).contains(uri.getScheme().toLowerCase(Locale.ROOT));
            return known && uri.getHost() != null && uri.getUserInfo() == null ? uri.toASCIIString() : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    DeviceAuthorizationResponse withoutDeviceCode() {
        return new DeviceAuthorizationResponse("", userCode, verificationUri, completeUri, expiresAt, interval);
    }

    /** Without the device code. */
    @Override
    public String toString() {
        return "DeviceAuthorizationResponse[" + userCode + ", until " + expiresAt + "]";
    }
}
