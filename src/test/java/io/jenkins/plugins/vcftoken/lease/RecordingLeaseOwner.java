package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A tenant that remembers what it was told. */
final class RecordingLeaseOwner implements LeaseOwner {
    final List<AccessToken> expected = new CopyOnWriteArrayList<>();
    final List<AccessToken> visibleWhenExpected = new ArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();
    volatile Lease lease;

    @Override
    public String who() {
        return "block " + System.identityHashCode(this);
    }

    @Override
    public void beforePublish(AccessToken accessToken) {
        visibleWhenExpected.add(lease == null ? null : lease.accessToken());
        expected.add(accessToken);
    }

    @Override
    public void warn(String message) {
        warnings.add(message);
    }
}
