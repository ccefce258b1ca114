package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Requests the access token of another organization with the provider's. Each belongs to a token family of its own;
 * that of the organization is in memory alone.
 */
final class TenantTokenRequest {

    /** How long the provider's access token must be valid to be sent; half its lifetime where that is less. */
    private static final Duration PROVIDER_TOKEN_VALIDITY = Duration.ofMinutes(1);

    private final TokenManager manager;
    private final InstantSource clock;
    private final CredentialHandle handle;
    private final Predicate<AccessToken> acceptable;

    /** @param handle with {@link CredentialHandle#tenantClients} */
    TenantTokenRequest(
            TokenManager manager, InstantSource clock, CredentialHandle handle, Predicate<AccessToken> acceptable) {
        this.manager = manager;
        this.clock = clock;
        this.handle = handle;
        this.acceptable = acceptable;
    }

    CompletableFuture<TokenResult> send() {
        Instant begin = clock.instant();
        return manager.request(handle.forProvider(), this::outlivesRequest).thenCompose(provider -> {
            CompletableFuture<TokenResult> tenant = requestWith(provider);
            boolean isFresh = !provider.accessToken().issuedAt().isBefore(begin);
            return isFresh ? tenant : retriedIfProviderRefused(provider, tenant);
        });
    }

    private CompletableFuture<TokenResult> requestWith(TokenResult provider) {
        return manager.request(handle.forTenant(provider), acceptable);
    }

    /**
     * A server can revoke a cached access token of the provider early. Then requests another one, once, and the
     * organization's with it.
     *
     * @param tenant the result with the cached one
     */
    private CompletableFuture<TokenResult> retriedIfProviderRefused(
            TokenResult cached, CompletableFuture<TokenResult> tenant) {
        return tenant.handle(TenantTokenRequest::isProviderRefused).thenCompose(refused -> {
            if (!refused) {
                return tenant;
            }
            Predicate<AccessToken> another = accessToken -> outlivesRequest(accessToken)
                    && !accessToken.value().equals(cached.accessToken().value());
            return manager.request(handle.forProvider(), another)
                    .handle((provider, failure) ->
                            provider == null || provider.error() != null ? tenant : requestWith(provider))
                    .thenCompose(Function.identity());
        });
    }

    private static boolean isProviderRefused(@CheckForNull TokenResult result, @CheckForNull Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return (result != null ? result.error() : cause) instanceof TokenUnavailableException known
                && known.isFor(TokenError.PROVIDER_TOKEN_REFUSED);
    }

    private boolean outlivesRequest(AccessToken accessToken) {
        Duration half = accessToken.lifetime().dividedBy(2);
        Duration needed = PROVIDER_TOKEN_VALIDITY.compareTo(half) < 0 ? PROVIDER_TOKEN_VALIDITY : half;
        return accessToken.remaining(clock.instant()).compareTo(needed) >= 0;
    }
}
