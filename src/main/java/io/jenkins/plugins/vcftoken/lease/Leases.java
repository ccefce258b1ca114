package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Supply;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Predicate;

/** All open leases. Those of one family share one bearer and one timer. */
public final class Leases {

    private final Families families;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final Renewal renewal;
    private final ConcurrentMap<String, SharedBearer> shared = new ConcurrentHashMap<>();

    /** @param timer only ever starts work, never does it */
    public Leases(Families families, ScheduledExecutorService timer, InstantSource clock, Renewal renewal) {
        this.families = families;
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
    }

    /**
     * Waits for a bearer that will last, and keeps it fresh from then on.
     *
     * @param minimumValidity what must remain of it; half its lifetime is enough where that is less
     * @throws FamilyException when none can be had
     */
    public Lease open(Holder holder, Duration minimumValidity, Tenant tenant)
            throws FamilyException, InterruptedException {
        Supply supply = families.await(holder, lastsFor(minimumValidity));
        FamilyException trouble = supply.trouble();
        if (trouble != null) {
            tenant.warn(trouble.getMessage() + " The bearer at hand serves until "
                    + supply.bearer().expiresAt() + ".");
        }
        while (true) {
            SharedBearer bearer = shared.computeIfAbsent(
                    supply.familyId(),
                    id -> new SharedBearer(families, holder, supply.bearer(), timer, clock, renewal, this::forget));
            Lease lease = bearer.join(tenant, supply.bearer());
            if (lease != null) {
                return lease;
            }
            // The last lease closed in between; its bearer takes nobody in any more.
            shared.remove(supply.familyId(), bearer);
        }
    }

    /** A bearer for once, with no promise to renew it. */
    public Bearer once(Holder holder, Duration minimumValidity) throws FamilyException, InterruptedException {
        return families.await(holder, lastsFor(minimumValidity)).bearer();
    }

    /** How many families have open leases. */
    public int families() {
        return shared.size();
    }

    private void forget(SharedBearer bearer) {
        shared.values().remove(bearer);
    }

    private Predicate<Bearer> lastsFor(Duration minimumValidity) {
        return bearer -> {
            Instant now = clock.instant();
            Duration half = bearer.lifetime().dividedBy(2);
            Duration wanted = minimumValidity.compareTo(half) < 0 ? minimumValidity : half;
            return bearer.remaining(now).compareTo(wanted) >= 0;
        };
    }
}
