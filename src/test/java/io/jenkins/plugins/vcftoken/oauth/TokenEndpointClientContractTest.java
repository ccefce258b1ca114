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

/** The contract of all clients for faults of the server and the network. */
class TokenEndpointClientContractTest {

    private static final String SECRET = "the+secret&of/this=test 1";

    /** A way to request a token. */
    enum Flow {
        VCFA_REFRESH,
        ORGANIZATION,
        SDDC_LOGIN,
        SDDC_API_KEY,
        SDDC_RENEWAL,
        CSP_API_TOKEN,
        CSP_APP,
        CSP_PUBLIC_APP,
        VCF_SSO_API_TOKEN,
        VCF_OPERATIONS_USER,
        VCENTER_SESSION,
        VCFA_PROVIDER_SESSION,
        FLEET_SERVICE
    }

    private interface Ask {
        TokenResponse run() throws TokenRequestException;
    }

    /** One of those flows that differ only in what they send. */
    static Set<Flow> kinds() {
        return EnumSet.complementOf(EnumSet.of(Flow.SDDC_API_KEY, Flow.CSP_PUBLIC_APP));
    }

    static List<Arguments> faults() {
        List<Arguments> all = new ArrayList<>();
        for (Flow flow : kinds()) {
            for (Fault fault : EnumSet.complementOf(EnumSet.of(Fault.TRICKLE))) {
                // A renewal that is rejected becomes a login; SddcManagerTokenClientTest tests that.
                if (flow != Flow.SDDC_RENEWAL || fault != Fault.STATUS_403) {
                    all.add(Arguments.of(flow, fault));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void works(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            TokenResponse response =
                    prepare(flow, simulator).apply(client(simulator)).run();
            assertThat(simulator.accessTokens()).contains(response.accessToken().value());
            assertThat(simulator.violations()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsToldForWhatItIsAndNothingGoesOutTwice(Flow flow, Fault fault) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            Ask ask = prepare(flow, simulator).apply(client(simulator));
            simulator.inject(fault);
            int before = simulator.requests();
            TokenRequestException e = catchThrowableOfType(TokenRequestException.class, ask::run);
            assertThat(e).isExactlyInstanceOf(expected(fault));
            assertThat(simulator.requests() - before).isLessThanOrEqualTo(1);
            assertNoSecret(simulator, e);
            assertThat(simulator.violations()).isEmpty();
        }
    }

    /** To the same host: a client that follows any redirect follows this one. */
    @ParameterizedTest
    @EnumSource(Flow.class)
    void aRedirectIsNotFollowed(Flow flow) throws Exception {
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
            Ask ask = prepare(flow, simulator).apply(client(http));
            redirects.set(true);
            int before = simulator.missed();
            assertThat(catchThrowableOfType(TokenRequestException.Rejected.class, ask::run)
                            .tokenError())
                    .isEqualTo(TokenError.REDIRECTED);
            assertThat(simulator.missed()).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    @Tag("slow")
    void anAnswerThatNeverEndsIsALostOne(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            Function<OneShotHttpClient, Ask> prepared = prepare(flow, simulator);
            simulator.inject(Fault.TRICKLE);
            int before = simulator.requests();
            TokenRequestException e;
            Duration limit = Duration.ofSeconds(1);
            do {
                // On a busy machine, the time may be over before the request is sent.
                limit = limit.multipliedBy(2);
                Ask ask = prepared.apply(TestTokenService.client(simulator, InstantSource.system(), limit));
                e = catchThrowableOfType(TokenRequestException.class, ask::run);
            } while (simulator.requests() == before);
            assertThat(e).isExactlyInstanceOf(TokenRequestException.OutcomeUnknown.class);
            assertThat(simulator.requests() - before).isEqualTo(1);
            assertNoSecret(simulator, e);
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void anExpiredCertificateKeepsTheSecretHere(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.startExpired()) {
            assertDistrust(flow, simulator, TestTokenService.trusting(simulator));
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void aCertificateOfAnotherHostKeepsTheSecretHere(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.startAs("vcfa.example.com")) {
            assertDistrust(flow, simulator, TestTokenService.trusting(simulator));
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void anUnknownAuthorityKeepsTheSecretHere(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            assertDistrust(flow, simulator, new OkHttpClient());
        }
    }

    @Test
    void clientWithoutVerification_acceptsAnyCertificate() throws Exception {
        try (Simulator simulator = Simulator.startAs("vcfa.example.com")) {
            OkHttpClient careless = TlsConfig.withoutVerification(new OkHttpClient());
            assertThat(prepare(Flow.CSP_API_TOKEN, simulator)
                            .apply(client(careless))
                            .run())
                    .isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Flow.class)
    void unreachableServer_isNotSentTo(Flow flow) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            Ask ask = ask(
                    flow,
                    client(TestTokenService.trusting(simulator)),
                    URI.create("https://localhost:1"),
                    anyAccessToken());
            assertThat(catchThrowableOfType(TokenRequestException.class, ask::run))
                    .isInstanceOfSatisfying(
                            TokenRequestException.NotSent.class,
                            e -> assertThat(e.tokenError()).isEqualTo(TokenError.UNREACHABLE));
        }
    }

    private static void assertDistrust(Flow flow, Simulator simulator, OkHttpClient http) throws Exception {
        Ask ask = ask(flow, client(http), simulator.url(), anyAccessToken());
        TokenRequestException e = catchThrowableOfType(TokenRequestException.class, ask::run);
        assertThat(e).isExactlyInstanceOf(TokenRequestException.NotSent.class);
        assertThat(e.tokenError()).isEqualTo(TokenError.NOT_TRUSTED);
        assertThat(simulator.requests()).isZero();
        assertNoSecret(simulator, e);
    }

    private static void assertNoSecret(Simulator simulator, TokenRequestException e) {
        StringWriter all = new StringWriter();
        // With causes and suppressed exceptions.
        e.printStackTrace(new PrintWriter(all, true));
        String text = all.toString();
        assertThat(simulator.refreshTokens()).noneMatch(text::contains);
        assertThat(simulator.accessTokens()).noneMatch(text::contains);
        assertThat(text)
                .contains(e.getMessage())
                .doesNotContain(SECRET)
                .doesNotContain(Base64.getEncoder().encodeToString(("app:" + SECRET).getBytes(StandardCharsets.UTF_8)));
    }

    /** Prepares the simulator, with another client than the tested one. */
    private static Function<OneShotHttpClient, Ask> prepare(Flow flow, Simulator simulator) throws Exception {
        OneShotHttpClient before = client(simulator);
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
                    () -> new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, simulator.url(), "acme", ""))
                            .requestToken(initialToken);
        }
        AccessToken parent =
                switch (flow) {
                    case ORGANIZATION ->
                        new VcfaTokenClient(before, account(VcfaTokenClient.SYSTEM, simulator.url(), "System", ""))
                                .requestToken(simulator.addAccount("provider", "System"))
                                .accessToken();
                    case VCENTER_SESSION, VCFA_PROVIDER_SESSION, FLEET_SERVICE ->
                        ask(Flow.VCF_SSO_API_TOKEN, before, simulator.url(), anyAccessToken())
                                .run()
                                .accessToken();
                    default -> anyAccessToken();
                };
        if (flow == Flow.SDDC_RENEWAL) {
            simulator.sddcManager().setShape(SddcManager.Shape.OBJECT);
            String session =
                    sddc(before, simulator.url(), "user").requestToken(SECRET).session();
            return client -> () -> sddc(client, simulator.url(), "user").refreshSession(SECRET, session);
        }
        return client -> ask(flow, client, simulator.url(), parent);
    }

    private static Ask ask(Flow flow, OneShotHttpClient client, URI url, AccessToken parent) {
        return switch (flow) {
            case VCFA_REFRESH ->
                () -> new VcfaTokenClient(client, account(VcfaTokenClient.SYSTEM, url, "acme", ""))
                        .requestToken(SECRET);
            case ORGANIZATION ->
                () -> new VcfaTenantTokenClient(client, account(VcfaTokenClient.SYSTEM, url, "acme", ""))
                        .requestToken(parent.value());
            case SDDC_LOGIN -> () -> sddc(client, url, "user").requestToken(SECRET);
            case SDDC_API_KEY -> () -> sddc(client, url, "").requestToken(SECRET);
            case SDDC_RENEWAL -> () -> sddc(client, url, "user").refreshSession(SECRET, "session");
            case CSP_API_TOKEN ->
                () -> new CspApiTokenClient(client, account(CspApiTokenClient.SYSTEM, url, "", ""))
                        .requestToken(SECRET);
            case CSP_APP -> () -> app(client, url, "app").requestToken(SECRET);
            case CSP_PUBLIC_APP -> () -> app(client, url, "public").requestToken("");
            case VCF_OPERATIONS_USER ->
                () -> new VcfOperationsTokenClient(
                                client,
                                account(VcfOperationsTokenClient.SYSTEM, url, "", "user"),
                                new VcfOperationsTokenClient.User("user", ""))
                        .requestToken(SECRET);
            case VCENTER_SESSION ->
                () -> new VcenterSessionClient(client, account(VcenterSessionClient.SYSTEM, url, "", ""))
                        .requestToken(parent.value());
            case VCFA_PROVIDER_SESSION ->
                () -> new VcfaProviderSessionClient(client, account(VcfaTokenClient.SYSTEM, url, "System", ""))
                        .requestToken(parent.value());
            case FLEET_SERVICE ->
                () -> new FleetServiceTokenClient(
                                client,
                                account(VcfOperationsTokenClient.SYSTEM, url, "", "service fleet-lcm"),
                                FleetServiceTokenClient.SSO_SCHEME,
                                "fleet-lcm")
                        .requestToken(parent.value());
            case VCF_SSO_API_TOKEN ->
                () -> new VcfSsoApiTokenClient(
                                client,
                                account(VcfSsoApiTokenClient.SYSTEM, url, VcfSsoApiTokenClient.DEFAULT_TENANT, ""))
                        .requestToken(SECRET);
        };
    }

    private static SddcManagerTokenClient sddc(OneShotHttpClient client, URI url, String user) {
        return new SddcManagerTokenClient(client, account(SddcManagerTokenClient.SYSTEM, url, "", user));
    }

    private static CspClientCredentialsClient app(OneShotHttpClient client, URI url, String id) {
        return new CspClientCredentialsClient(
                client, account(CspApiTokenClient.SYSTEM, url, "", id), new CspClientCredentialsClient.App(id, "", 0));
    }

    private static Account account(String system, URI url, String organization, String account) {
        return new Account(system, url, organization, account);
    }

    private static AccessToken anyAccessToken() {
        return new AccessToken("a.b.c", Instant.now(), Instant.now().plusSeconds(60));
    }

    private static OneShotHttpClient client(Simulator simulator) {
        return TestTokenService.client(simulator, InstantSource.system());
    }

    private static OneShotHttpClient client(OkHttpClient http) {
        return TestTokenService.client(http, InstantSource.system(), TestTokenService.PLENTY);
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
            case TRICKLE -> throw new IllegalArgumentException("takes its time");
        };
    }
}
