package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Behavior of all clients in case of server and network errors. */
class TokenClientContractTest {

    private static final String SECRET = "the+secret&of/this=test 1";

    enum Flow {
        VCFA_REFRESH,
        VCFA_TENANT,
        SDDC_LOGIN,
        SDDC_API_KEY,
        SDDC_REFRESH,
        CSP_API_TOKEN,
        CSP_APP,
        CSP_PUBLIC_APP,
        VCF_SSO_API_TOKEN,
        VCF_OPERATIONS_USER,
        VCENTER_SESSION,
        VCFA_PROVIDER_SESSION,
        FLEET_SERVICE
    }

    private interface TokenRequest {
        TokenResponse run() throws TokenRequestException;
    }

    /** Excludes flows that are the same as another one except for the request. */
    static Set<Flow> distinctFlows() {
        return EnumSet.complementOf(EnumSet.of(Flow.SDDC_API_KEY, Flow.CSP_PUBLIC_APP));
    }

    static List<Arguments> faults() {
        List<Arguments> all = new ArrayList<>();
        for (Flow flow : distinctFlows()) {
            for (Fault fault : EnumSet.complementOf(EnumSet.of(Fault.TRICKLE))) {
                // A rejected refresh is followed by a login, see SddcManagerTokenClientTest.
                if (flow != Flow.SDDC_REFRESH || fault != Fault.STATUS_403) {
                    all.add(Arguments.of(flow, fault));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void requestToken_succeeds(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            TokenResponse response =
                    prepare(flow, simulator).apply(client(simulator)).run();
            assertThat(simulator.accessTokens()).contains(response.accessToken().value());
            assertThat(simulator.violations()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    void requestToken_afterFault_failsWithoutRepeatingTheRequest(Flow flow, Fault fault) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            TokenRequest request = prepare(flow, simulator).apply(client(simulator));
            simulator.inject(fault);
            int before = simulator.requests();
            TokenRequestException e = catchThrowableOfType(TokenRequestException.class, request::run);
            assertThat(e).isExactlyInstanceOf(expected(fault));
            assertThat(simulator.requests() - before).isLessThanOrEqualTo(1);
            assertNoSecret(simulator, e);
            assertThat(simulator.violations()).isEmpty();
        }
    }

    /** The redirect is to the same host, so a client would follow it if it followed any redirect. */
    @ParameterizedTest
    @EnumSource(Flow.class)
    void redirect_isNotFollowed(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            AtomicBoolean redirects = new AtomicBoolean();
            OkHttpClient http = TestTokenService.trusting(simulator)
                    .newBuilder()
                    .addNetworkInterceptor(chain -> {
                        Response response = chain.proceed(chain.request());
                        return redirects.get()
                                ? response.newBuilder()
                                        .code(302)
                                        .header("Location", "/elsewhere")
                                        .build()
                                : response;
                    })
                    .build();
            TokenRequest request = prepare(flow, simulator).apply(client(http));
            redirects.set(true);
            int before = simulator.notFound();
            assertThat(catchThrowableOfType(TokenRequestException.Rejected.class, request::run)
                            .errorType())
                    .isEqualTo(TokenErrorType.REDIRECTED);
            assertThat(simulator.notFound()).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("distinctFlows")
    @Tag("slow")
    void endlessResponse_isHandledAsLost(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            Function<AtMostOnceHttpClient, TokenRequest> prepared = prepare(flow, simulator);
            simulator.inject(Fault.TRICKLE);
            int before = simulator.requests();
            TokenRequestException e;
            Duration limit = Duration.ofSeconds(1);
            do {
                // On a slow machine, the call may time out before the request is sent.
                limit = limit.multipliedBy(2);
                TokenRequest request =
                        prepared.apply(TestTokenService.client(simulator, InstantSource.system(), limit));
                e = catchThrowableOfType(TokenRequestException.class, request::run);
            } while (simulator.requests() == before);
            assertThat(e).isExactlyInstanceOf(TokenRequestException.OutcomeUnknown.class);
            assertThat(simulator.requests() - before).isEqualTo(1);
            assertNoSecret(simulator, e);
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void expiredCertificate_preventsRequest(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.startExpired()) {
            assertNotTrusted(flow, simulator, TestTokenService.trusting(simulator));
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void certificateOfAnotherHost_preventsRequest(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.startAs("vcfa.example.com")) {
            assertNotTrusted(flow, simulator, TestTokenService.trusting(simulator));
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void unknownAuthority_preventsRequest(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            assertNotTrusted(flow, simulator, new OkHttpClient());
        }
    }

    @Test
    void clientWithoutVerification_acceptsAnyCertificate() throws Exception {
        try (Simulator simulator = Simulator.startAs("vcfa.example.com")) {
            OkHttpClient insecure = TlsConfigurer.withoutVerification(new OkHttpClient());
            assertThat(prepare(Flow.CSP_API_TOKEN, simulator)
                            .apply(client(insecure))
                            .run())
                    .isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void unreachableServer_failsWithNotSent(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            TokenRequest request = request(
                    flow,
                    client(TestTokenService.trusting(simulator)),
                    URI.create("https://localhost:1"),
                    anyAccessToken());
            assertThat(catchThrowableOfType(TokenRequestException.class, request::run))
                    .isInstanceOfSatisfying(
                            TokenRequestException.NotSent.class,
                            e -> assertThat(e.errorType()).isEqualTo(TokenErrorType.UNREACHABLE));
        }
    }

    private static void assertNotTrusted(Flow flow, Simulator simulator, OkHttpClient http) throws Exception {
        TokenRequest request = request(flow, client(http), simulator.url(), anyAccessToken());
        TokenRequestException e = catchThrowableOfType(TokenRequestException.class, request::run);
        assertThat(e).isExactlyInstanceOf(TokenRequestException.NotSent.class);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.NOT_TRUSTED);
        assertThat(simulator.requests()).isZero();
        assertNoSecret(simulator, e);
    }

    private static void assertNoSecret(Simulator simulator, TokenRequestException e) {
        StringWriter all = new StringWriter();
        // Includes causes and suppressed exceptions.
        e.printStackTrace(new PrintWriter(all, true));
        String text = all.toString();
        assertThat(simulator.refreshTokens()).noneMatch(text::contains);
        assertThat(simulator.accessTokens()).noneMatch(text::contains);
        assertThat(text)
                .contains(e.getMessage())
                .doesNotContain(SECRET)
                .doesNotContain(Base64.getEncoder().encodeToString(("app:" + SECRET).getBytes(StandardCharsets.UTF_8)));
    }

    /** Configures the simulator, with another client than the one under test. */
    private static Function<AtMostOnceHttpClient, TokenRequest> prepare(Flow flow, Simulator simulator)
            throws Exception {
        AtMostOnceHttpClient before = client(simulator);
        simulator.sddcManager().addUser("user", SECRET);
        simulator.sddcManager().addApiKey(SECRET);
        simulator.cloudServices().addApiToken(SECRET, Instant.parse("2099-01-01T00:00:00Z"));
        simulator.cloudServices().addApp("app", SECRET, "organization");
        simulator.cloudServices().addApp("public", "", "organization");
        simulator.vcfSso().addApiToken("CUSTOMER", "client", SECRET, Instant.parse("2099-01-01T00:00:00Z"));
        simulator.vcfOperations().addUser("user", "", SECRET);
        simulator.tenants().add("acme");
        if (flow == Flow.VCFA_REFRESH) {
            String initialToken = simulator.addAccount("ci", "acme");
            return client ->
                    () -> new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme", ""))
                            .requestToken(initialToken);
        }
        AccessToken parent =
                switch (flow) {
                    case VCFA_TENANT ->
                        new VcfaTokenClient(before, new Account(VcfaTokenClient.SYSTEM, simulator.url(), "System", ""))
                                .requestToken(simulator.addAccount("provider", "System"))
                                .accessToken();
                    case VCENTER_SESSION, VCFA_PROVIDER_SESSION, FLEET_SERVICE ->
                        request(Flow.VCF_SSO_API_TOKEN, before, simulator.url(), anyAccessToken())
                                .run()
                                .accessToken();
                    default -> anyAccessToken();
                };
        if (flow == Flow.SDDC_REFRESH) {
            simulator.sddcManager().setShape(SddcManager.Shape.OBJECT);
            String session =
                    sddc(before, simulator.url(), "user").requestToken(SECRET).session();
            return client -> () -> sddc(client, simulator.url(), "user").refreshSession(SECRET, session);
        }
        return client -> request(flow, client, simulator.url(), parent);
    }

    private static TokenRequest request(Flow flow, AtMostOnceHttpClient client, URI url, AccessToken parent) {
        return switch (flow) {
            case VCFA_REFRESH ->
                () -> new VcfaTokenClient(client, new Account(VcfaTokenClient.SYSTEM, url, "acme", ""))
                        .requestToken(SECRET);
            case VCFA_TENANT ->
                () -> new VcfaTenantTokenExchangeClient(client, new Account(VcfaTokenClient.SYSTEM, url, "acme", ""))
                        .requestToken(parent.value());
            case SDDC_LOGIN -> () -> sddc(client, url, "user").requestToken(SECRET);
            case SDDC_API_KEY -> () -> sddc(client, url, "").requestToken(SECRET);
            case SDDC_REFRESH -> () -> sddc(client, url, "user").refreshSession(SECRET, "session");
            case CSP_API_TOKEN ->
                () -> new CspApiTokenClient(client, new Account(CspApiTokenClient.SYSTEM, url, "", ""))
                        .requestToken(SECRET);
            case CSP_APP -> () -> app(client, url, "app").requestToken(SECRET);
            case CSP_PUBLIC_APP -> () -> app(client, url, "public").requestToken("");
            case VCF_OPERATIONS_USER ->
                () -> new VcfOperationsTokenClient(
                                client,
                                new Account(VcfOperationsTokenClient.SYSTEM, url, "", "user"),
                                new VcfOperationsTokenClient.User("user", ""))
                        .requestToken(SECRET);
            case VCENTER_SESSION ->
                () -> new VcenterSessionClient(client, new Account(VcenterSessionClient.SYSTEM, url, "", ""))
                        .requestToken(parent.value());
            case VCFA_PROVIDER_SESSION ->
                () -> new VcfaProviderSessionClient(client, new Account(VcfaTokenClient.SYSTEM, url, "System", ""))
                        .requestToken(parent.value());
            case FLEET_SERVICE ->
                () -> new FleetServiceTokenClient(
                                client,
                                new Account(VcfOperationsTokenClient.SYSTEM, url, "", "service fleet-lcm"),
                                FleetServiceTokenClient.SSO_SCHEME,
                                "fleet-lcm")
                        .requestToken(parent.value());
            case VCF_SSO_API_TOKEN ->
                () -> new VcfSsoApiTokenClient(
                                client,
                                new Account(VcfSsoApiTokenClient.SYSTEM, url, VcfSsoApiTokenClient.DEFAULT_TENANT, ""))
                        .requestToken(SECRET);
        };
    }

    private static SddcManagerTokenClient sddc(AtMostOnceHttpClient client, URI url, String user) {
        return new SddcManagerTokenClient(client, new Account(SddcManagerTokenClient.SYSTEM, url, "", user));
    }

    private static CspClientCredentialsClient app(AtMostOnceHttpClient client, URI url, String id) {
        return new CspClientCredentialsClient(
                client,
                new Account(CspApiTokenClient.SYSTEM, url, "", id),
                new CspClientCredentialsClient.App(id, "", 0));
    }

    private static AccessToken anyAccessToken() {
        return new AccessToken("a.b.c", Instant.now(), Instant.now().plusSeconds(60));
    }

    private static AtMostOnceHttpClient client(Simulator simulator) {
        return TestTokenService.client(simulator, InstantSource.system());
    }

    private static AtMostOnceHttpClient client(OkHttpClient http) {
        return TestTokenService.client(http, InstantSource.system(), TestTokenService.MAX_WAIT);
    }

    private static Class<? extends TokenRequestException> expected(Fault fault) {
        return switch (fault) {
            case CLOSE_BEFORE_READING,
                    CLOSE_AFTER_COMMIT,
                    CLOSE_IN_ANSWER,
                    STATUS_408,
                    STATUS_500,
                    STATUS_502,
                    STATUS_503,
                    STATUS_503_RETRY_AFTER_0,
                    STATUS_503_AFTER_COMMIT -> TokenRequestException.OutcomeUnknown.class;
            case NO_ACCESS_TOKEN, EXPIRED_ACCESS_TOKEN, HTML, EMPTY, TRUNCATED, HUGE ->
                TokenRequestException.InvalidResponse.class;
            case STATUS_307, STATUS_403 -> TokenRequestException.Rejected.class;
            case STATUS_429 -> TokenRequestException.Throttled.class;
            case TRICKLE -> throw new IllegalArgumentException("see endlessResponse_isHandledAsLost");
        };
    }
}
