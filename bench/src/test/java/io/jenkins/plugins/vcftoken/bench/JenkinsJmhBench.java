package io.jenkins.plugins.vcftoken.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs {@link WarmLeaseJmh} in a forked JVM, because its operations take microseconds only. */
class JenkinsJmhBench {

    private static final Report REPORT = new Report("jmh");

    @Test
    void warmLease() throws Exception {
        ChainedOptionsBuilder options =
                new OptionsBuilder().include(WarmLeaseJmh.class.getSimpleName()).addProfiler(GCProfiler.class);
        if (Boolean.getBoolean("bench.tiny")) {
            options.param("families", "100").measurementIterations(1);
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            int families = Integer.parseInt(params.getParam("families"));
            List<Double> times = new ArrayList<>();
            List<Double> bytes = new ArrayList<>();
            for (IterationResult iteration :
                    result.getBenchmarkResults().iterator().next().getIterationResults()) {
                times.add(iteration.getPrimaryResult().getScore());
                iteration.getSecondaryResults().forEach((name, secondary) -> {
                    if (name.endsWith("gc.alloc.rate.norm")) {
                        bytes.add(secondary.getScore());
                    }
                });
            }
            REPORT.add(new Row(
                    "core: opening and closing a lease of a cached token (JMH)", families, "families", "µs", new Samples(times)));
            REPORT.note("a lease of a cached token with " + families + " families allocates "
                    + Row.number(new Samples(bytes).median()) + " bytes (JMH)");
        }
    }
}
