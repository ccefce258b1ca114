// Signatures only, written by bin/signatures.
package io.jenkins.plugins.okhttp.api;

public class JenkinsOkHttpClient {
    private JenkinsOkHttpClient() {}

    public static okhttp3.OkHttpClient.Builder newClientBuilder(okhttp3.OkHttpClient httpClient) {
        throw new UnsupportedOperationException();
    }
}
