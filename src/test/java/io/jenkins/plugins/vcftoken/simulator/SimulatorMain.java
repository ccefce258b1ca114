package io.jenkins.plugins.vcftoken.simulator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** Standalone simulator for manual tests: {@code SimulatorMain PORT BEARER-LIFETIME-IN-SECONDS DIRECTORY}. */
public final class SimulatorMain {

    private static final Duration API_TOKEN_LIFETIME = Duration.ofDays(10);

    private final Simulator simulator;

    private SimulatorMain(Simulator simulator) {
        this.simulator = simulator;
    }

    /** Writes {@code ca.pem} and {@code accounts.txt} with an account of each kind, then serves forever. */
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("Usage: SimulatorMain PORT BEARER-LIFETIME-IN-SECONDS DIRECTORY");
            System.exit(2);
        }
        Simulator simulator = Simulator.start(InstantSource.system(), Integer.parseInt(args[0]));
        simulator.setLifetime(Duration.ofSeconds(Long.parseLong(args[1])));
        simulator.devices().setInterval(Duration.ofSeconds(5));
        // Supports clients of both products.
        Set<String> versions = new HashSet<>(SimulatedOrganizations.VCF_AUTOMATION);
        versions.addAll(SimulatedOrganizations.CLOUD_DIRECTOR);
        simulator.tenants().setVersions(versions);
        Path directory = Files.createDirectories(Path.of(args[2]));
        Path authority = Files.writeString(directory.resolve("ca.pem"), simulator.authorityPem());
        // Written last: bin/jenkins waits for this file.
        Files.writeString(directory.resolve("accounts.txt"), new SimulatorMain(simulator).accounts(authority));
        Thread.currentThread().join();
    }

    private String accounts(Path authority) {
        simulator.tenants().add("allapps_org01");
        simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        String user = "svc-jenkins@vsphere.local";
        String password = simulator.newSecret();
        simulator.sddcManager().addUser(user, password);
        String apiToken = simulator.newSecret();
        simulator.cloudServices().addApiToken(apiToken, Instant.now().plus(API_TOKEN_LIFETIME));
        String operationsPassword = simulator.newSecret();
        simulator.vcfOperations().addUser("svc-jenkins", "", operationsPassword);
        String ssoToken = simulator.newSecret();
        simulator
                .vcfSso()
                .addApiToken("CUSTOMER", "jenkins", ssoToken, Instant.now().plus(API_TOKEN_LIFETIME));
        String appSecret = simulator.newSecret();
        String organizationId = UUID.randomUUID().toString();
        simulator.cloudServices().addApp("app-of-jenkins", appSecret, organizationId);
        return """
                For every credential:
                  URL              %s
                  CA certificates  the content of %s

                VCF Automation service account, in an organization:
                  Organization     acme
                  Refresh token    %s

                VCF Automation service account, of the provider (gets access tokens of the organization allapps_org01, too):
                  Organization     System
                  Refresh token    %s

                VCF Automation service account, not authorized yet:
                  Organization     acme
                  Client ID        %s
                  Codes are approved at %s

                SDDC Manager user:
                  Username         %s
                  Password         %s

                Cloud Services API token, which expires in %d days:
                  API token        %s

                Cloud Services OAuth app:
                  App ID           app-of-jenkins
                  App secret       %s
                  Organization ID  %s

                VCF SSO API token, which expires in %d days:
                  API token        %s

                VCF Operations user:
                  Username         svc-jenkins
                  Password         %s

                VMware Cloud on AWS, for the access tokens of Cloud Services, is at %s
                """.formatted(
                        simulator.url(),
                        authority,
                        simulator.addAccount("jenkins", "acme"),
                        simulator.addAccount("provider", "System"),
                        simulator.devices().addAccount("device", "acme"),
                        simulator.url() + AccessRequestPage.PATH,
                        user,
                        password,
                        API_TOKEN_LIFETIME.toDays(),
                        apiToken,
                        appSecret,
                        organizationId,
                        API_TOKEN_LIFETIME.toDays(),
                        ssoToken,
                        operationsPassword,
                        simulator.vmcUrl());
    }
}
