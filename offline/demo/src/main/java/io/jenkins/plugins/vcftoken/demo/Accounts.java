package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.exchange.CspApiTokens;
import io.jenkins.plugins.vcftoken.exchange.CspClientCredentials;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.SddcManagerTokens;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** One account of each kind on the simulated servers, and the credentials for them that the examples name. */
final class Accounts {

    static final String VCFA = "vcfa-ci";

    private static final String USER = "svc-jenkins@vsphere.local";
    private static final String ORGANIZATION_ID = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";

    private final Simulator simulator;
    private final Map<String, Function<TokenClient, TokenService>> kinds = new LinkedHashMap<>();
    private final Map<String, String> secrets = new LinkedHashMap<>();

    private Accounts(Simulator simulator) {
        this.simulator = simulator;
    }

    static Accounts on(Simulator simulator) {
        Accounts accounts = new Accounts(simulator);
        URI url = simulator.url();
        accounts.add(
                VCFA,
                simulator.addAccount("ci", "acme"),
                client -> new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, url, "acme")));
        simulator.tenants().add("allapps_org01");
        accounts.add(
                "vcfa-provider",
                simulator.addAccount("provider", "System"),
                client -> new VcfaRefresh(client, new Endpoint(VcfaRefresh.SYSTEM, url, "System")));
        simulator.sddcManager().addUser(USER, "a-made-up-password");
        accounts.add(
                "sddc-manager",
                "a-made-up-password",
                client -> new SddcManagerTokens(client, new Endpoint(SddcManagerTokens.SYSTEM, url, "", USER)));
        simulator.cloudServices().addApiToken("a-made-up-api-token", Instant.parse("2099-01-01T00:00:00Z"));
        accounts.add(
                "csp-token",
                "a-made-up-api-token",
                client -> new CspApiTokens(client, new Endpoint(CspApiTokens.SYSTEM, url, "")));
        simulator.cloudServices().addApp("app-of-ci", "a-made-up-app-secret", ORGANIZATION_ID);
        CspClientCredentials.App app = new CspClientCredentials.App("app-of-ci", "", 0);
        accounts.add(
                "csp-app",
                "a-made-up-app-secret",
                client -> new CspClientCredentials(
                        client, new Endpoint(CspApiTokens.SYSTEM, url, "", app.account()), app));
        return accounts;
    }

    private void add(String id, String secret, Function<TokenClient, TokenService> kind) {
        kinds.put(id, kind);
        secrets.put(id, secret);
    }

    Controller controller(Path home) throws IOException {
        return new Controller(home, simulator, kinds);
    }

    /** What a person does in the forms of the credentials. */
    void enterInto(Controller controller) throws IOException {
        for (Map.Entry<String, String> secret : secrets.entrySet()) {
            controller.store(secret.getKey(), secret.getValue());
        }
    }
}
