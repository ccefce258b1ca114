package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;

/** Who holds a lease. Called on the plugin's own threads. */
public interface LeaseOwner {

    /** Who it is, for people: "build team/a#12". Must be quick, and is the same each time. */
    String who();

    /** Comes before the access token can be seen by anybody, so that it is masked by then. Must be quick: memory only. */
    void beforePublish(AccessToken accessToken);

    /** A renewal failed; the message is fit for a build's log. */
    void warn(String message);
}
