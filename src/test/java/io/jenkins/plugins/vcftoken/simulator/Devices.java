package io.jenkins.plugins.vcftoken.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** VCF Automation's device authorization: service accounts that wait for a person to say yes. */
public final class Devices {

    static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

    private static final class Code {
        final String account;
        final String userCode;
        final Instant expiresAt;
        Duration interval;
        Instant asked;
        Boolean answer;
        boolean used;

        Code(String account, String userCode, Instant now, Duration interval, Duration lifetime) {
            this.account = account;
            this.userCode = userCode;
            this.expiresAt = now.plus(lifetime);
            this.interval = interval;
            this.asked = now;
        }
    }

    private final Simulator simulator;
    private final Map<String, String> accounts = new HashMap<>();
    private final Map<String, String> organizations = new HashMap<>();
    private final Map<String, Code> codes = new HashMap<>();
    private volatile boolean olderShape;
    private volatile Duration interval = Duration.ofSeconds(60);
    private volatile Duration lifetime = Duration.ofHours(1);
    private String verificationUri;
    private String completeUri;
    private volatile String chosenUserCode;
    private volatile String lastUserCode;
    private volatile int polls;
    private volatile int hasty;

    Devices(Simulator simulator) {
        this.simulator = simulator;
    }

    /** @return the client ID of a service account that has no token yet */
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

    /** Another address than its own, for the person to open; and one with the code in it, or null. */
    public void setVerificationUris(String uri, String complete) {
        synchronized (simulator) {
            verificationUri = uri;
            completeUri = complete;
        }
    }

    /** A hostile server chooses what a person is shown. */
    public void setUserCode(String chosenUserCode) {
        this.chosenUserCode = chosenUserCode;
    }

    /** The code that was given out last. */
    public String lastUserCode() {
        return lastUserCode;
    }

    /** How many codes were given out. */
    public int codes() {
        synchronized (simulator) {
            return codes.size();
        }
    }

    public void setLifetime(Duration lifetime) {
        this.lifetime = lifetime;
    }

    /** Errors in the shape of VMware Cloud Director. */
    public void useOlderShape() {
        olderShape = true;
    }

    /** A person with the code says yes or no. */
    public void answer(String userCode, boolean yes) {
        synchronized (simulator) {
            codes.values().stream()
                    .filter(code -> code.userCode.equals(userCode))
                    .findFirst()
                    .orElseThrow()
                    .answer = yes;
        }
    }

    /** The user codes that have no answer yet. */
    List<String> waiting() {
        synchronized (simulator) {
            return codes.values().stream()
                    .filter(code -> code.answer == null)
                    .map(code -> code.userCode)
                    .sorted()
                    .toList();
        }
    }

    /** Questions about a device code. */
    public int polls() {
        return polls;
    }

    /** Questions that came before the interval was over. */
    public int hasty() {
        return hasty;
    }

    Reply codes(Call call, String organization) {
        String untidy = call.untidy("application/x-www-form-urlencoded");
        if (untidy != null || !call.form().keySet().equals(Set.of("client_id"))) {
            String violation =
                    untidy != null ? untidy : "parameters " + call.form().keySet();
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
                                ? simulator.url() + AccessRequests.PATH + "#/administer/access"
                                : verificationUri)
                        + (completeUri == null ? "" : "\",\"verification_uri_complete\":\"" + completeUri)
                        + "\",\"expires_in\":" + lifetime.toSeconds()
                        + ",\"interval\":" + interval.toSeconds() + "}");
    }

    /** @return null when it is granted: then {@link #grant} has the rest */
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
        boolean tooEarly = Duration.between(code.asked, now).compareTo(code.interval) < 0;
        code.asked = now;
        if (tooEarly) {
            hasty++;
            code.interval = code.interval.plusSeconds(5);
            return error(400, "slow_down", "Not so fast");
        }
        if (!now.isBefore(code.expiresAt)) {
            return error(400, "expired_token", "Expired");
        }
        if (code.answer == null) {
            return error(400, "authorization_pending", "Waiting");
        }
        return code.answer ? null : error(400, "access_denied", "Denied");
    }

    /** The one time that the token is told. */
    Reply grant(Call call) {
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
                olderShape
                        ? "{\"minorErrorCode\":\"" + code + "\",\"message\":\"" + message + "\",\"stackTrace\":null}"
                        : "{\"error\":\"" + code + "\",\"error_description\":\"" + message + "\"}");
    }
}
