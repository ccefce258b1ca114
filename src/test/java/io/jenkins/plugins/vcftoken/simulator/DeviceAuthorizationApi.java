package io.jenkins.plugins.vcftoken.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Device authorization of service accounts in VCF Automation (RFC 8628). */
public final class DeviceAuthorizationApi {

    static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

    private static final class Code {
        final String account;
        final String userCode;
        final Instant expiresAt;
        Duration interval;
        Instant lastPollAt;
        Boolean decision;
        boolean used;

        Code(String account, String userCode, Instant now, Duration interval, Duration lifetime) {
            this.account = account;
            this.userCode = userCode;
            this.expiresAt = now.plus(lifetime);
            this.interval = interval;
            this.lastPollAt = now;
        }
    }

    private final Simulator simulator;
    private final Map<String, String> accounts = new HashMap<>();
    private final Map<String, String> organizations = new HashMap<>();
    private final Map<String, Code> codes = new HashMap<>();
    private volatile boolean usesOlderErrorFormat;
    private volatile Duration interval = Duration.ofSeconds(60);
    private volatile Duration lifetime = Duration.ofHours(1);
    private String verificationUri;
    private String completeUri;
    private volatile String chosenUserCode;
    private volatile String lastUserCode;
    private volatile int polls;
    private volatile int earlyPolls;

    DeviceAuthorizationApi(Simulator simulator) {
        this.simulator = simulator;
    }

    /** @return client ID of the new service account, which has no token yet */
    public String addAccount(String name, String organization) {
        synchronized (simulator) {
            simulator.addOrganization(organization);
            String clientId = UUID.randomUUID().toString();
            accounts.put(clientId, name);
            organizations.put(name, organization);
            return clientId;
        }
    }

    public void setInterval(Duration interval) {
        this.interval = interval;
    }

    /**
     * @param uri verification URI, instead of the URL of the simulator
     * @param complete {@code verification_uri_complete}; null to omit
     */
    public void setVerificationUris(String uri, String complete) {
        synchronized (simulator) {
            verificationUri = uri;
            completeUri = complete;
        }
    }

    /** Sets the user code, as a malicious server could. */
    public void setUserCode(String chosenUserCode) {
        this.chosenUserCode = chosenUserCode;
    }

    public String lastUserCode() {
        return lastUserCode;
    }

    /** Number of device codes issued. */
    public int codes() {
        synchronized (simulator) {
            return codes.size();
        }
    }

    public void setLifetime(Duration lifetime) {
        this.lifetime = lifetime;
    }

    /** Sends errors in the format of VMware Cloud Director. */
    public void useOlderShape() {
        usesOlderErrorFormat = true;
    }

    /** Approves or denies an authorization request. */
    public void decide(String userCode, boolean approved) {
        synchronized (simulator) {
            codes.values().stream()
                    .filter(code -> code.userCode.equals(userCode))
                    .findFirst()
                    .orElseThrow()
                    .decision = approved;
        }
    }

    /** User codes without a decision yet. */
    List<String> pendingUserCodes() {
        synchronized (simulator) {
            return codes.values().stream()
                    .filter(code -> code.decision == null)
                    .map(code -> code.userCode)
                    .sorted()
                    .toList();
        }
    }

    /** Number of token requests with a device code. */
    public int polls() {
        return polls;
    }

    /** Number of token requests that were sent before the polling interval had passed. */
    public int earlyPolls() {
        return earlyPolls;
    }

    Reply authorize(Call call, String organization) {
        String headerViolation = call.headerViolation("application/x-www-form-urlencoded");
        if (headerViolation != null || !call.form().keySet().equals(Set.of("client_id"))) {
            String violation = headerViolation != null
                    ? headerViolation
                    : "parameters " + call.form().keySet();
            simulator.violation(violation);
            return error(400, "invalid_request", violation);
        }
        String account = accounts.get(call.form().get("client_id"));
        if (account == null || !organizations.get(account).equalsIgnoreCase(organization)) {
            return error(400, "invalid_client", "No such client");
        }
        String deviceCode = simulator.newSecret();
        String userCode = chosenUserCode == null ? "DZK5-WP" + (char) ('A' + codes.size()) + "P" : chosenUserCode;
        lastUserCode = userCode;
        codes.put(deviceCode, new Code(account, userCode, simulator.now(), interval, lifetime));
        return Reply.json(
                200,
                "{\"device_code\":\"" + deviceCode + "\",\"user_code\":\"" + userCode + "\",\"verification_uri\":\""
                        + (verificationUri == null
                                ? simulator.url() + AccessRequestPage.PATH + "#/administer/access"
                                : verificationUri)
                        + (completeUri == null ? "" : "\",\"verification_uri_complete\":\"" + completeUri)
                        + "\",\"expires_in\":" + lifetime.toSeconds()
                        + ",\"interval\":" + interval.toSeconds() + "}");
    }

    /** @return error response; null if the request is approved and {@link #issueToken} has to be called */
    Reply poll(Call call) {
        if (!call.form().keySet().equals(Set.of("grant_type", "client_id", "device_code"))) {
            simulator.violation("parameters " + call.form().keySet());
            return error(400, "invalid_request", "parameters");
        }
        polls++;
        Code code = codes.get(call.form().get("device_code"));
        if (code == null
                || code.used
                || !accounts.get(call.form().get("client_id")).equals(code.account)) {
            return error(400, "invalid_grant", "Invalid device code");
        }
        Instant now = simulator.now();
        boolean tooEarly = Duration.between(code.lastPollAt, now).compareTo(code.interval) < 0;
        code.lastPollAt = now;
        if (tooEarly) {
            earlyPolls++;
            code.interval = code.interval.plusSeconds(5);
            return error(400, "slow_down", "Not so fast");
        }
        if (!now.isBefore(code.expiresAt)) {
            return error(400, "expired_token", "Expired");
        }
        if (code.decision == null) {
            return error(400, "authorization_pending", "Waiting");
        }
        return code.decision ? null : error(400, "access_denied", "Denied");
    }

    /** Issues the tokens of an approved request, only once. */
    Reply issueToken(Call call) {
        Code code = codes.get(call.form().get("device_code"));
        code.used = true;
        String token = simulator.addAccount(code.account, organizations.get(code.account));
        return Reply.json(
                200,
                "{\"access_token\":\"" + simulator.issue(code.account, organizations.get(code.account), call.expired())
                        + "\",\"token_type\":\"Bearer\",\"expires_in\":"
                        + (call.expired() ? 0 : simulator.lifetime().toSeconds()) + ",\"refresh_token\":\"" + token
                        + "\"}");
    }

    private Reply error(int status, String code, String message) {
        return Reply.json(
                status,
                usesOlderErrorFormat
                        ? "{\"minorErrorCode\":\"" + code + "\",\"message\":\"" + message + "\",\"stackTrace\":null}"
                        : "{\"error\":\"" + code + "\",\"error_description\":\"" + message + "\"}");
    }
}
