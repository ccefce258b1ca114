package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * What a server gave for a device authorization (RFC 8628 section 3.2).
 *
 * @param deviceCode secret: whoever has it gets the refresh token once a person has said yes; empty when it is
 *     over
 * @param userCode what the person types or compares
 * @param verificationUri where the person says yes; http or https, or null when the server named no such address
 * @param completeUri the same with the code in it, https; null where the server gave none
 * @param interval how long to wait between two questions
 */
public record DeviceAuthorizationResponse(
        String deviceCode,
        String userCode,
        @CheckForNull String verificationUri,
        @CheckForNull String completeUri,
        Instant expiresAt,
        Duration interval) {

    private static final int MAX_URI = 2_000;

    /** What people saw of it. */
    DeviceAuthorizationResponse withoutDeviceCode() {
        return new DeviceAuthorizationResponse("", userCode, verificationUri, completeUri, expiresAt, interval);
    }

    /** Keeps what is no web address, or would show the device code, from becoming a link. */
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

    @Override
    public String toString() {
        return "DeviceAuthorizationResponse[" + userCode + ", until " + expiresAt + "]";
    }
}
