package io.jenkins.plugins.vcftoken.health;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricSet;
import com.codahale.metrics.Timer;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import jenkins.metrics.api.MetricProvider;

/** Provides metrics to the Metrics plugin. Jenkins ignores this extension if that plugin is not installed. */
@Extension(optional = true)
public final class TokenMetrics extends MetricProvider implements VcfTokenListener {

    private static final String PREFIX = "vcf-token.";

    private final Timer requests = new Timer();
    private final Timer waits = new Timer();
    private final Counter denied = new Counter();
    private final Counter renewals = new Counter();
    private final Counter rotations = new Counter();
    private final Counter leases = new Counter();
    private final Map<TokenErrorType, Counter> failures = new EnumMap<>(TokenErrorType.class);

    public TokenMetrics() {
        for (TokenErrorType errorType : TokenErrorType.values()) {
            failures.put(errorType, new Counter());
        }
    }

    @NonNull
    @Override
    public MetricSet getMetricSet() {
        Map<String, Metric> all = new HashMap<>(Map.of(
                PREFIX + "requests", requests,
                PREFIX + "waits", waits,
                PREFIX + "denied", denied,
                PREFIX + "renewals", renewals,
                PREFIX + "rotations", rotations,
                PREFIX + "leases", leases));
        failures.forEach((errorType, counter) -> all.put(PREFIX + "failures." + name(errorType), counter));
        return metrics(all);
    }

    private static String name(TokenErrorType errorType) {
        return errorType.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
        requests.update(took);
        if (before.accessToken() != null) {
            renewals.inc();
        }
        if (after.tokens().generation() > before.tokens().generation()) {
            rotations.inc();
        }
    }

    @Override
    public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
        failures.get(cause.errorType()).inc();
    }

    @Override
    public void leaseOpened(TokenIssuedEvent issued, Duration waited) {
        waits.update(waited);
        if (issued.leased()) {
            leases.inc();
        }
    }

    @Override
    public void leaseClosed(TokenIssuedEvent issued) {
        leases.dec();
    }

    @Override
    public void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {
        denied.inc();
    }
}
