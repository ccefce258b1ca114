package io.jenkins.plugins.vcftoken.bench;

import java.util.ArrayList;
import java.util.List;

/** Sorted values of a repeated measurement. */
record Samples(List<Double> values) {

    @FunctionalInterface
    interface Measurement {
        double take() throws Exception;
    }

    Samples {
        values = values.stream().sorted().toList();
    }

    /** Interleaves several measurements, so that external load affects all of them. The first round is a warm-up. */
    static List<Samples> interleave(int rounds, Measurement... measurements) throws Exception {
        return interleave(1, rounds, measurements);
    }

    /** @param warmUp number of warm-up rounds */
    static List<Samples> interleave(int warmUp, int rounds, Measurement... measurements) throws Exception {
        List<List<Double>> taken = new ArrayList<>();
        for (Measurement ignored : measurements) {
            taken.add(new ArrayList<>());
        }
        for (int round = -warmUp; round < rounds; round++) {
            for (int i = 0; i < measurements.length; i++) {
                // Reverses the order in every second round, so that no measurement always follows the same one.
                int index = round % 2 == 0 ? i : measurements.length - 1 - i;
                double value = measurements[index].take();
                if (round >= 0) {
                    taken.get(index).add(value);
                }
            }
        }
        return taken.stream().map(Samples::new).toList();
    }

    /** Subtracts the median of a baseline from each value. */
    Samples minusMedian(Samples other) {
        double base = other.median();
        return new Samples(values.stream().map(value -> value - base).toList());
    }

    Samples scale(double factor) {
        return new Samples(values.stream().map(value -> value * factor).toList());
    }

    double median() {
        int half = values.size() / 2;
        return values.size() % 2 == 1 ? values.get(half) : (values.get(half - 1) + values.get(half)) / 2;
    }

    double min() {
        return values.get(0);
    }

    double max() {
        return values.get(values.size() - 1);
    }
}
