package io.jenkins.plugins.vcftoken.oauth;

import okhttp3.HttpUrl;

/** Base class of the clients of all token APIs: their account, URL and HTTP client. Sends nothing itself. */
abstract class AbstractTokenClient implements TokenClient {

    final AtMostOnceHttpClient client;
    final HttpUrl base;
    private final Account account;
    private final boolean rotates;

    /** @throws IllegalArgumentException if {@link Account#address} rejects the URL of the account */
    AbstractTokenClient(AtMostOnceHttpClient client, Account account, boolean rotates) {
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

    /** Resolves a path below the URL of the account. */
    final HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }
}
