package io.jenkins.plugins.vcftoken.exchange;

import java.time.Duration;
import java.time.Instant;

/**
 * What a server gave for a device authorization (RFC 8628 section 3.2).
 *
 * @param deviceCode secret: whoever has it gets the refresh token once a person has said yes
 * @param userCode what the person types or compares
 * @param verificationUri where the person says yes
 * @param interval how long to wait between two questions
 */
public record DeviceCodes(
        String deviceCode, String userCode, String verificationUri, Instant expiresAt, Duration interval) {

    @Override
    public String toString() {
        return "DeviceCodes[" + userCode + ", until " + expiresAt + "]";
    }
}
