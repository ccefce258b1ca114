package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * vCenter with VCF SSO: exchanges access tokens for SAML tokens, and SAML tokens for sessions. A session ends when its
 * SAML token expires, or after 30 minutes of inactivity. Has one list that requires a session.
 */
public final class Vcenter implements TokenApi {

    private static final String TOKEN = "/api/vcenter/authentication/token";
    private static final String SESSION = "/api/session";
    private static final String HOSTS = "/api/vcenter/host";
    private static final String SESSION_ID = "vmware-api-session-id";
    private static final Pattern SIGN = Pattern.compile("SIGN token=\"([A-Za-z0-9+/=]+)\"");
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(30);

    private static final Map<String, String> EXCHANGE = Map.of(
            "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
            "requested_token_type", "urn:ietf:params:oauth:token-type:saml2",
            "subject_token_type", "urn:ietf:params:oauth:token-type:access_token");

    private static final String UNAUTHENTICATED = "{\"error_type\":\"UNAUTHENTICATED\",\"messages\":[{\"args\":[],"
            + "\"default_message\":\"Authentication required.\",\"id\":\"com.vmware.vapi.endpoint.method.authentication.required\"}]}";

    private record Session(String user, Instant endsAt, Instant usedAt) {}

    private final Simulator simulator;
    private final Map<String, Session> samlTokens = new HashMap<>();
    private final Map<String, Session> sessions = new HashMap<>();
    private volatile int sessionsCreated;
    private volatile int sessionsEnded;
    private volatile int refusals;

    Vcenter(Simulator simulator) {
        this.simulator = simulator;
    }

    // Counters and state for assertions

    /** Number of sessions that have neither ended nor expired. */
    public int openSessions() {
        synchronized (simulator) {
            Instant now = simulator.now();
            return (int) sessions.values().stream()
                    .filter(session -> now.isBefore(session.endsAt())
                            && now.isBefore(session.usedAt().plus(IDLE_TIMEOUT)))
                    .count();
        }
    }

    public int sessionsCreated() {
        return sessionsCreated;
    }

    public int sessionsEnded() {
        return sessionsEnded;
    }

    /** Number of exchanges rejected because of the access token. */
    public int refusals() {
        return refusals;
    }

    /** Ends all sessions, as an administrator can. */
    public void endSessions() {
        synchronized (simulator) {
            sessions.keySet().forEach(simulator::end);
            sessions.clear();
        }
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.equals(TOKEN) || path.equals(SESSION) || path.equals(HOSTS);
    }

    @Override
    public boolean isTokenRequest(String path) {
        return path.equals(TOKEN);
    }

    @Override
    public String secret(Call call) {
        return call.path().equals(TOKEN) ? call.accessToken() : "";
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        if (call.path().equals(TOKEN)) {
            return exchangeViolation(call);
        }
        if (call.query() != null || !call.body().isEmpty()) {
            return "a query string or a body where there is none";
        }
        boolean isLogin = call.path().equals(SESSION) && call.method().equals("POST");
        if (isLogin) {
            return SIGN.matcher(call.header("Authorization")).matches() ? null : "no SIGN token";
        }
        return call.header(SESSION_ID).isEmpty() || call.headers().containsKey("Authorization")
                ? "no session, or another header beside it"
                : null;
    }

    @CheckForNull
    private static String exchangeViolation(Call call) {
        String violation = call.headerViolation("application/x-www-form-urlencoded");
        if (violation != null) {
            return violation;
        }
        Map<String, String> form = new HashMap<>(call.form());
        String subject = form.remove("subject_token");
        if (!form.equals(EXCHANGE)) {
            return "parameters " + form;
        }
        return call.accessToken().equals(subject) ? null : "no access token, or another one in the header";
    }

    @Override
    public Reply answer(Call call) {
        return switch (call.method() + ' ' + call.path()) {
            case "POST " + TOKEN -> exchange(call);
            case "POST " + SESSION -> login(call);
            case "DELETE " + SESSION -> logout(call);
            case "GET " + HOSTS -> hosts(call);
            default -> Reply.json(405, "");
        };
    }

    private Reply exchange(Call call) {
        if (!simulator.vcfSso().isIssued(call.accessToken()) || !simulator.isAlive(call.accessToken())) {
            refusals++;
            return Reply.json(401, UNAUTHENTICATED);
        }
        String user = simulator.userOf(call.accessToken());
        Instant now = simulator.now();
        Instant endsAt = call.expired() ? now : now.plus(simulator.lifetime());
        String assertion =
                "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_" + UUID.randomUUID()
                        + "\"><saml2:NameID>" + user + "</saml2:NameID><saml2:Conditions NotOnOrAfter=\"" + endsAt
                        + "\"/></saml2:Assertion>";
        samlTokens.put(assertion, new Session(user, endsAt, now));
        return Reply.json(
                200,
                "{\"access_token\":\""
                        + Base64.getEncoder().encodeToString(assertion.getBytes(StandardCharsets.UTF_8))
                        + "\",\"token_type\":\"N_A\",\"issued_token_type\":\"urn:ietf:params:oauth:token-type:saml2\","
                        + "\"expires_in\":" + Duration.between(now, endsAt).toSeconds() + "}");
    }

    private Reply login(Call call) {
        Matcher sign = SIGN.matcher(call.header("Authorization"));
        Session saml = sign.matches() ? samlTokens.get(decompress(sign.group(1))) : null;
        Instant now = simulator.now();
        if (saml == null || !now.isBefore(saml.endsAt())) {
            return Reply.json(401, UNAUTHENTICATED);
        }
        sessionsCreated++;
        String id = UUID.randomUUID().toString().replace("-", "");
        sessions.put(id, new Session(saml.user(), saml.endsAt(), now));
        simulator.rememberAccessToken(id, saml.user(), "", saml.endsAt());
        return Reply.json(201, '"' + id + '"');
    }

    private static String decompress(String token) {
        try (GZIPInputStream gzip =
                new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(token)))) {
            return new String(gzip.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException | IllegalArgumentException e) {
            return "";
        }
    }

    private Reply logout(Call call) {
        String id = call.header(SESSION_ID);
        if (sessions.remove(id) == null) {
            return Reply.json(401, UNAUTHENTICATED);
        }
        sessionsEnded++;
        simulator.end(id);
        return new Reply(204, "application/json", "");
    }

    private Reply hosts(Call call) {
        String id = call.header(SESSION_ID);
        Session session = sessions.get(id);
        Instant now = simulator.now();
        boolean isIdle = session == null || !now.isBefore(session.usedAt().plus(IDLE_TIMEOUT));
        if (!simulator.admits(isIdle ? "" : id)) {
            return Reply.json(401, UNAUTHENTICATED);
        }
        sessions.put(id, new Session(session.user(), session.endsAt(), now));
        return Reply.json(
                200,
                "[{\"host\":\"host-12\",\"name\":\"esx01.example.com\",\"connection_state\":\"CONNECTED\","
                        + "\"power_state\":\"POWERED_ON\"}]");
    }
}
