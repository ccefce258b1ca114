package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.CspApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.CspClientCredentialsClient;
import io.jenkins.plugins.vcftoken.oauth.SddcManagerTokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfOperationsTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfSsoApiTokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** An account of each kind on the simulated servers, by the credentials ID that the sample Jenkinsfiles use. */
final class DemoAccounts {

    static final String VCFA = "vcfa";
    static final String CSP_ORGANIZATION = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";

    private static final String USER = "svc-jenkins@vsphere.local";
    private static final String OPERATIONS_USER = "svc-jenkins";

    private final Simulator simulator;
    private final Map<String, Function<AtMostOnceHttpClient, TokenClient>> clientFactories = new LinkedHashMap<>();
    private final Map<String, String> secrets = new LinkedHashMap<>();

    private DemoAccounts(Simulator simulator) {
        this.simulator = simulator;
    }

    static DemoAccounts create(Simulator simulator) {
        DemoAccounts accounts = new DemoAccounts(simulator);
        URI url = simulator.url();
        accounts.add(
                VCFA,
                simulator.addAccount("ci", "acme"),
                client -> new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, url, "acme")));
        simulator.tenants().add("allapps_org01");
        accounts.add(
                "vcfa-provider",
                simulator.addAccount("provider", "System"),
                client -> new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, url, "System")));
        simulator.sddcManager().addUser(USER, "a-made-up-password");
        accounts.add(
                "sddc-manager",
                "a-made-up-password",
                client -> new SddcManagerTokenClient(client, new Account(SddcManagerTokenClient.SYSTEM, url, "", USER)));
        simulator.cloudServices().addApiToken("a-made-up-api-token", Instant.parse("2099-01-01T00:00:00Z"));
        accounts.add(
                "csp-token",
                "a-made-up-api-token",
                client -> new CspApiTokenClient(client, new Account(CspApiTokenClient.SYSTEM, url, "")));
        simulator.cloudServices().addApp("app-of-ci", "a-made-up-app-secret", CSP_ORGANIZATION);
        CspClientCredentialsClient.App app = new CspClientCredentialsClient.App("app-of-ci", "", 0);
        accounts.add(
                "csp-app",
                "a-made-up-app-secret",
                client -> new CspClientCredentialsClient(
                        client, new Account(CspApiTokenClient.SYSTEM, url, "", app.account()), app));
        simulator
                .vcfSso()
                .addApiToken("CUSTOMER", "client-of-ci", "a-made-up-sso-token", Instant.parse("2099-01-01T00:00:00Z"));
        accounts.add(
                "vcf-sso",
                "a-made-up-sso-token",
                client -> new VcfSsoApiTokenClient(
                        client,
                        new Account(VcfSsoApiTokenClient.SYSTEM, url, VcfSsoApiTokenClient.DEFAULT_TENANT)));
        simulator.vcfOperations().addUser(OPERATIONS_USER, "", "a-made-up-password-too");
        VcfOperationsTokenClient.User operations = new VcfOperationsTokenClient.User(OPERATIONS_USER, "");
        accounts.add(
                "vcf-operations",
                "a-made-up-password-too",
                client -> new VcfOperationsTokenClient(
                        client,
                        new Account(VcfOperationsTokenClient.SYSTEM, url, "", operations.account()),
                        operations));
        return accounts;
    }

    private void add(String id, String secret, Function<AtMostOnceHttpClient, TokenClient> clientFactory) {
        clientFactories.put(id, clientFactory);
        secrets.put(id, secret);
    }

    DemoController controller(Path home) throws IOException {
        return controller(home, Duration.ofMinutes(1));
    }

    DemoController controller(Path home, Duration callTimeout) throws IOException {
        return new DemoController(home, simulator, callTimeout, clientFactories);
    }

    /** Stores the initial secrets, like a user who creates the credentials. */
    void storeIn(DemoController controller) throws IOException {
        for (Map.Entry<String, String> secret : secrets.entrySet()) {
            controller.store(secret.getKey(), secret.getValue());
        }
    }
}
