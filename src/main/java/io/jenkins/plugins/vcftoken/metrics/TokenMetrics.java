package io.jenkins.plugins.vcftoken.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricSet;
import com.codahale.metrics.Timer;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.controller.TokenObserver;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import jenkins.metrics.api.MetricProvider;

/** Figures for the Metrics plugin, since the start of Jenkins. Without that plugin, Jenkins leaves this class alone. */
@Extension(optional = true)
public final class TokenMetrics extends MetricProvider implements TokenObserver {

    private static final String PREFIX = "vcf-token.";

    private final Timer exchanges = new Timer();
    private final Timer waits = new Timer();
    private final Counter denied = new Counter();
    private final Counter renewals = new Counter();
    private final Counter rotations = new Counter();
    private final Counter leases = new Counter();
    private final Map<Problem, Counter> failures = new EnumMap<>(Problem.class);

    public TokenMetrics() {
        for (Problem problem : Problem.values()) {
            failures.put(problem, new Counter());
        }
    }

    @NonNull
    @Override
    public MetricSet getMetricSet() {
        Map<String, Metric> all = new HashMap<>(Map.of(
                PREFIX + "exchanges", exchanges,
                PREFIX + "waits", waits,
                PREFIX + "denied", denied,
                PREFIX + "renewals", renewals,
                PREFIX + "rotations", rotations,
                PREFIX + "leases", leases));
        failures.forEach((problem, counter) -> all.put(PREFIX + "failures." + name(problem), counter));
        return metrics(all);
    }

    private static String name(Problem problem) {
        return problem.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {
        exchanges.update(took);
        if (before.bearer() != null) {
            renewals.inc();
        }
        if (after.tokens().generation() > before.tokens().generation()) {
            rotations.inc();
        }
    }

    @Override
    public void failed(Holder holder, FamilyRecord after, ExchangeException why, Duration took) {
        failures.get(why.problem()).inc();
    }

    @Override
    public void gave(Handout handout, Duration waited) {
        waits.update(waited);
        if (handout.leased()) {
            leases.inc();
        }
    }

    @Override
    public void returned(Handout handout) {
        leases.dec();
    }

    @Override
    public void denied(String tenant, Holder holder, FamilyException why) {
        denied.inc();
    }
}
