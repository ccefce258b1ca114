package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.interop.Program.Result;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.simulator.SimulatedOrganizations;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vendor's client and OpenTofu with the vendor's providers, as installed by {@code interop/install}, against the
 * simulator. They verify its certificate and get only the variables of a binding.
 */
class GoToolsTest {

    private static final String JANE = "8a0f8d6c-8a2f-4c3f-9d5e-0c5f7c5a1b11";

    private static final String OWN_ORGANIZATION = """
            data "vcfa_org" "own" {
              name = "acme"
            }
            """;

    private static final String TEAM = """
            resource "vcfa_org" "team" {
              name         = "team"
              display_name = "Team"
            }
            """;

    private static final String ANY_INTERFACE = """
            data "vcd_rde_interface" "any" {
              vendor  = "acme"
              nss     = "any"
              version = "1.0.0"
            }
            """;

    @TempDir
    Path directory;

    private Simulator simulator;
    private Path authority;

    @BeforeEach
    void start() throws Exception {
        Program.directory();
        simulator = Simulator.start();
        authority = Files.writeString(
                Files.createDirectory(directory.resolve("certificates")).resolve("ca.pem"), simulator.authorityPem());
    }

    @AfterEach
    void stop() {
        if (simulator != null) {
            simulator.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"acme", "System"})
    void vendorClient_withServiceAccountTokenFile_rotatesTokenAndReadsSession(String organization) throws Exception {
        Path file = tokenFile(simulator.addAccount("ci", organization));
        for (int run = 1; run <= 2; run++) {
            Result result = vendorClient("", "service-account", organization, file.toString());
            assertThat(result.output()).contains("user=ci org=" + organization + " id=urn:vcloud:org:");
            assertThat(result.code()).isZero();
            assertThat(simulator.rotations()).isEqualTo(run);
            assertThat(Files.readString(file)).contains(simulator.currentToken("ci"));
        }
        assertThat(simulator.reuses()).isZero();
        assertServed(4);
        addToTable(
                "go-vcloud-director",
                "vcdclient",
                "rotates the token of a service account of " + organization + " twice");
    }

    @Test
    void vendorClient_withUsedToken_isRejected() throws Exception {
        String initialToken = simulator.addAccount("ci", "acme");
        simulator.rotate("ci");
        Result result = vendorClient(
                "", "service-account", "acme", tokenFile(initialToken).toString());
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output()).contains("error authorizing service account");
        assertThat(simulator.reuses()).isEqualTo(1);
        assertServed(0);
    }

    @Test
    void vendorClient_withApiToken_readsSession() throws Exception {
        String apiToken = simulator.apiTokens().addUser("jane", "acme", JANE, null);
        Result result = vendorClient(apiToken, "api-token", "acme");
        assertThat(result.output()).contains("user=jane org=acme ");
        assertThat(result.code()).isZero();
        assertThat(simulator.grantsBy("jane")).isEqualTo(1);
        assertServed(2);
        addToTable("go-vcloud-director", "vcdclient", "logs in with an API token, reads the session");
    }

    @Test
    void vendorClient_withAccessToken_readsSession() throws Exception {
        Result result = vendorClient(accessToken("ci", "acme"), "access-token", "acme");
        assertThat(result.output()).contains("user=ci org=acme ");
        assertThat(result.code()).isZero();
        assertServed(2);
        addToTable("go-vcloud-director", "vcdclient", "logs in with an access token, reads the session");
    }

    @Test
    void vendorClient_withExpiredAccessToken_isRejected() throws Exception {
        String accessToken = accessToken("ci", "acme");
        simulator.endSessions();
        Result result = vendorClient(accessToken, "access-token", "acme");
        assertThat(result.code()).isEqualTo(1);
        assertThat(simulator.unauthorized()).isEqualTo(1);
        assertThat(simulator.served()).isZero();
    }

    @Test
    void vcfaProvider_withOrganizationAccessToken_readsThatOrganization() throws Exception {
        tofu("vcfa", OWN_ORGANIZATION);
        Map<String, String> environment = vcfaVariables("acme", accessToken("ci", "acme"));
        assertSuccess(tofu(environment, "plan", "-out=plan"));
        assertSuccess(tofu(environment, "apply", "plan"));
        assertThat(state()).contains("\"name\": \"acme\"");
        assertThat(simulator.requests()).isEqualTo(1);
        assertAllServed();
    }

    @Test
    void vcfaProvider_withProviderAccessToken_createsAndDeletesOrganization() throws Exception {
        tofu("vcfa", TEAM);
        Map<String, String> environment = vcfaVariables("System", accessToken("provider", "System"));
        assertSuccess(tofu(environment, "plan", "-out=plan"));
        assertThat(simulator.organizationObjects().all())
                .noneMatch(organization -> organization.path("name").asText().equals("team"));
        assertSuccess(tofu(environment, "apply", "plan"));
        assertThat(simulator.organizationObjects().all())
                .anyMatch(organization ->
                        organization.path("displayName").asText().equals("Team"));
        assertSuccess(tofu(environment, "destroy", "-auto-approve"));
        assertThat(simulator.organizationObjects().all())
                .noneMatch(organization -> organization.path("name").asText().equals("team"));
        assertThat(simulator.requests()).isEqualTo(1);
        assertAllServed();
    }

    @Test
    void vcfaProvider_withOrganizationAccessToken_cannotCreateOrganization() throws Exception {
        tofu("vcfa", TEAM);
        Result result = tofu(vcfaVariables("acme", accessToken("ci", "acme")), "apply", "-auto-approve");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output()).contains("ACCESS_TO_RESOURCE_IS_FORBIDDEN");
        assertAllServed();
    }

    /** An access token in the variable of the API token, with the other required variables. */
    @ParameterizedTest
    @CsvSource({
        "'', The argument \"org\" is required",
        "integrated, the appropriate 'auth_type'",
        "token, empty token detected",
        "api_token, error authorizing service account"
    })
    void vcfaProvider_withAccessTokenAsApiToken_fails(String type, String message) throws Exception {
        tofu("vcfa", OWN_ORGANIZATION);
        Map<String, String> environment = new HashMap<>(
                Map.of("VCFA_URL", simulator.url().toString(), "VCFA_API_TOKEN", accessToken("ci", "acme")));
        if (!type.isEmpty()) {
            environment.put("VCFA_ORG", "acme");
            environment.put("VCFA_AUTH_TYPE", type);
        }
        Result result = tofu(environment, "apply", "-auto-approve");
        assertThat(result.output()).contains(message);
        assertThat(result.code()).isEqualTo(1);
        assertThat(simulator.served()).isZero();
    }

    /** Variables of other secrets may be set on an agent; the provider prefers them, or reports a conflict. */
    @ParameterizedTest
    @CsvSource({
        "vcfa, VCFA_API_TOKEN", "vcfa, VCFA_API_TOKEN_FILE", "vcfa, VCFA_SA_TOKEN_FILE",
        "vcd, VCD_API_TOKEN", "vcd, VCD_API_TOKEN_FILE", "vcd, VCD_SA_TOKEN_FILE"
    })
    void provider_usesAccessTokenOnlyIfOtherSecretsAreEmpty(String provider, String variable) throws Exception {
        boolean isVcd = provider.equals("vcd");
        if (isVcd) {
            simulator.tenants().setVersions(SimulatedOrganizations.CLOUD_DIRECTOR);
        }
        tofu(provider, isVcd ? ANY_INTERFACE : OWN_ORGANIZATION);
        String accessToken = accessToken("ci", "acme");
        Map<String, String> environment =
                new HashMap<>(isVcd ? vcdVariables("acme", accessToken) : vcfaVariables("acme", accessToken));
        environment.put(variable, "another-secret");
        assertThat(tofu(environment, "plan").code()).isEqualTo(1);
        assertThat(simulator.served()).isZero();

        environment.put(variable, "");
        tofu(environment, "plan");
        assertAllServed();
    }

    @Test
    void vcfaProvider_appliesPlanWithRenewedAccessToken() throws Exception {
        tofu("vcfa", TEAM);
        String first = accessToken("provider", "System");
        assertSuccess(tofu(vcfaVariables("System", first), "plan", "-out=plan"));
        simulator.endSessions();
        String second = client("System")
                .requestToken(simulator.currentToken("provider"))
                .accessToken()
                .value();
        assertSuccess(tofu(vcfaVariables("System", second), "apply", "plan"));
        assertThat(simulator.organizationObjects().all())
                .anyMatch(organization -> organization.path("name").asText().equals("team"));
        assertAllServed();
        InteropTable.addProvider("vcfa", directory, "plan with one access token, apply with the next", simulator);
    }

    @Test
    void vcfaProvider_withExpiredAccessToken_failsWithoutRetry() throws Exception {
        tofu("vcfa", OWN_ORGANIZATION);
        Map<String, String> environment = vcfaVariables("acme", accessToken("ci", "acme"));
        simulator.endSessions();
        Result result = tofu(environment, "plan");
        assertThat(result.output()).contains("401 Unauthorized");
        assertThat(result.code()).isEqualTo(1);
        assertThat(simulator.unauthorized()).isEqualTo(1);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void vcfaProvider_withoutCaCertificate_sendsNoAccessToken() throws Exception {
        tofu("vcfa", OWN_ORGANIZATION);
        Map<String, String> environment = vcfaVariables("acme", accessToken("ci", "acme"));
        Files.writeString(authority, "");
        Result result = tofu(environment, "plan");
        assertThat(result.output()).contains("certificate signed by unknown authority");
        assertThat(result.code()).isEqualTo(1);
        assertThat(simulator.served() + simulator.unauthorized()).isZero();
    }

    @Test
    void vcdProvider_withProviderAccessToken_createsReadsAndDeletesInterface() throws Exception {
        simulator.tenants().setVersions(SimulatedOrganizations.CLOUD_DIRECTOR);
        tofu("vcd", """
                resource "vcd_rde_interface" "team" {
                  vendor  = "acme"
                  nss     = "team"
                  version = "1.0.0"
                  name    = "Team"
                }
                data "vcd_rde_interface" "team" {
                  vendor  = vcd_rde_interface.team.vendor
                  nss     = vcd_rde_interface.team.nss
                  version = vcd_rde_interface.team.version
                }
                """);
        Map<String, String> environment = vcdVariables("System", accessToken("provider", "System"));
        assertSuccess(tofu(environment, "plan", "-out=plan"));
        assertThat(simulator.definedInterfaces().all()).isEmpty();
        assertSuccess(tofu(environment, "apply", "plan"));
        assertThat(simulator.definedInterfaces().all())
                .hasSize(1)
                .allMatch(team -> team.path("name").asText().equals("Team"));
        assertSuccess(tofu(environment, "destroy", "-auto-approve"));
        assertThat(simulator.definedInterfaces().all()).isEmpty();
        assertThat(simulator.requests()).isEqualTo(1);
        assertAllServed();
    }

    @Test
    void vcdProvider_withOrganizationAccessToken_readsInterface() throws Exception {
        simulator.tenants().setVersions(SimulatedOrganizations.CLOUD_DIRECTOR);
        simulator.definedInterfaces().add("acme", "any", "1.0.0", "Any");
        tofu("vcd", ANY_INTERFACE);
        assertSuccess(tofu(vcdVariables("acme", accessToken("ci", "acme")), "apply", "-auto-approve"));
        assertThat(state()).contains("urn:vcloud:interface:acme:any:1.0.0");
        assertAllServed();
    }

    @Test
    void vcdProvider_withUrlWithoutApi_fails() throws Exception {
        simulator.tenants().setVersions(SimulatedOrganizations.CLOUD_DIRECTOR);
        tofu("vcd", ANY_INTERFACE);
        Map<String, String> environment = new HashMap<>(vcdVariables("acme", accessToken("ci", "acme")));
        environment.put("VCD_URL", simulator.url().toString());
        assertThat(tofu(environment, "plan").code()).isEqualTo(1);
        assertThat(simulator.served()).isZero();
    }

    @Test
    void vendorIaasClient_withOrganizationAccessToken_readsProject() throws Exception {
        String accessToken = accessToken("ci", "acme");
        Result result = Program.require("vraclient")
                .runWithInput(
                        directory,
                        environment(Map.of()),
                        accessToken,
                        simulator.url().toString(),
                        "default");
        assertThat(result.output()).contains("project=default ");
        assertThat(result.code()).isZero();
        assertServed(1);
        addToTable("vra-sdk-go", "vraclient", "reads a project with an access token");
    }

    @Test
    void vendorIaasClient_withProviderAccessToken_fails() throws Exception {
        Result result = Program.require("vraclient")
                .runWithInput(
                        directory,
                        environment(Map.of()),
                        accessToken("provider", "System"),
                        simulator.url().toString(),
                        "default");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.output()).contains("500");
    }

    private Map<String, String> vcfaVariables(String organization, String accessToken) {
        return variables("VCFA", simulator.url().toString(), organization, accessToken);
    }

    private Map<String, String> vcdVariables(String organization, String accessToken) {
        return variables("VCD", simulator.url() + "/api", organization, accessToken);
    }

    /** The variables of the binding {@code terraform}; see interop/README.md. */
    private static Map<String, String> variables(String prefix, String url, String organization, String accessToken) {
        return Map.of(
                prefix + "_URL",
                url,
                prefix + "_ORG",
                organization,
                prefix + "_AUTH_TYPE",
                "token",
                prefix + "_TOKEN",
                accessToken);
    }

    private String accessToken(String user, String organization) throws Exception {
        return client(organization)
                .requestToken(simulator.addAccount(user, organization))
                .accessToken()
                .value();
    }

    private VcfaTokenClient client(String organization) {
        return new VcfaTokenClient(
                TestTokenService.client(simulator, InstantSource.system()),
                new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization));
    }

    private Path tokenFile(String refreshToken) throws Exception {
        return Files.writeString(directory.resolve("token.json"), "{\"refresh_token\":\"" + refreshToken + "\"}");
    }

    private Result vendorClient(String input, String authentication, String organization, String... file)
            throws Exception {
        List<String> arguments =
                new ArrayList<>(List.of(authentication, simulator.url().toString(), organization));
        arguments.addAll(List.of(file));
        return Program.require("vcdclient")
                .runWithInput(directory, environment(Map.of()), input, arguments.toArray(String[]::new));
    }

    /** Writes a configuration with an empty provider block and initializes it. */
    private void tofu(String provider, String configuration) throws Exception {
        Path providers = OpenTofu.requireProvider(provider);
        Files.writeString(directory.resolve("main.tf"), OpenTofu.configuration(provider, configuration));
        Files.writeString(directory.resolve("tofu.rc"), """
                provider_installation {
                  filesystem_mirror {
                    path = "%s"
                  }
                }
                """.formatted(providers));
        assertSuccess(tofu(Map.of(), "init"));
    }

    private Result tofu(Map<String, String> binding, String command, String... arguments) throws Exception {
        Map<String, String> environment = new HashMap<>(environment(binding));
        environment.remove("SSL_CERT_FILE");
        environment.put("SSL_CERT_DIR", authority.getParent() + ":/etc/ssl/certs:/etc/pki/tls/certs");
        environment.put("TF_CLI_CONFIG_FILE", directory.resolve("tofu.rc").toString());
        environment.put("TF_IN_AUTOMATION", "1");
        List<String> all = new ArrayList<>(List.of(command, "-no-color", "-input=false"));
        all.addAll(List.of(arguments));
        return Program.require("tofu").run(directory, environment, all.toArray(String[]::new));
    }

    private Map<String, String> environment(Map<String, String> binding) {
        Map<String, String> environment = new HashMap<>(binding);
        environment.put("HOME", directory.toString());
        environment.put("SSL_CERT_FILE", authority.toString());
        return environment;
    }

    private String state() throws Exception {
        return Files.readString(directory.resolve("terraform.tfstate"));
    }

    private void addToTable(String tool, String program, String action) throws Exception {
        InteropTable.add(tool, Program.require(program).version(directory, "version"), action, simulator);
    }

    private static void assertSuccess(Result result) {
        assertThat(result.code()).as(result.output()).isZero();
    }

    private void assertServed(int count) {
        assertThat(simulator.served()).isEqualTo(count);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.notFound()).isZero();
        assertThat(simulator.violations()).isEmpty();
    }

    private void assertAllServed() {
        assertThat(simulator.served()).isPositive();
        assertServed(simulator.served());
    }
}
