package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** Endpoints of a product that take access tokens and no secret. */
interface ResourceApi extends TokenApi {

    @Override
    default boolean isExchange(String path) {
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
