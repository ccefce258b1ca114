package io.jenkins.plugins.vcftoken.oauth;

import okhttp3.HttpUrl;

/** What the clients of all token APIs have: an HTTP client, an account, and whether its secrets rotate. */
abstract class AbstractTokenClient implements TokenEndpointClient {

    final OneShotHttpClient client;
    final HttpUrl base;
    private final Account account;
    private final boolean rotates;

    /** @throws IllegalArgumentException when the address of the account is rejected by {@link Account#address} */
    AbstractTokenClient(OneShotHttpClient client, Account account, boolean rotates) {
        this.client = client;
        this.account = account;
        this.base = account.base();
        this.rotates = rotates;
    }

    @Override
    public final Account account() {
        return account;
    }

    @Override
    public final boolean rotates() {
        return rotates;
    }

    /** The address of a path below that of the account. */
    final HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }
}
