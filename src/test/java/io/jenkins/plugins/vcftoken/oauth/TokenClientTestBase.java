package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Instant;
import java.time.InstantSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;

/** Base class with a simulator, and a server for responses that the simulator does not support. */
abstract class TokenClientTestBase {

    private static final String SSO_API_TOKEN = "vidb_one";

    @AutoClose("closeAndCheckViolations")
    final Simulator simulator = Simulator.start();

    final AtMostOnceHttpClient http = TestTokenService.client(simulator, InstantSource.system());
    final ScriptedHttp server = new ScriptedHttp();

    Account account(String system, String organization) {
        return new Account(system, simulator.url(), organization);
    }

    /** Requests a parent token from VCF SSO. */
    String ssoToken() throws TokenRequestException {
        simulator.vcfSso().addApiToken("CUSTOMER", "client", SSO_API_TOKEN, Instant.parse("2099-01-01T00:00:00Z"));
        return new VcfSsoApiTokenClient(http, account(VcfSsoApiTokenClient.SYSTEM, "CUSTOMER"))
                .requestToken(SSO_API_TOKEN)
                .accessToken()
                .value();
    }

    static TokenRequestException failure(ThrowingCallable call) {
        return catchThrowableOfType(TokenRequestException.class, call);
    }
}
