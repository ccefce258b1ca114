package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Requests an access token with the access token of a parent family in place of a stored secret: for an organization of
 * a provider, or for another server. The derived access token has its own token family, which is kept in memory only.
 */
final class DerivedTokenRequester {

    /** Minimum remaining validity of the parent's access token, or half its lifetime if that is less. */
    private static final Duration PARENT_TOKEN_VALIDITY = Duration.ofMinutes(1);

    private final TokenManager manager;
    private final InstantSource clock;
    private final CredentialHandle handle;
    private final CredentialHandle parent;
    private final TokenClient client;
    private final Predicate<AccessToken> acceptable;

    /**
     * @param client {@link CredentialHandle#issuer} of the handle
     */
    DerivedTokenRequester(
            TokenManager manager,
            InstantSource clock,
            CredentialHandle handle,
            CredentialHandle parent,
            TokenClient client,
            Predicate<AccessToken> acceptable) {
        this.manager = manager;
        this.clock = clock;
        this.handle = handle;
        this.parent = parent;
        this.client = client;
        this.acceptable = acceptable;
    }

    CompletableFuture<TokenResult> send() {
        Instant begin = clock.instant();
        return manager.request(parent, this::isUsable).thenCompose(result -> {
            CompletableFuture<TokenResult> derived = requestWith(result);
            boolean isFresh = !result.accessToken().issuedAt().isBefore(begin);
            return isFresh ? derived : retriedIfParentRefused(result, derived);
        });
    }

    private CompletableFuture<TokenResult> requestWith(TokenResult parentResult) {
        return manager.request(handle.forDerived(client, parentResult), acceptable);
    }

    /**
     * Requests another parent access token, once, if the server refused the cached one: a server can revoke it before
     * it expires.
     *
     * @param derived the result of the request with the cached one
     */
    private CompletableFuture<TokenResult> retriedIfParentRefused(
            TokenResult cached, CompletableFuture<TokenResult> derived) {
        return derived.handle(DerivedTokenRequester::isParentRefused).thenCompose(refused -> {
            if (!refused) {
                return derived;
            }
            Predicate<AccessToken> another = accessToken -> isUsable(accessToken)
                    && !accessToken.value().equals(cached.accessToken().value());
            return manager.request(parent, another)
                    .handle((result, failure) ->
                            result == null || result.error() != null ? derived : requestWith(result))
                    .thenCompose(Function.identity());
        });
    }

    private static boolean isParentRefused(@CheckForNull TokenResult result, @CheckForNull Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return (result != null ? result.error() : cause) instanceof TokenUnavailableException known
                && known.isParentTokenRejected();
    }

    /** Whether the parent's access token outlives a request and yields a derived token that is valid long enough. */
    private boolean isUsable(AccessToken accessToken) {
        Instant now = clock.instant();
        Duration half = accessToken.lifetime().dividedBy(2);
        Duration needed = PARENT_TOKEN_VALIDITY.compareTo(half) < 0 ? PARENT_TOKEN_VALIDITY : half;
        Duration age = Duration.between(accessToken.issuedAt(), now);
        return accessToken.remaining(now).compareTo(needed) >= 0 && age.compareTo(client.maxParentTokenAge()) <= 0;
    }
}
