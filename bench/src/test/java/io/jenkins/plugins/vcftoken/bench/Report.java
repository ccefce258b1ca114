package io.jenkins.plugins.vcftoken.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows of the table, printed as they come and kept in {@code target/bench} for {@code bin/bench} to put together. */
final class Report {

    private final Path directory = Path.of("target", "bench");
    private final List<Row> rows = new ArrayList<>();
    private final String name;

    Report(String name) {
        this.name = name;
    }

    /** Whether to be done in minutes, with smaller sizes. */
    static boolean isQuick() {
        return Boolean.getBoolean("bench.quick");
    }

    /** At least five, unless someone only wants to see whether it runs. */
    static int rounds() {
        return rounds(5);
    }

    /** @param usual more than five where single measurements differ much */
    static int rounds(int usual) {
        return Integer.getInteger("bench.rounds", isQuick() ? Math.min(5, usual) : usual);
    }

    /** The sizes of a row: a tenth when it has to be quick, and one tiny one to see whether it runs. */
    static int[] sizes(int small, int middle, int large) {
        return isQuick() ? chosen(small / 10, small / 3, small) : chosen(small, middle, large);
    }

    /** Like {@link #sizes}, where smaller ones would say nothing. */
    static int[] sizesOrOne(int small, int middle, int large) {
        return isQuick() ? chosen(middle) : chosen(small, middle, large);
    }

    /** Like {@link #sizesOrOne(int, int, int)}, where a size takes minutes. */
    static int[] sizesOrOne(int small, int large) {
        return isQuick() ? chosen(small) : chosen(small, large);
    }

    private static int[] chosen(int... sizes) {
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

    /** The exponent with which the median grows with the size: 0 is constant, 1 is linear. */
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
        double over = 0;
        double under = 0;
        for (Row row : same) {
            over += (x(row) - meanX) * (y(row) - meanY);
            under += (x(row) - meanX) * (x(row) - meanX);
        }
        return under == 0 ? "" : String.format(Locale.ROOT, "n^%.2f", over / under);
    }

    private static double x(Row row) {
        return Math.log(row.size());
    }

    private static double y(Row row) {
        return Math.log(row.measured().median());
    }
}
