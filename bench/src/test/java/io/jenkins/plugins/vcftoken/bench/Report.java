package io.jenkins.plugins.vcftoken.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints result rows and writes them to {@code target/bench}, where {@code bin/bench} collects them. */
final class Report {

    private final Path directory = Path.of("target", "bench");
    private final List<Row> rows = new ArrayList<>();
    private final String name;

    Report(String name) {
        this.name = name;
    }

    /** Whether to use smaller sizes, to finish within minutes. */
    static boolean isQuick() {
        return Boolean.getBoolean("bench.quick");
    }

    /** Number of rounds: 5, or the system property {@code bench.rounds}. */
    static int rounds() {
        return rounds(5);
    }

    /** @param defaultRounds more than 5 if measurements vary widely */
    static int rounds(int defaultRounds) {
        return Integer.getInteger("bench.rounds", isQuick() ? Math.min(5, defaultRounds) : defaultRounds);
    }

    /** Sizes of a measurement: reduced with {@code bench.quick}, and only the smallest with {@code bench.tiny}. */
    static int[] sizes(int small, int middle, int large) {
        return isQuick() ? firstIfTiny(small / 10, small / 3, small) : firstIfTiny(small, middle, large);
    }

    /** Like {@link #sizes}, but only the middle size with {@code bench.quick}, for results that need a minimum size. */
    static int[] sizesOrOne(int small, int middle, int large) {
        return isQuick() ? firstIfTiny(middle) : firstIfTiny(small, middle, large);
    }

    /** Like {@link #sizes}, but only the small size with {@code bench.quick}, for measurements that take minutes. */
    static int[] sizesOrOne(int small, int large) {
        return isQuick() ? firstIfTiny(small) : firstIfTiny(small, large);
    }

    private static int[] firstIfTiny(int... sizes) {
        return Boolean.getBoolean("bench.tiny") ? new int[] {sizes[0]} : sizes;
    }

    void add(Row row) throws IOException {
        rows.add(row);
        System.out.println("BENCH " + row.markdown(""));
        write();
    }

    void note(String text) throws IOException {
        System.out.println("BENCH " + text);
        Files.createDirectories(directory);
        Path notes = directory.resolve(name + ".notes");
        Files.writeString(notes, (Files.exists(notes) ? Files.readString(notes) : "") + "- " + text + '\n');
    }

    private void write() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            boolean last = i + 1 == rows.size() || !rows.get(i + 1).what().equals(row.what());
            lines.add(row.markdown(last ? growth(row.what()) : ""));
        }
        Files.createDirectories(directory);
        Files.write(directory.resolve(name + ".rows"), lines);
    }

    /** Growth of the median with the size, as exponent of a power law: 0 is constant, 1 is linear. */
    private String growth(String what) {
        List<Row> same = rows.stream()
                .filter(row -> row.what().equals(what)
                        && row.size() > 0
                        && row.measured().median() > 0)
                .toList();
        if (same.size() < 2) {
            return "";
        }
        double meanX = same.stream().mapToDouble(Report::x).average().orElse(0);
        double meanY = same.stream().mapToDouble(Report::y).average().orElse(0);
        double covariance = 0;
        double variance = 0;
        for (Row row : same) {
            covariance += (x(row) - meanX) * (y(row) - meanY);
            variance += (x(row) - meanX) * (x(row) - meanX);
        }
        return variance == 0 ? "" : String.format(Locale.ROOT, "n^%.2f", covariance / variance);
    }

    private static double x(Row row) {
        return Math.log(row.size());
    }

    private static double y(Row row) {
        return Math.log(row.measured().median());
    }
}
