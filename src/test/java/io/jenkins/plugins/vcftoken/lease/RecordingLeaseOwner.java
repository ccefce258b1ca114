package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records calls of a lease. */
class RecordingLeaseOwner implements LeaseOwnerCallback {
    final List<AccessToken> published = new CopyOnWriteArrayList<>();
    final List<AccessToken> visibleBeforePublish = new ArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();
    volatile Lease lease;

    @Override
    public String displayName() {
        return "block " + System.identityHashCode(this);
    }

    @Override
    public void beforePublish(AccessToken accessToken) {
        visibleBeforePublish.add(lease == null ? null : lease.accessToken());
        published.add(accessToken);
    }

    @Override
    public void warn(String message) {
        warnings.add(message);
    }
}
