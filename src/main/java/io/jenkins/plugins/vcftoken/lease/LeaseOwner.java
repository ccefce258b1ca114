package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;

/** The owner of a lease, such as a build. Called on threads of the plugin. */
public interface LeaseOwner {

    /** Name for display: "build team/a#12". Must be fast and always the same. */
    String who();

    /** Called before the access token becomes visible, so that logs mask it by then. Must be fast, from memory. */
    void beforePublish(AccessToken accessToken);

    /**
     * Called after the access token was replaced by a newer one, on the thread of the renewal. May write to a log.
     *
     * @param accessToken the new one
     */
    default void renewed(AccessToken accessToken) {}

    /** Called after a renewal failed, with a message for a build's log. */
    void warn(String message);
}
