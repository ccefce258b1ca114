// Signatures only, written by bin/signatures.
package jenkins.metrics.api;

public abstract class MetricProvider implements hudson.ExtensionPoint {
    public MetricProvider() {}

    protected static com.codahale.metrics.MetricSet metrics(java.util.Map<java.lang.String, com.codahale.metrics.Metric> metrics) {
        throw new UnsupportedOperationException();
    }

    public abstract com.codahale.metrics.MetricSet getMetricSet();
}
