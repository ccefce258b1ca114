package io.jenkins.plugins.vcftoken.simulator;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Request routing and HTTP responses of the {@link Simulator}. */
final class SimulatorHandler implements HttpHandler {

    private static final String INVALID_GRANT =
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid refresh token\"}";

    private static final List<String> RESOURCES =
            List.of("/cloudapi/", "/deployment/api/", "/v1/sddc-managers", "/policy/api/v1/");

    private final Simulator simulator;

    SimulatorHandler(Simulator simulator) {
        this.simulator = simulator;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try {
            route(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            exchange.close();
        }
    }

    private void route(HttpExchange exchange) throws IOException, InterruptedException {
        String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host"));
        String path = exchange.getRequestURI().getRawPath();
        if (!host.startsWith("localhost") && !host.endsWith(".example.com")) {
            // Name-based virtual hosts only. Tests reach *.example.com through a proxy.
            answer(exchange, 404, "text/html", "<html>default backend - 404</html>");
        } else if (path.equals("/simulator/statistics")) {
            answer(exchange, 200, "application/json", simulator.statistics());
        } else if (simulator.isDown()) {
            badGateway(exchange, path);
        } else if (path.equals(AccessRequestPage.PATH)) {
            deliver(exchange, null, new AccessRequestPage(simulator.devices()).answer(call(exchange, null)));
        } else if (path.startsWith(simulator.prefix() + "/") && path.endsWith("/token")) {
            token(exchange, path.substring(simulator.prefix().length() + 1, path.length() - "/token".length()));
        } else if (path.startsWith(simulator.prefix() + "/") && path.endsWith("/device_authorization")) {
            deviceAuthorization(exchange, path);
        } else if (api(path) != null) {
            api(exchange, api(path));
        } else if (simulator.kubernetes().serves(path)) {
            simulator.kubernetes().handle(exchange);
        } else if (RESOURCES.stream().anyMatch(path::startsWith)) {
            resource(exchange, path);
        } else {
            simulator.countNotFound();
            Thread.sleep(simulator.delay().toMillis());
            answer(exchange, 404, "text/html", "<html>404 Not Found</html>");
        }
    }

    private void badGateway(HttpExchange exchange, String path) throws IOException {
        Map<String, String> form = call(exchange, null).form();
        if (path.startsWith(simulator.prefix() + "/")
                && path.endsWith("/token")
                && "refresh_token".equals(form.get("grant_type"))) {
            String context = path.substring(simulator.prefix().length() + 1, path.length() - "/token".length());
            simulator.countRefresh(form.getOrDefault("refresh_token", ""));
            simulator.refreshWhileDown(organization(context), form.getOrDefault("refresh_token", ""));
        }
        answer(exchange, 502, "text/html", "<html>502 Bad Gateway</html>");
    }

    private void token(HttpExchange exchange, String context) throws IOException, InterruptedException {
        if (!exchange.getRequestMethod().equals("POST")) {
            answer(exchange, 405, "text/plain", "");
            return;
        }
        Fault fault = simulator.nextFault();
        if (fault == Fault.CLOSE_BEFORE_READING) {
            return;
        }
        Call call = call(exchange, fault);
        Map<String, String> form = call.form();
        if (DeviceAuthorizationApi.GRANT_TYPE.equals(form.get("grant_type"))) {
            pollDeviceToken(exchange, fault, call);
            return;
        }
        String refreshToken = form.getOrDefault("refresh_token", "");
        simulator.countRefresh(refreshToken);
        simulator.enterPhase(RefreshPhase.RECEIVED);
        Thread.sleep(simulator.delay().toMillis());
        String organization = organization(context);
        String violation = violation(exchange, form);
        if (violation != null) {
            simulator.violation(violation);
            answer(
                    exchange,
                    400,
                    "application/json",
                    "{\"error\":\"invalid_request\",\"error_description\":\"" + violation + "\"}");
        } else if (organization == null) {
            answer(exchange, 404, "text/html", "<html>404 Not Found</html>");
        } else if (fault != null && !fault.afterCommit()) {
            if (fault.isDefiniteRejection()) {
                simulator.countDecline(refreshToken);
            }
            applyFault(exchange, fault);
        } else {
            String response = simulator.refresh(organization, refreshToken, fault == Fault.EXPIRED_ACCESS_TOKEN);
            if (response == null) {
                simulator.countRefusal(refreshToken);
                answer(exchange, 400, "application/json", INVALID_GRANT);
            } else if (fault == null) {
                simulator.enterPhase(RefreshPhase.COMMITTED);
                answer(exchange, 200, simulator.contentType(), response);
                simulator.countDelivery(response);
                simulator.enterPhase(RefreshPhase.ANSWERED);
            } else {
                applyFault(exchange, fault, response);
            }
        }
    }

    private TokenApi api(String path) {
        for (TokenApi api : simulator.apis()) {
            if (api.serves(path)) {
                return api;
            }
        }
        return null;
    }

    private void api(HttpExchange exchange, TokenApi api) throws IOException, InterruptedException {
        Fault fault = api.isTokenRequest(exchange.getRequestURI().getRawPath()) ? simulator.nextFault() : null;
        if (fault == Fault.CLOSE_BEFORE_READING) {
            return;
        }
        Call call = call(exchange, fault);
        boolean isRotation = api.replacesSecret(call.path());
        if (isRotation) {
            simulator.enterPhase(RefreshPhase.RECEIVED);
        }
        String violation;
        synchronized (simulator) {
            if (!api.secret(call).isEmpty()) {
                simulator.countRequest(api.secret(call));
            }
            api.received(call);
            violation = api.violation(call);
        }
        Thread.sleep(simulator.delay().toMillis());
        if (violation != null) {
            simulator.violation(violation);
            answer(exchange, 400, "application/json", "{\"message\":\"" + violation + "\"}");
        } else if (fault != null && !fault.afterCommit()) {
            applyFault(exchange, fault);
        } else {
            Reply reply;
            synchronized (simulator) {
                reply = api.answer(call);
            }
            simulator.record(new RecordedExchange(call, reply));
            if (isRotation && reply.isSuccess()) {
                simulator.enterPhase(RefreshPhase.COMMITTED);
            }
            deliver(exchange, fault, reply);
            if (isRotation && reply.isSuccess()) {
                simulator.enterPhase(RefreshPhase.ANSWERED);
            }
        }
    }

    private void deviceAuthorization(HttpExchange exchange, String path) throws IOException {
        String context = path.substring(simulator.prefix().length() + 1, path.lastIndexOf('/'));
        Call call = call(exchange, null);
        Reply reply;
        synchronized (simulator) {
            reply = simulator.devices().authorize(call, organization(context));
        }
        deliver(exchange, null, reply);
    }

    private void pollDeviceToken(HttpExchange exchange, Fault fault, Call call)
            throws IOException, InterruptedException {
        if (fault != null && !fault.afterCommit()) {
            applyFault(exchange, fault);
            return;
        }
        Reply reply;
        synchronized (simulator) {
            reply = simulator.devices().poll(call);
            if (reply == null) {
                reply = simulator.devices().issueToken(call);
            }
        }
        deliver(exchange, fault, reply);
    }

    private void deliver(HttpExchange exchange, Fault fault, Reply reply) throws IOException {
        try {
            if (fault == null || !reply.isSuccess()) {
                answer(exchange, reply);
            } else {
                applyFault(exchange, fault, reply.body());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static Call call(HttpExchange exchange, Fault fault) throws IOException {
        return new Call(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getRawPath(),
                exchange.getRequestURI().getRawQuery(),
                exchange.getRequestHeaders(),
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
                fault == Fault.EXPIRED_ACCESS_TOKEN);
    }

    private String organization(String context) {
        if (context.equals("provider")) {
            return "System";
        }
        if (!context.startsWith("tenant/")) {
            return null;
        }
        String name =
                URLDecoder.decode(context.substring("tenant/".length()).replace("+", "%2B"), StandardCharsets.UTF_8);
        // The provider organization has no tenant endpoint.
        return !name.equalsIgnoreCase("System") && simulator.knowsOrganization(name) ? name : null;
    }

    private static String violation(HttpExchange exchange, Map<String, String> form) {
        Headers headers = exchange.getRequestHeaders();
        if (exchange.getRequestURI().getRawQuery() != null) {
            return "a query string: secrets end up in access logs";
        }
        String type = String.valueOf(headers.getFirst("Content-Type"));
        if (!type.split(";")[0].equals("application/x-www-form-urlencoded")) {
            return "content type " + type;
        }
        // The vendor's Go client sends no Accept header here (openapi.go:751 in go-vcloud-director 3.1.1).
        String accept = headers.getFirst("Accept");
        if (accept != null && !accept.startsWith("application/json")) {
            return "Accept: " + accept;
        }
        if (headers.containsKey("Authorization")) {
            return "client authentication";
        }
        if (!form.keySet().equals(Set.of("grant_type", "refresh_token"))) {
            return "parameters " + form.keySet();
        }
        if (!form.get("grant_type").equals("refresh_token")) {
            return "grant type " + form.get("grant_type");
        }
        return null;
    }

    private void applyFault(HttpExchange exchange, Fault fault) throws IOException {
        switch (fault) {
            case HTML -> answer(exchange, 200, "text/html", "<html><title>Sign in</title></html>");
            case EMPTY -> answer(exchange, 200, "application/json", "");
            case HUGE -> {
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, 50_000_000);
                byte[] piece = "y".repeat(50_000).getBytes(StandardCharsets.UTF_8);
                for (int i = 0; i < 1_000; i++) {
                    exchange.getResponseBody().write(piece);
                }
            }
            case STATUS_307 -> {
                exchange.getResponseHeaders().add("Location", "https://localhost:1/oauth/provider/token");
                answer(exchange, 307, "text/plain", "");
            }
            case STATUS_429 -> {
                exchange.getResponseHeaders().add("Retry-After", simulator.retryAfter("2"));
                answer(exchange, 429, "application/json", "{\"message\":\"too many requests\"}");
            }
            case STATUS_503_RETRY_AFTER_0 -> {
                exchange.getResponseHeaders().add("Retry-After", simulator.retryAfter("0"));
                answer(exchange, 503, "text/plain", "");
            }
            default -> answer(exchange, fault.status(), "text/html", "<html>" + fault.status() + "</html>");
        }
    }

    private void applyFault(HttpExchange exchange, Fault fault, String response)
            throws IOException, InterruptedException {
        byte[] bytes = response.getBytes(StandardCharsets.UTF_8);
        switch (fault) {
            case CLOSE_AFTER_COMMIT -> {}
            case STATUS_503_AFTER_COMMIT -> {
                exchange.getResponseHeaders().add("Retry-After", "2");
                answer(exchange, 503, "text/plain", "");
            }
            case CLOSE_IN_ANSWER -> {
                exchange.sendResponseHeaders(200, bytes.length);
                exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
                exchange.getResponseBody().flush();
            }
            case TRICKLE -> {
                exchange.sendResponseHeaders(200, bytes.length);
                OutputStream out = exchange.getResponseBody();
                for (byte b : bytes) {
                    out.write(b);
                    out.flush();
                    Thread.sleep(1_000);
                }
            }
            case TRUNCATED -> answer(exchange, 200, "application/json", response.substring(0, response.length() / 2));
            case NO_ACCESS_TOKEN ->
                answer(
                        exchange,
                        200,
                        "application/json",
                        response.replace("access_token", "other_token")
                                .replace("accessToken", "otherToken")
                                .replace("jwtToken", "otherToken")
                                .replace("\"token\"", "\"otherToken\""));
            default -> answer(exchange, 200, "application/json", response);
        }
    }

    private void resource(HttpExchange exchange, String path) throws IOException {
        Call call = call(exchange, null);
        if (!simulator.admits(call.accessToken())) {
            answer(exchange, 401, "application/json", "");
        } else if (path.startsWith("/cloudapi/") && !simulator.tenants().accepts(call)) {
            answer(exchange, 406, "application/json", "{\"minorErrorCode\":\"NOT_ACCEPTABLE\"}");
        } else {
            answer(
                    exchange,
                    200,
                    "application/json",
                    "{\"content\":[],\"org\":{\"name\":\"" + simulator.organizationOf(call.accessToken()) + "\"}}");
        }
    }

    static void answer(HttpExchange exchange, Reply reply) throws IOException {
        reply.headers().forEach(exchange.getResponseHeaders()::set);
        answer(exchange, reply.status(), reply.type(), reply.body());
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    static Map<String, String> form(String body) {
        Map<String, String> form = new LinkedHashMap<>();
        for (String field : body.split("&")) {
            int equals = field.indexOf('=');
            if (equals > 0) {
                form.put(decode(field.substring(0, equals)), decode(field.substring(equals + 1)));
            }
        }
        return form;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
