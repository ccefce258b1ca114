package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** Protected endpoints, which accept access tokens only. */
interface ResourceApi extends TokenApi {

    @Override
    default boolean isTokenRequest(String path) {
        return false;
    }

    @Override
    default String secret(Call call) {
        return "";
    }

    @Override
    @CheckForNull
    default String violation(Call call) {
        return call.method().equals("GET") ? null : "method " + call.method();
    }
}
