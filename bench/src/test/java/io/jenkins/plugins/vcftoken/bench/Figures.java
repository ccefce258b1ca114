package io.jenkins.plugins.vcftoken.bench;

import java.util.ArrayList;
import java.util.List;

/** What repeated measurements of one thing gave. */
record Figures(List<Double> values) {

    /** One measurement. */
    @FunctionalInterface
    interface Measurement {
        double take() throws Exception;
    }

    Figures {
        values = values.stream().sorted().toList();
    }

    static Figures of(double... values) {
        List<Double> list = new ArrayList<>();
        for (double value : values) {
            list.add(value);
        }
        return new Figures(list);
    }

    /**
     * Measures several things in turns, so that what disturbs one disturbs the others too. The first round warms up and
     * does not count.
     */
    static List<Figures> inTurns(int rounds, Measurement... things) throws Exception {
        return inTurns(1, rounds, things);
    }

    /** @param warmUp how many rounds come before those that count */
    static List<Figures> inTurns(int warmUp, int rounds, Measurement... things) throws Exception {
        List<List<Double>> taken = new ArrayList<>();
        for (Measurement ignored : things) {
            taken.add(new ArrayList<>());
        }
        for (int round = -warmUp; round < rounds; round++) {
            for (int i = 0; i < things.length; i++) {
                // Each second round the other way round, so that none always comes after the same one.
                int at = round % 2 == 0 ? i : things.length - 1 - i;
                double value = things[at].take();
                if (round >= 0) {
                    taken.get(at).add(value);
                }
            }
        }
        return taken.stream().map(Figures::new).toList();
    }

    /** What is left of these after another's median, as of the cost of what is around. */
    Figures over(Figures other) {
        double base = other.median();
        return new Figures(values.stream().map(value -> value - base).toList());
    }

    Figures times(double factor) {
        return new Figures(values.stream().map(value -> value * factor).toList());
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
