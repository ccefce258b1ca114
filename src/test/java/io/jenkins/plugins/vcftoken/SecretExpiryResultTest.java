package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Requests for the expiry time of a secret. */
class SecretExpiryResultTest extends TokenServiceTestBase {

    private static final Instant EXPIRY = Instant.parse("2026-03-01T00:00:00Z");

    @Test
    void find_withoutCachedAccessToken_sendsNothing() throws Exception {
        CredentialHandle handle = user("own");
        assertThat(expiry(handle)).isEqualTo(new SecretExpiryResult(false, null));
        assertThat(simulator.requests()).isZero();
        AccessToken accessToken = core.families.await(handle, any -> true).accessToken();
        assertThat(core.families.cached(handle)).isEqualTo(accessToken);
        assertThat(expiry(handle)).isEqualTo(new SecretExpiryResult(true, EXPIRY));
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(1);
        clock.advance(Duration.ofHours(1));
        assertThat(expiry(handle)).isEqualTo(new SecretExpiryResult(false, null));
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(1);
        assertThat(simulator.requests()).isEqualTo(1);
    }

    /** Neither with a copy that has the same token, nor with another account. */
    @Test
    void cachedAccessToken_isNotSharedWithOtherCredentials() throws Exception {
        CredentialHandle handle = user("own");
        core.families.await(handle, any -> true);
        CredentialHandle copy = new CredentialHandle(
                "copy", new CredentialLocation("folder:x", "copy"), handle.token(), handle.client(), handle.writer());
        assertThat(core.families.cached(copy)).isNull();
        CredentialHandle otherAccount = core.handle("own", core.service("other"), handle.token());
        assertThat(core.families.cached(otherAccount)).isNull();
    }

    @Test
    void rotatedToken_findsCachedAccessToken() throws Exception {
        CredentialHandle before = core.handle("own", core.service("acme"), simulator.addAccount("ci", "acme"));
        core.families.await(before, any -> true);
        CredentialHandle after = core.handle("own", core.service("acme"), simulator.currentToken("ci"));
        assertThat(after.token()).isNotEqualTo(before.token());
        assertThat(core.families.cached(after)).isNotNull();
        assertThat(expiry(after)).isEqualTo(new SecretExpiryResult(true, null));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void cspApiToken_needsNoAccessToken() throws Exception {
        simulator.cloudServices().addApiToken("api-token-of-csp", EXPIRY);
        CredentialHandle handle = core.handle("csp", core.cspApiToken(), "api-token-of-csp");
        assertThat(expiry(handle)).isEqualTo(new SecretExpiryResult(true, EXPIRY));
        assertThat(simulator.accessTokens()).isEmpty();
    }

    @Test
    void emptySecret_hasNoExpiry() throws Exception {
        assertThat(expiry(core.handle("empty", core.service("acme"), " ")))
                .isEqualTo(new SecretExpiryResult(true, null));
    }

    private CredentialHandle user(String name) {
        return core.handle(
                name, core.service("acme"), simulator.apiTokens().addUser("ann", "acme", "client-id", EXPIRY));
    }

    private SecretExpiryResult expiry(CredentialHandle handle) throws TokenRequestException {
        return SecretExpiryResult.of(handle, () -> core.families.cached(handle));
    }
}
