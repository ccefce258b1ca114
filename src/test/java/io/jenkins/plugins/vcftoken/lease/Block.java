package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A tenant that remembers what it was told. */
final class Block implements Tenant {
    final List<Bearer> expected = new CopyOnWriteArrayList<>();
    final List<Bearer> visibleWhenExpected = new ArrayList<>();
    final List<String> warnings = new CopyOnWriteArrayList<>();
    volatile Lease lease;

    @Override
    public String who() {
        return "block " + System.identityHashCode(this);
    }

    @Override
    public void expect(Bearer bearer) {
        visibleWhenExpected.add(lease == null ? null : lease.bearer());
        expected.add(bearer);
    }

    @Override
    public void warn(String message) {
        warnings.add(message);
    }
}
