package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;

/** Callbacks to the owner of a lease, such as a build, on threads of the plugin. */
public interface LeaseOwnerCallback {

    /** For example "build team/a#12". Must be constant and fast. */
    String displayName();

    /** Called before the access token becomes visible, so that logs can mask it. Must not block. */
    void beforePublish(AccessToken accessToken);

    /** Called with the new access token after a renewal, on its thread. May write to a log. */
    default void renewed(AccessToken accessToken) {}

    /** Called after a renewal failed, with a message for the build log. */
    void warn(String message);
}
